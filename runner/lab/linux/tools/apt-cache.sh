#!/bin/sh
# apt-cache policy and pkgnames, from the lab's tables; the last offer of a package is its newest.
while [ $# -gt 0 ]; do
    case $1 in
    -t) shift 2 ;;
    -*) shift ;;
    *) break ;;
    esac
done
verb=$1
[ $# -gt 0 ] && shift
[ "${1:-}" = -- ] && shift
case $verb in
pkgnames) cut -f 1 /var/lib/lab/offers /var/lib/lab/packages | sort -u ;;
policy)
    for name; do
        name=${name%%:*}
        here=$(awk -F '\t' -v n="$name" '$1 == n { print $2 }' /var/lib/lab/packages)
        there=$(awk -F '\t' -v n="$name" '$1 == n { print $2 }' /var/lib/lab/offers)
        [ -n "$here$there" ] || continue
        best=$(printf '%s\n' "$there" | tail -n 1)
        echo "$name:"
        echo "  Installed: ${here:-(none)}"
        echo "  Candidate: ${best:-$here}"
        echo '  Version table:'
        printf '%s\n' "$there" | awk -v here="$here" '
            { all[NR] = $0 }
            END {
                for (n = NR; n > 0; n--) {
                    if (all[n] == "") continue
                    printf "%s%s 500\n", (all[n] == here ? " *** " : "     "), all[n]
                    print "        500 http://lab.example ./ Packages"
                    if (all[n] == here) { print "        100 /var/lib/dpkg/status"; seen = 1 }
                }
                if (here != "" && !seen) {
                    print " *** " here " 100"
                    print "        100 /var/lib/dpkg/status"
                }
            }'
    done ;;
*) exec not-simulated "apt-cache $verb" ;;
esac
