# EXEC=ssh: the same comparison on two hosts with an sshd each, of which one dies.

setup_file() {
    load helper
    export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    _common_setup
    make -s -C "$ROOT" cv RATINGS="$SAMPLE" FOLDS=2 MODELS="baseline user item user-item" MAKEFLAGS= \
        OUT="$BATS_FILE_TMPDIR/local" >/dev/null
}

setup() {
    load helper
    load hosts
    _common_setup
    cd "$ROOT" || return 1
    OUT=$BATS_TEST_TMPDIR/seen/out
    mkdir -p "$BATS_TEST_TMPDIR/seen"
    export MAKEFLAGS=
}

teardown() { stop_hosts; }

# How model $1 is made, leaving word of where, and taking its time.
slow() { printf '%s' "$1.predict=touch $NET/on.\$\$(hostname); sleep 2; $(sed -n "s/^$1.predict ?= //p" pipelines/models.mk)"; }

# Runs the comparison, kills host rsb once it has a job, and holds the result against that of this machine.
survive() {
    local pid status=0
    printf '1/rsa\n# a remark\n  1/rsb\n' >"$BATS_TEST_TMPDIR/hosts"
    here env SSH="$SSH" make -s cv RATINGS="$SAMPLE" FOLDS=2 MODELS="baseline user item user-item" OUT="$OUT" \
        EXEC=ssh HOSTS="$BATS_TEST_TMPDIR/hosts" "$(slow item)" "$(slow user)" "$@" >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
    pid=$!
    for _ in $(seq 600); do
        [ ! -e "$NET/on.rsb" ] || break
        sleep 0.1
    done
    [ -e "$NET/on.rsb" ] || { cat "$BATS_TEST_TMPDIR/said"; fail "rsb never had a job"; }
    kill_host rsb
    wait $pid || status=$?
    cat "$BATS_TEST_TMPDIR/said"
    assert_equal $status 0
    cmp "$OUT/metrics.csv" "$BATS_FILE_TMPDIR/local/metrics.csv"
    awk -F'\t' '{ print $2 }' "$OUT/jobs.log" | grep -q rsb
    assert_equal "$(awk -F'\t' '/scores-(item|user) / { print $2 }' "$OUT/jobs.log" | sort -u)" rsa
}

@test "two hosts that share the folder, one killed while it works: the same metrics to the byte" {
    require_hosts
    start_hosts rsa rsb
    survive
}

@test "two hosts without a shared folder are sent the files and return them, one killed: the same" {
    require_hosts rsync
    HIDDEN=$BATS_TEST_TMPDIR/seen
    start_hosts rsa rsb
    survive REMOTE="$HIDDEN/there"
}

@test "hosts that can't be used are left out, with the reason; what is done is not done again" {
    require_hosts
    start_hosts rsa
    printf '2/rsa\n10.77.9.9\n' >"$BATS_TEST_TMPDIR/hosts"
    run -0 --separate-stderr here env SSH="$SSH" make -s cv RATINGS="$SAMPLE" FOLDS=2 MODELS="baseline user" OUT="$OUT" \
        EXEC=ssh HOSTS="$BATS_TEST_TMPDIR/hosts"
    [[ $stderr == *"cv: host 10.77.9.9 is left out: "* || $stderr == *"compare: host 10.77.9.9 is left out: "* ]] ||
        fail "stderr is '$stderr'"
    rows=$(wc -l <"$OUT/jobs.log")
    kill_host rsa
    here env SSH="$SSH" make -s cv RATINGS="$SAMPLE" FOLDS=2 MODELS="baseline user" OUT="$OUT" \
        EXEC=ssh HOSTS="$BATS_TEST_TMPDIR/hosts" # nothing to do, for which no host is needed
    assert_equal "$(wc -l <"$OUT/jobs.log")" "$rows"
    run ! here env SSH="$SSH" make -s cv RATINGS="$SAMPLE" FOLDS=2 MODELS="baseline item" OUT="$OUT" \
        EXEC=ssh HOSTS="$BATS_TEST_TMPDIR/hosts"
    assert_output --partial "no host of $BATS_TEST_TMPDIR/hosts can be used"
}

@test "a job that fails on every host is named, and EXEC and HOSTS are checked" {
    require_hosts
    start_hosts rsa
    echo rsa >"$BATS_TEST_TMPDIR/hosts"
    run ! here env SSH="$SSH" make -s cv RATINGS="$SAMPLE" FOLDS=2 MODELS=item OUT="$OUT" \
        EXEC=ssh HOSTS="$BATS_TEST_TMPDIR/hosts" item.predict='rs-sim $(matrix) --side nobody'
    assert_output --partial "rs-sim: --side: 'nobody' is none of user, item"
    assert_output --partial "this job failed: make -s -f pipelines/cell.mk CELL=$OUT/fold-"
    [ ! -e "$OUT/metrics.csv" ]
    run ! make -s cv RATINGS="$SAMPLE" OUT="$OUT" EXEC=ssh
    assert_output --partial "EXEC=ssh needs HOSTS=FILE"
    run ! make -s cv RATINGS="$SAMPLE" OUT="$OUT" EXEC=elsewhere
    assert_output --partial "EXEC=elsewhere is none of local, ssh, slurm"
}

@test "a night on hosts, of which one is not there and one dies, publishes what a night here does" {
    require_hosts
    start_hosts rsa rsb
    printf '1/rsa\n1/rsb\n10.77.9.9\n' >"$BATS_TEST_TMPDIR/hosts"
    night() { # HOME OPTION...
        here env SSH="$SSH" MODELS="item mf hybrid" pipelines/nightly --home="$BATS_TEST_TMPDIR/seen/$1" --ratings="$SAMPLE" "${@:2}"
    }
    night local
    night far --make=EXEC=ssh --make=HOSTS="$BATS_TEST_TMPDIR/hosts" --make="$(slow item)" >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
    for _ in $(seq 600); do
        [ ! -e "$NET/on.rsb" ] || break
        sleep 0.1
    done
    kill_host rsb
    wait $! || { cat "$BATS_TEST_TMPDIR/said" "$BATS_TEST_TMPDIR"/seen/far/nights/*/log; fail "the night failed"; }
    grep -q '^nightly: published: ' "$BATS_TEST_TMPDIR/said"
    grep -q 'host 10.77.9.9 is left out: ' "$BATS_TEST_TMPDIR"/seen/far/nights/*/log
    local made=$BATS_TEST_TMPDIR/seen
    for part in "$made"/local/current/*; do
        [ "${part##*/}" = manifest.json ] || cmp "$part" "$made/far/current/${part##*/}"
    done
}

@test "hosts without a shared folder search, make a report, and go on from an earlier night, as one machine does" {
    require_hosts rsync
    HIDDEN=$BATS_TEST_TMPDIR/seen
    start_hosts rsa rsb
    SSH+=" -o ControlMaster=auto -o ControlPath=$NET/%h -o ControlPersist=600" # nobody dies here
    printf '1/rsa\n1/rsb\n' >"$BATS_TEST_TMPDIR/hosts"
    far=(EXEC=ssh HOSTS="$BATS_TEST_TMPDIR/hosts" REMOTE="$HIDDEN/there")
    local made=$BATS_TEST_TMPDIR/seen where which

    for where in local far; do
        [ $where = far ] && which=("${far[@]}") || which=()
        here env SSH="$SSH" make -s tune RATINGS="$SAMPLE" MODELS=item TRIALS=1 OUT="$made/$where" "${which[@]}" >/dev/null
        here env SSH="$SSH" FORGET="$made/far" make -s report RATINGS="$SAMPLE" MODELS=item FOLDS=2 OUT="$made/$where" \
            TUNED="$made/$where/all/tuned.mk" "${which[@]}" >/dev/null
    done
    cmp "$made/local/all/tuned.mk" "$made/far/all/tuned.mk"
    grep -q 'item.predict = .*--voters' "$made/far/all/tuned.mk" # not the default, which hosts know by themselves
    cmp "$made/local/metrics.csv" "$made/far/metrics.csv"
    [ -s "$made/far/report.html" ]
    assert_equal "$(awk -F'\t' 'NR > 1 && $2 !~ /rs[ab]/' "$made/far/jobs.log")" ""

    night() { # HOME OPTION...
        here env SSH="$SSH" MODELS="item mf hybrid" pipelines/nightly --home="$made/$1" "${@:2}"
    }
    head -n -30 "$SAMPLE" >"$BATS_TEST_TMPDIR/fewer.csv"
    night home --ratings="$BATS_TEST_TMPDIR/fewer.csv"
    cp -a "$made/home" "$made/away"
    night home --ratings="$SAMPLE"
    # A host from which something can't be removed is no reason to fail.
    local busy=("$made"/away/nights/00001-*)
    nsenter -t "$(cat "$NET/rsa.pid")" -m sh -c 'mkdir -p "$1" && mount -t tmpfs none "$1"' sh "$busy/busy"
    night away --ratings="$SAMPLE" "${far[@]/#/--make=}" >"$BATS_TEST_TMPDIR/said"
    grep -q 'some host keeps what it was sent' "$made"/away/nights/00002*/log
    grep -q 'weights are those of 00001-' "$BATS_TEST_TMPDIR/said"
    assert_equal "$(awk -F'\t' '/files-mf/ { print $2 }' "$made"/away/nights/00002*/jobs.log | grep -c 'rs[ab]')" 2
    for part in "$made"/home/current/*; do
        [ "${part##*/}" = manifest.json ] || cmp "$part" "$made/away/current/${part##*/}"
    done
    for where in rsa rsb; do # nights would fill the hosts
        assert_equal "$(here $SSH $where find "$made/away" -type f)" ""
        here $SSH $where test -e "$made/far/all/matrix.rs"
    done
}
