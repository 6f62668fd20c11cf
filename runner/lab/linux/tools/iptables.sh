#!/bin/sh
# iptables and ip6tables: the rules are lines of a file which a restart empties, as in a kernel.
name=${0##*/}
rules=/run/lab/rules-$name
touch "$rules"
[ "$1" = -w ] && shift
table=filter
[ "$1" = -t ] && { table=$2; shift 2; }
verb=$1
[ $# -gt 0 ] && shift
line="$table $*"
case $verb in
-I | --insert)
    case ${2:-} in [0-9] | [0-9][0-9]) exec not-simulated "$name: a place in the chain" ;; esac
    { printf '%s\n' "$line"; cat "$rules"; } >"$rules.new" && mv "$rules.new" "$rules" ;;
-A | --append) printf '%s\n' "$line" >>"$rules" ;;
-C | --check)
    grep -qxF -e "$line" "$rules" && exit 0
    echo "$name: Bad rule (does a matching rule exist in that chain?)." >&2
    exit 1 ;;
-D | --delete)
    grep -qxF -e "$line" "$rules" || {
        echo "$name: Bad rule (does a matching rule exist in that chain?)." >&2
        exit 1
    }
    awk -v line="$line" '$0 == line && !done { done = 1; next } { print }' "$rules" >"$rules.new"
    mv "$rules.new" "$rules" ;;
-S | -L | --list | --list-rules)
    for chain in INPUT FORWARD OUTPUT; do echo "-P $chain ACCEPT"; done
    sed -n "s/^$table /-A /p" "$rules" ;;
*) exec not-simulated "$name $verb $*" ;;
esac
