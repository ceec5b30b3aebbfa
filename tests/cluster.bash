# A Slurm of one node for the suite that needs it: `load cluster` after helper.
#
# munged, slurmctld and slurmd of the test's own, with their files in a folder of its own and in a network namespace of
# its own, so that no port is taken. Needs root and the packages.

require_cluster() {
    [ "$(id -u)" = 0 ] || skip "a cluster needs root for its daemons"
    PATH=$PATH:/usr/sbin
    for program in munged slurmctld slurmd sbatch scontrol ip unshare nsenter; do
        command -v "$program" >/dev/null || skip "a cluster needs $program (make test-far installs it)"
    done
    unshare --net true 2>/dev/null || skip "a cluster needs a kernel that lets namespaces be made"
}

start_cluster() {
    SLURM=$(mktemp -d /tmp/rs-slurm.XXXXXX) # short, for the sockets' names, and munge wants no one else to write above
    local host=node
    chmod 755 "$SLURM"
    mkdir -p "$SLURM/state" "$SLURM/spool" "$SLURM/munge"
    head -c 1024 /dev/urandom >"$SLURM/munge/key"
    chmod 600 "$SLURM/munge/key"
    chmod 755 "$SLURM/munge"
    : >"$SLURM/cgroup.conf"
    cat >"$SLURM/slurm.conf" <<END
ClusterName=rs
SlurmctldHost=$host(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=$SLURM/munge/socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$SLURM/state
SlurmdSpoolDir=$SLURM/spool
SlurmctldPidFile=$SLURM/slurmctld.pid
SlurmdPidFile=$SLURM/slurmd.pid
SlurmctldLogFile=$SLURM/slurmctld.log
SlurmdLogFile=$SLURM/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=0,requeue_delay=1
ReturnToService=2
MailProg=/bin/true
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MaxArraySize=${1:-1001}
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=10 State=UP
END
    export SLURM_CONF=$SLURM/slurm.conf
    # The daemons' processes are gone with the first of their namespace.
    unshare --net --uts --pid --mount --fork --kill-child --mount-proc bash -c '
        hostname node && ip link set lo up
        ip link add eth0 type veth peer name eth1 # names are looked up only where there is an address beside lo
        ip addr add 10.77.0.1/24 dev eth0 && ip link set eth0 up && ip link set eth1 up
        munged -F --force --key-file="$1/munge/key" --socket="$1/munge/socket" --pid-file="$1/munge/pid" \
            --log-file="$1/munge/log" --seed-file="$1/munge/seed" &
        for _ in $(seq 100); do [ ! -S "$1/munge/socket" ] || break; sleep 0.05; done
        slurmctld -D &
        slurmd -D -N node &
        wait
    ' cluster "$SLURM" >"$SLURM/said" 2>&1 3>&- &
    CLUSTER=$!
    disown
    for _ in $(seq 100); do
        ! there sinfo -h -o %t 2>/dev/null | grep -q idle || return 0
        sleep 0.2
    done
    tail -n 5 "$SLURM"/*.log "$SLURM/said"
    return 1
}

# Runs a command where the cluster's daemons can be reached.
there() { nsenter -t "$CLUSTER" -n -u "$@"; }

stop_cluster() {
    [ -n "${CLUSTER:-}" ] || return 0
    kill -KILL "$CLUSTER" 2>/dev/null || true
    for _ in $(seq 20); do
        ! rm -rf "$SLURM" 2>/dev/null || return 0
        sleep 0.1
    done
}
