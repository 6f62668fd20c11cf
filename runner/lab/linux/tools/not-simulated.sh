#!/bin/sh
# What the lab's tools say of what they do not know: never a silent success.
echo "lab: not simulated: $*" >&2
echo "$*" >>/run/lab/not_simulated
exit 99
