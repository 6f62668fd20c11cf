#!/bin/sh
# su: everybody on a simulated host is root already.
while [ $# -gt 0 ]; do
    case $1 in
    -c | --command) shift; exec /bin/sh -c "$1" ;;
    -s | --shell | -g) shift; shift ;;
    *) shift ;;
    esac
done
exec /bin/sh
