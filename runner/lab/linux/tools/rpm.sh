#!/bin/sh
# rpm -q with a format, from the lab's table. A version there is epoch:version-release.
format='%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n' all='' names='' said="rpm $*"
while [ $# -gt 0 ]; do
    case $1 in
    -q | --query) ;;
    --qf | --queryformat) format=$2; shift ;;
    -a | --all | -qa) all=1 ;;
    --whatprovides) ;;
    -*) exec not-simulated "$said" ;;
    *) names="$names $1" ;;
    esac
    shift
done
line() { # name version
    epoch=0 rest=$2
    case $2 in *:*) epoch=${2%%:*} rest=${2#*:} ;; esac
    text=$(printf '%s' "$format" | awk -v n="$1" -v e="$epoch" -v v="${rest%-*}" -v r="${rest##*-}" \
        -v a="$(uname -m)" '
        function put(text, key, value,   at) {
            while ((at = index(text, key)) > 0)
                text = substr(text, 1, at - 1) value substr(text, at + length(key))
            return text
        }
        {
            text = put($0, "%{NAME}", n); text = put(text, "%{EPOCHNUM}", e)
            text = put(text, "%{EPOCH}", e); text = put(text, "%{VERSION}", v)
            text = put(text, "%{RELEASE}", r); printf "%s", put(text, "%{ARCH}", a)
        }')
    printf '%b' "$text"
}
list() { # pattern; a name may have its version behind it
    found=1
    while IFS='	' read -r name version _; do
        short=${version#*:}
        for form in "$name" "$name-${short%-*}" "$name-$short"; do
            case $form in $1) line "$name" "$version"; found=0; break ;; esac
        done
    done </var/lib/lab/packages
    return $found
}
[ -z "$all" ] || [ -n "$names" ] || { list '*'; exit 0; }
code=0
for asked in $names; do
    list "${asked%.rpm}" || { echo "package $asked is not installed"; code=1; }
done
exit $code
