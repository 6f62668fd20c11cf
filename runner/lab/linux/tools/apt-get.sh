#!/bin/sh
# apt-get: packages of the lab's tables, which need no others. What it did stands in apt's history.
table=/var/lib/lab/packages offers=/var/lib/lab/offers
said="apt-get $*" only='' dry='' verb='' words='' order=''
while [ $# -gt 0 ]; do
    case $1 in
    -o | -t | -c) shift ;;
    -s | --simulate | --dry-run) dry=1 ;;
    --only-upgrade) only=1 ;;
    --) ;;
    -*) ;;
    *) if [ -z "$verb" ]; then verb=$1; else words="$words $1"; fi ;;
    esac
    shift
done
native=$(cat /var/lib/lab/native)
here() { awk -F '\t' -v n="$1" '$1 == n { print $2 }' "$table"; }
there() { awk -F '\t' -v n="$1" '$1 == n { print $2 }' "$offers"; }
moves=$(mktemp) || exit 1
trap 'rm -f "$moves"' EXIT
plan() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$moves"; } # name, old or -, new or -
fail() { echo "E: $*" >&2; exit 100; }
case $verb in
update | clean | autoclean | autoremove) exit 0 ;;
upgrade | dist-upgrade | full-upgrade)
    while IFS='	' read -r name old _; do
        new=$(there "$name" | tail -n 1)
        [ -z "$new" ] || [ "$new" = "$old" ] || plan "$name" "$old" "$new"
    done <"$table" ;;
install | remove | purge)
    for word in $words; do
        goes='' version=''
        case $word in *=*) version=${word#*=}; word=${word%%=*} ;; *-) goes=1; word=${word%-} ;; esac
        [ "$verb" = install ] || goes=1
        name=${word%%:*}
        old=$(here "$name")
        if [ -n "$goes" ]; then
            [ -z "$old" ] || plan "$name" "$old" -
            continue
        fi
        if [ -z "$version" ]; then
            version=$(there "$name" | tail -n 1)
            [ -n "$version" ] || [ -n "$old" ] || fail "Unable to locate package $name"
        elif ! { there "$name"; echo "$old"; } | grep -qxF -e "$version"; then
            fail "Version '$version' for '$name' was not found"
        fi
        [ -z "$version" ] || [ "$version" = "$old" ] || { [ -n "$only" ] && [ -z "$old" ]; } ||
            plan "$name" "${old:--}" "$version"
    done ;;
*) exec not-simulated "$said" ;;
esac
while IFS='	' read -r name old new; do
    if [ "$new" = - ]; then echo "Remv $name [$old]"
    elif [ "$old" = - ]; then echo "Inst $name ($new Lab:1 [$native])"
    else echo "Inst $name [$old] ($new Lab:1 [$native])"; fi
done <"$moves"
[ -z "$dry" ] && [ -s "$moves" ] || exit 0
# What is printed of a real one is for people; only the table counts.
awk -F '\t' -v OFS='\t' '
    NR == FNR { new[$1] = $3; next }
    !($1 in new) { print; next }
    { if (new[$1] != "-") print $1, new[$1], $3; delete new[$1] }
    END { for (name in new) if (new[name] != "-") print name, new[name], "manual" }
' "$moves" "$table" | sort >"$table.new" && mv "$table.new" "$table" || exit 100
list() { # kind
    awk -F '\t' -v kind="$1" -v arch="$native" '
        {
            old = $2 == "-"; gone = $3 == "-"
            is = old ? "Install" : gone ? "Remove" : "Upgrade"
            if (is != kind) next
            text = text (text == "" ? "" : ", ") $1 ":" arch " (" (old ? $3 : gone ? $2 : $2 ", " $3) ")"
        }
        END { if (text != "") print kind ": " text }' "$moves"
}
mkdir -p /var/log/apt
{
    echo "Start-Date: $(date '+%Y-%m-%d  %H:%M:%S')"
    echo "Commandline: $said"
    list Install
    list Upgrade
    list Remove
    echo "End-Date: $(date '+%Y-%m-%d  %H:%M:%S')"
    echo
} >>/var/log/apt/history.log
[ -n "$(sed -n '/^libc6	/p;/^linux-image/p' "$moves")" ] && : >/run/reboot-required
exit 0
