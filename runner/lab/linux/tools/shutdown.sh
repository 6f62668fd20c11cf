#!/bin/sh
# shutdown, reboot, poweroff, halt: the lab looks at this file after each command.
kind=restart
case ${0##*/} in poweroff | halt) kind=off ;; esac
for word; do
    case $word in
    -c) rm -f /run/lab/power; exit 0 ;;
    -r | --reboot) kind=restart ;;
    -h | -P | -H | --poweroff | --halt) kind=off ;;
    esac
done
if [ "${0##*/}" = shutdown ]; then
    case " $* " in *' -r '* | *' --reboot '*) ;; *) kind=off ;; esac
fi
echo "$kind" >/run/lab/power
