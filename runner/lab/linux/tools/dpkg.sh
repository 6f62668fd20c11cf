#!/bin/sh
# dpkg: what is installed is a table of the lab's.
case $1 in
--print-architecture) exec cat /var/lib/lab/native ;;
-l | --list) exec dpkg-query -W -f 'ii  ${Package} ${Version} ${Architecture}\n' ;;
-s | --status) shift; exec dpkg-query -W -f 'Package: ${Package}\nStatus: install ok installed\nVersion: ${Version}\n' "$@" ;;
esac
exec not-simulated "dpkg $*"
