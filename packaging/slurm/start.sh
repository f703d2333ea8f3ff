#!/bin/sh
# Set up SLURM with one node on this computer, for the tests of clusters (Debian or Ubuntu, as root):
#     sudo sh packaging/slurm/start.sh
# It listens to this computer alone. End it with stop.sh in this folder.
set -eu
state=/var/lib/skillviewer-slurm
if ! command -v slurmctld > /dev/null || ! command -v munged > /dev/null; then
    apt-get install -y --no-install-recommends slurm-wlm munge
fi
mkdir -p "$state/ctld" "$state/d" /etc/slurm /run/munge /var/log/munge
[ -f /etc/munge/munge.key ] || dd if=/dev/urandom of=/etc/munge/munge.key bs=1024 count=1 2> /dev/null
chown -R munge:munge /etc/munge /run/munge /var/log/munge /var/lib/munge
chmod 400 /etc/munge/munge.key
host=$(hostname -s)
cpus=$(nproc)
memory=$(awk '/MemTotal/ {print int($2 / 1024)}' /proc/meminfo)
cat > /etc/slurm/slurm.conf << CONF
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
StateSaveLocation=$state/ctld
SlurmdSpoolDir=$state/d
SlurmctldPidFile=$state/ctld.pid
SlurmdPidFile=$state/d.pid
SlurmctldLogFile=$state/ctld.log
SlurmdLogFile=$state/d.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
KillWait=5
MpiDefault=none
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$memory State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
pgrep -x munged > /dev/null || runuser -u munge -- munged
pgrep -x slurmctld > /dev/null || slurmctld
pgrep -x slurmd > /dev/null || slurmd
for _ in $(seq 60); do
    if sinfo -h -o %T 2> /dev/null | grep -q -E 'idle|mixed|allocated'; then
        sinfo
        exit 0
    fi
    sleep 1
done
echo "SLURM did not start: see $state/ctld.log and $state/d.log" >&2
exit 1
