#!/bin/sh
# dpkg-query -W: names may be patterns of the shell's kind.
format='${Package}\t${Version}\n'
[ "$1" = -W ] || [ "$1" = --show ] || exec not-simulated "dpkg-query $*"
shift
case ${1:-} in
-f) format=$2; shift 2 ;;
-f=* | --showformat=*) format=${1#*=}; shift ;;
esac
[ "${1:-}" = -- ] && shift
native=$(cat /var/lib/lab/native)
code=0
line() { # name version
    text=$(printf '%s' "$format" | awk -v p="$1" -v v="$2" -v a="$native" '
        function put(text, key, value,   at) {
            while ((at = index(text, key)) > 0)
                text = substr(text, 1, at - 1) value substr(text, at + length(key))
            return text
        }
        { text = text (NR > 1 ? "\n" : "") $0 }
        END {
            text = put(text, "${Package}", p); text = put(text, "${Version}", v)
            text = put(text, "${Architecture}", a); text = put(text, "${db:Status-Status}", "installed")
            printf "%s", put(text, "${Status}", "install ok installed")
        }')
    printf '%b' "$text"
}
list() { # pattern, or nothing for all
    found=1
    while IFS='	' read -r name version _; do
        case $name in $1) line "$name" "$version"; found=0 ;; esac
    done </var/lib/lab/packages
    return $found
}
[ $# -gt 0 ] || { list '*'; exit 0; }
for pattern; do
    list "${pattern%%:*}" || { echo "dpkg-query: no packages found matching $pattern" >&2; code=1; }
done
exit $code
