#!/bin/sh
# systemctl for tests on a machine that systemd did not start.
#
# What unit files and links say is asked of the real systemctl, below the folder $WR_ROOT. What runs
# is in the file $WR_ROOT/active, one unit a line; daemon-reload and other actions are noted in
# $WR_ROOT/actions.
real() { /usr/bin/systemctl --root="$WR_ROOT" "$@"; }
note() { echo "$*" >>"$WR_ROOT/actions"; }
options='' verb='' unit=''
for word; do
    case $word in
    --runtime | --force) options="$options $word" ;;
    --*) ;;
    *) if [ -z "$verb" ]; then verb=$word; else unit=$word; fi ;;
    esac
done
case $unit in *.*) ;; *) unit=$unit.service ;; esac
file=''
for folder in usr/lib etc; do
    [ -f "$WR_ROOT/$folder/systemd/system/$unit" ] && file=$WR_ROOT/$folder/systemd/system/$unit
done
has() { [ -n "$file" ] && grep -q "$1" "$file"; }
active() { [ -f "$WR_ROOT/active" ] && grep -qx "$unit" "$WR_ROOT/active"; }
case $verb in
daemon-reload | daemon-reexec) note "$verb"; exit ;;
is-enabled) real is-enabled "$unit"; exit ;;
enable | disable | mask | unmask) real "$verb" $options "$unit"; exit ;;
esac
word=$(real is-enabled "$unit" 2>/dev/null)
if [ "$verb" = show ]; then
    load=not-found kind=simple reload=no state=inactive
    [ -z "$file" ] || load=loaded
    case $word in masked*) load=masked ;; esac
    has Type=oneshot && kind=oneshot
    has ExecReload && reload=yes
    active && state=active
    echo "Type=$kind"
    echo "RemainAfterExit=no"
    echo "Id=$unit"
    echo "LoadState=$load"
    echo "ActiveState=$state"
    echo 'ExecStart={ path=/bin/x ; argv[]=/bin/x'
    echo 'second=line }'
    echo "CanReload=$reload"
    echo "UnitFileState=$word"
    echo 'Description={ not closed'
    exit 0
fi
if [ "$verb" != stop ]; then
    case $word in masked*) echo "Failed to $verb $unit: Unit $unit is masked." >&2; exit 1 ;; esac
    [ -n "$file" ] || { echo "Failed to $verb $unit: Unit $unit not found." >&2; exit 5; }
fi
has ExecStart=/bin/false && { echo "Job for $unit failed." >&2; exit 1; }
touch "$WR_ROOT/active"
others=$(grep -vx "$unit" "$WR_ROOT/active")
if [ "$verb" = stop ] || has Type=oneshot; then echo "$others"; else printf '%s\n' "$others" "$unit"; fi |
    grep . | sort >"$WR_ROOT/active.new"
mv "$WR_ROOT/active.new" "$WR_ROOT/active"
case $verb in restart | reload) note "$verb $unit" ;; esac
has Type=oneshot && note "$verb $unit"
exit 0
