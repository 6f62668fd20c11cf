#!/bin/sh
# systemctl: unit files and links are where systemd has them; what is active is a list of the lab's.
# Only what a unit of type oneshot does is really done.
vendor=/usr/lib/systemd/system
own=/etc/systemd/system
active=/var/lib/lab/active
verb='' units='' options='' properties='' boot='' now=''
for word; do
    case $word in
    --lab-boot) boot=1 ;;
    --now) now=1 ;;
    --property=*) properties=${word#--property=} ;;
    -p) options="$options p" ;;
    --runtime | --user | --global) options="$options $word" ;;
    --*) ;;
    -*) ;;
    *) if [ -z "$verb" ]; then verb=$word; else units="$units $word"; fi ;;
    esac
done
case $options in *--user* | *--global*) exec not-simulated "systemctl $*" ;; esac
touch "$active"
full() { case $1 in *.*) echo "$1" ;; *) echo "$1.service" ;; esac; }
file_of() {
    for folder in "$own" "$vendor"; do
        [ -f "$folder/$1" ] && echo "$folder/$1" && return
    done
}
field() { [ -n "$2" ] && sed -n "s/^$1=//p" "$2" | head -n 1; }
is_active() { grep -qxF -e "$1" "$active"; }
word_of() {
    [ "$(readlink "$own/$1" 2>/dev/null)" = /dev/null ] && echo masked && return
    file=$(file_of "$1")
    [ -n "$file" ] || { echo not-found; return; }
    for link in "$own"/*.wants/"$1"; do
        [ -L "$link" ] && echo enabled && return
    done
    grep -q '^\(WantedBy\|RequiredBy\|Alias\)=' "$file" && echo disabled || echo static
}
carry_out() {
    sed -n "s/^$1=[-+!@]*//p" "$2" | while IFS= read -r line; do
        /bin/sh -c "$line" </dev/null >/dev/null || return 1
    done
}
start() {
    file=$(file_of "$1")
    case $(word_of "$1") in masked) echo "Failed to start $1: Unit $1 is masked." >&2; return 1 ;; esac
    [ -n "$file" ] || { echo "Failed to start $1: Unit $1 not found." >&2; return 5; }
    is_active "$1" && return 0
    if [ "$(field Type "$file")" = oneshot ]; then
        carry_out ExecStart "$file" || { echo "Job for $1 failed." >&2; return 1; }
        [ "$(field RemainAfterExit "$file")" = yes ] || return 0
    fi
    echo "$1" >>"$active"
    sort -o "$active" "$active"
}
stop() {
    file=$(file_of "$1")
    [ -n "$file" ] || { echo "Failed to stop $1: Unit $1 not loaded." >&2; return 5; }
    is_active "$1" || return 0
    [ "$(field Type "$file")" = oneshot ] && carry_out ExecStop "$file"
    grep -vxF -e "$1" "$active" >"$active.new"
    mv "$active.new" "$active"
}
show() {
    file=$(file_of "$1") load=loaded state=inactive sub=dead word=$(word_of "$1")
    [ -n "$file" ] || load=not-found
    [ "$word" = masked ] && load=masked
    is_active "$1" && state=active sub=running
    kind=$(field Type "$file") remain=$(field RemainAfterExit "$file") reload=no
    [ -n "$(field ExecReload "$file")" ] && reload=yes
    [ "$word" = not-found ] && word=''
    printf '%s\n' "Id=$1" "Names=$1" "LoadState=$load" "ActiveState=$state" "SubState=$sub" \
        "FragmentPath=$file" "UnitFileState=$word" "Type=${kind:-simple}" \
        "RemainAfterExit=${remain:-no}" "CanStart=yes" "CanStop=yes" "CanReload=$reload" \
        "Description=$(field Description "$file")" "NeedDaemonReload=no" |
        if [ -n "$properties" ]; then
            awk -F= -v wanted=",$properties," 'index(wanted, "," $1 ",")'
        else cat; fi
}
one() {
    unit=$(full "$2")
    case $1 in
    start) start "$unit" ;;
    stop) stop "$unit" ;;
    restart | try-restart) stop "$unit" && start "$unit" ;;
    reload | reload-or-restart)
        is_active "$unit" && return 0
        echo "Failed to reload $unit: Unit $unit is not active." >&2
        return 1 ;;
    enable)
        file=$(file_of "$unit")
        [ -n "$file" ] || { echo "Failed to enable unit: Unit file $unit does not exist." >&2; return 1; }
        for target in $(sed -n 's/^WantedBy=//p' "$file"); do
            mkdir -p "$own/$target.wants"
            ln -sf "$file" "$own/$target.wants/$unit"
        done
        [ -z "$now" ] || start "$unit" ;;
    disable)
        rm -f "$own"/*.wants/"$unit"
        [ -z "$now" ] || stop "$unit" ;;
    mask) ln -sf /dev/null "$own/$unit" ;;
    unmask) [ "$(readlink "$own/$unit" 2>/dev/null)" = /dev/null ] && rm -f "$own/$unit"; return 0 ;;
    is-enabled)
        word=$(word_of "$unit")
        echo "$word"
        case $word in enabled | static) ;; not-found) return 4 ;; *) return 1 ;; esac ;;
    is-active) is_active "$unit" && echo active || { echo inactive; return 3; } ;;
    show | status) show "$unit" ;;
    *) not-simulated "systemctl $1" ;;
    esac
}
if [ -n "$boot" ]; then
    : >"$active"
    for link in "$own"/*.wants/*; do
        [ -L "$link" ] && start "${link##*/}"
    done
    exit 0
fi
case $verb in
daemon-reload | daemon-reexec) exit 0 ;;
is-system-running) echo running; exit 0 ;;
reboot | poweroff | halt) exec "$verb" ;;
list-unit-files) exec not-simulated "systemctl $verb" ;;
esac
code=0
for unit in $units; do
    one "$verb" "$unit" || code=$?
done
exit "$code"
