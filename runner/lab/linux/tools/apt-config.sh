#!/bin/sh
# apt-config shell NAME KEY: only the keys that tell where apt keeps things.
[ "$1" = shell ] || exec not-simulated "apt-config $*"
shift
while [ $# -gt 1 ]; do
    case $2 in
    Dir::Log::History/f) echo "$1='/var/log/apt/history.log'" ;;
    Dir::State::lists/d) echo "$1='/var/lib/lab/'" ;;
    *) exec not-simulated "apt-config shell $2" ;;
    esac
    shift 2
done
