#!/bin/sh
# sudo: everybody on a simulated host is root already.
while [ $# -gt 0 ]; do
    case $1 in
    --) shift; break ;;
    -v) exit 0 ;;
    -p | -u | -g | -C) shift; shift ;;
    -[A-Za-z]*) shift ;;
    --*) shift ;;
    *) break ;;
    esac
done
[ $# -gt 0 ] || exit 0
exec "$@"
