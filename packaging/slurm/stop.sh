#!/bin/sh
# End what start.sh started.
state=/var/lib/skillviewer-slurm
scontrol shutdown 2> /dev/null
for name in ctld d; do
    [ -f "$state/$name.pid" ] && kill "$(cat "$state/$name.pid")" 2> /dev/null
done
[ -f /run/munge/munged.pid ] && kill "$(cat /run/munge/munged.pid)" 2> /dev/null
sleep 3
rm -rf "$state" /etc/slurm/slurm.conf
exit 0
