# Hosts for the suites that need more than one machine: `load hosts` after helper.
#
# A host is a set of namespaces (network, mounts, processes, name) with an sshd of its own, on a network that holds
# nothing else; everything ends with the test. Needs root, a kernel with namespaces, and openssh-server.

# Skips the test, loudly, where there can be no hosts.
require_hosts() {
    local sshd
    [ "$(id -u)" = 0 ] || skip "hosts need root for their namespaces"
    sshd=$(PATH=$PATH:/usr/sbin command -v sshd) || skip "hosts need openssh-server (make test-far installs it)"
    for program in ssh-keygen ip unshare nsenter parallel "$@"; do
        command -v "$program" >/dev/null || skip "hosts need $program (make test-far installs it)"
    done
    unshare --net --uts --mount --pid --fork true 2>/dev/null || skip "hosts need a kernel that lets namespaces be made"
    SSHD=$sshd
}

# Starts hosts of these names (where nobody's own start-up files are run), and this side of their network. In a host, folder $HIDDEN is empty if it is set.
start_hosts() {
    local k=0 name
    NET=$BATS_TEST_TMPDIR/net
    mkdir -m 700 "$NET"
    ssh-keygen -q -t ed25519 -N '' -f "$NET/id"
    ssh-keygen -q -t ed25519 -N '' -f "$NET/key"
    unshare --net sleep 600 3>&- &
    HERE=$!
    disown
    echo $HERE >"$NET/pids"
    until_differs /proc/self/ns/net "/proc/$HERE/ns/net"
    here ip link set lo up
    for name in "$@"; do
        k=$((k + 1))
        unshare --net --uts --mount --pid --fork --kill-child --mount-proc bash -c '
            hostname "$1" && mount -t tmpfs none /run && mkdir -m 755 /run/sshd || exit
            [ -z "$4" ] || mount -t tmpfs none "$4" || exit
            exec "$2" -D -f /dev/null -h "$3/key" -o AuthorizedKeysFile="$3/id.pub" -o StrictModes=no \
                -o UsePAM=no -o SetEnv=HOME="$3" -o PidFile=none -o PermitRootLogin=prohibit-password -E "$3/sshd.$1.log"
        ' host "$name" "$SSHD" "$NET" "${HIDDEN:-}" 3>&- &
        disown
        echo $! >"$NET/$name.pid"
        echo $! >>"$NET/pids"
        until_differs /proc/self/ns/net "/proc/$!/ns/net"
        here ip link add "v$k" type veth peer name eth0 netns "$!"
        here ip addr add "10.77.$k.1/24" dev "v$k"
        here ip link set "v$k" up
        nsenter -t "$!" -n ip addr add "10.77.$k.2/24" dev eth0
        nsenter -t "$!" -n ip link set eth0 up
        nsenter -t "$!" -n ip link set lo up
        echo "v$k" >"$NET/$name.link"
        printf 'Host %s\n HostName 10.77.%d.2\n User root\n IdentityFile %s/id\n IdentitiesOnly yes\n
            StrictHostKeyChecking no\n UserKnownHostsFile /dev/null\n LogLevel ERROR\n' \
            "$name" $k "$NET" >>"$NET/config"
    done
    SSH="ssh -F $NET/config -o ConnectTimeout=2 -o ServerAliveInterval=1 -o ServerAliveCountMax=2"
    for name in "$@"; do
        for _ in $(seq 50); do
            ! here $SSH "$name" true 2>/dev/null || continue 2
            sleep 0.1
        done
        echo "host $name does not answer"
        return 1
    done
}

# Runs a command on this side of the hosts' network.
here() { nsenter -t "$HERE" -n "$@"; }

# A host is gone from one moment to the next: its cable first, so that nobody hears of it.
kill_host() {
    here ip link set "$(cat "$NET/$1.link")" down
    kill -KILL "$(cat "$NET/$1.pid")"
}

stop_hosts() {
    local pid
    [ -e "${NET:-}/pids" ] || return 0
    while read -r pid; do kill -KILL "$pid" 2>/dev/null || true; done <"$NET/pids"
}

until_differs() {
    for _ in $(seq 100); do
        [ "$(readlink "$1")" = "$(readlink "$2")" ] || return 0
        sleep 0.02
    done
    return 1
}
