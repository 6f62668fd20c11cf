#!/bin/sh
# dnf 4 and yum 3, as far as their tables go that programs read. Packages need no others.
# What was done is in files /var/lib/lab/history/NUMBER.
table=/var/lib/lab/packages offers=/var/lib/lab/offers history=/var/lib/lab/history
said=$* no='' comment='' verb='' words=''
while [ $# -gt 0 ]; do
    case $1 in
    --version) echo 4.14.0; exit 0 ;;
    --assumeno) no=1 ;;
    --comment) comment=$2; shift ;;
    -*) ;;
    *) if [ -z "$verb" ]; then verb=$1; else words="$words $1"; fi ;;
    esac
    shift
done
mkdir -p "$history"
arch=$(uname -m)
here() { awk -F '\t' -v n="$1" '$1 == n { print $2 }' "$table"; }
there() { awk -F '\t' -v n="$1" '$1 == n { print $2 }' "$offers"; }
last() { ls "$history" | sort -n | tail -n 1; }
moves=$(mktemp) || exit 1
trap 'rm -f "$moves"' EXIT
plan() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$moves"; }
newest() { # names, or all
    while IFS='	' read -r name old _; do
        case " $words " in '  ' | *" $name "*) ;; *) continue ;; esac
        new=$(there "$name" | tail -n 1)
        [ -z "$new" ] || [ "$new" = "$old" ] || plan "$name" "$old" "$new"
    done <"$table"
}
find_one() { # word -> name and version: the last offer that fits, else what is installed
    for from in "$offers" "$table"; do
        awk -F '\t' -v word="${1%."$arch"}" '
            { short = $2; sub(/^[0-9]+:/, "", short); bare = short; sub(/-[^-]*$/, "", bare) }
            word == $1 || word == $1 "-" short || word == $1 "-" $2 || word == $1 "-" bare {
                found = $1 "\t" $2
            }
            END { if (found != "") print found }' "$from"
    done | head -n 1
}
case $verb in
makecache | clean | check-update) exit 0 ;;
list)
    echo 'Available Packages'
    for word in $words; do
        [ "$word" = available ] || awk -F '\t' -v n="$word" -v a="$arch" \
            '$1 == n { printf "%-40s %-30s lab\n", $1 "." a, $2 }' "$offers"
    done
    exit 0 ;;
mark)
    set -- $words
    kind=auto
    [ "$1" = install ] && kind=manual
    shift
    for name; do
        awk -F '\t' -v OFS='\t' -v n="$name" -v k="$kind" '$1 == n { $3 = k } { print }' \
            "$table" >"$table.new" && mv "$table.new" "$table"
    done
    exit 0 ;;
history)
    set -- $words
    case $1 in
    list)
        echo 'ID     | Command line             | Date and time    | Action(s)      | Altered'
        for number in $(ls "$history" | sort -rn); do
            printf '%6s | %-24.24s | %s | %-14s | %4s\n' "$number" \
                "$(sed -n 's/^Command Line   : //p' "$history/$number")" '2026-01-01 00:00' 'I, U' 1
        done
        exit 0 ;;
    info)
        [ -f "$history/$2" ] || { echo 'No transactions' >&2; exit 1; }
        cat "$history/$2"
        exit 0 ;;
    userinstalled)
        echo 'Packages installed by user'
        awk -F '\t' -v a="$arch" '$3 == "manual" { print $1 "-" $2 "." a }' "$table"
        exit 0 ;;
    undo)
        [ -f "$history/$2" ] || { echo 'Error: no such transaction' >&2; exit 1; }
        sed -n 's/^#move	//p' "$history/$2" | while IFS='	' read -r name old new; do
            now=$(here "$name")
            [ "${now:--}" = "$old" ] || plan "$name" "${now:--}" "$old"
        done ;;
    *) exec not-simulated "dnf $said" ;;
    esac ;;
upgrade | update | distro-sync) newest ;;
install | downgrade)
    for word in $words; do
        found=$(find_one "$word")
        [ -n "$found" ] || { echo "Error: Unable to find a match: $word" >&2; exit 1; }
        name=${found%%	*} version=${found#*	} old=$(here "${found%%	*}")
        [ "$old" = "$version" ] || plan "$name" "${old:--}" "$version"
    done ;;
remove | erase)
    for word in $words; do
        found=$(find_one "$word")
        old=$(here "${found%%	*}")
        [ -z "$old" ] || plan "${found%%	*}" "$old" -
    done ;;
*) exec not-simulated "dnf $said" ;;
esac
if [ ! -s "$moves" ]; then
    printf 'Dependencies resolved.\nNothing to do.\nComplete!\n'
    exit 0
fi
section() { # title, condition
    awk -F '\t' -v title="$1" -v a="$arch" "$2"' {
        if (!head++) print title ":"
        printf " %-24s %-10s %-26s lab 1 k\n", $1, a, ($3 == "-" ? $2 : $3)
    }' "$moves"
}
echo 'Dependencies resolved.'
section Installing '$2 == "-"'
section Upgrading '$2 != "-" && $3 != "-"'
section Removing '$3 == "-"'
printf '\nTransaction Summary\n'
[ -z "$no" ] || { echo 'Operation aborted.'; exit 1; }
awk -F '\t' -v OFS='\t' '
    NR == FNR { new[$1] = $3; next }
    !($1 in new) { print; next }
    { if (new[$1] != "-") print $1, new[$1], $3; delete new[$1] }
    END { for (name in new) if (new[name] != "-") print name, new[name], "manual" }
' "$moves" "$table" | sort >"$table.new" && mv "$table.new" "$table" || exit 1
number=$(($(last) + 1))
{
    echo "Transaction ID : $number"
    echo 'Return-Code    : Success'
    echo "Command Line   : $said"
    echo "Comment        : $comment"
    sed 's/^/#move	/' "$moves"
} >"$history/$number"
echo 'Complete!'
