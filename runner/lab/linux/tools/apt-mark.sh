#!/bin/sh
# apt-mark: the third column of the lab's table.
verb=$1
shift
[ "${1:-}" = -- ] && shift
table=/var/lib/lab/packages
case $verb in
showauto | showmanual)
    kind=${verb#show}
    for name in ${*:-$(cut -f 1 "$table")}; do
        awk -F '\t' -v name="${name%%:*}" -v kind="$kind" '$1 == name && $3 == kind { print $1 }' "$table"
    done ;;
auto | manual)
    for name; do
        awk -F '\t' -v OFS='\t' -v name="${name%%:*}" -v kind="$verb" \
            '$1 == name { $3 = kind } { print }' "$table" >"$table.new" && mv "$table.new" "$table"
    done ;;
*) exec not-simulated "apt-mark $verb" ;;
esac
