# EXEC=slurm: the same comparison as job arrays of a Slurm of one node, with its own daemons.

setup() {
    load helper
    load cluster
    _common_setup
    cd "$ROOT" || return 1
    OUT=$BATS_TEST_TMPDIR/out
    export MAKEFLAGS=
}

teardown() { stop_cluster; }

item() { sed -n 's/^item.predict ?= //p' pipelines/models.mk; }

@test "the stages are arrays, and a node that fails has its jobs done again: the same metrics to the byte" {
    require_cluster
    start_cluster
    make -s cv RATINGS="$SAMPLE" FOLDS=2 MODELS="baseline user item user-item" OUT="$BATS_TEST_TMPDIR/local" >/dev/null
    there make -s cv RATINGS="$SAMPLE" FOLDS=2 MODELS="baseline user item user-item" OUT="$OUT" EXEC=slurm \
        "item.predict=mktemp $BATS_TEST_TMPDIR/run.XXXXXX >/dev/null; sleep 3; $(item)" >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
    pid=$! status=0
    for _ in $(seq 300); do
        [ -z "$(ls "$BATS_TEST_TMPDIR" | grep run)" ] || break
        sleep 0.1
    done
    there scontrol update nodename=node state=down reason=test
    there squeue -h -o '%F %T %E' >"$BATS_TEST_TMPDIR/queue"
    there scontrol update nodename=node state=resume || true # it may be back by itself
    # Slurm holds what it queues again for two minutes, which the test has not.
    for _ in $(seq 100); do
        there squeue -h -o '%i %r' | sed -n 's/ BeginTime$//p' >"$BATS_TEST_TMPDIR/held"
        [ ! -s "$BATS_TEST_TMPDIR/held" ] || break
        sleep 0.1
    done
    while read -r job; do there scontrol update jobid="$job" starttime=now; done <"$BATS_TEST_TMPDIR/held"
    wait $pid || status=$?
    cat "$BATS_TEST_TMPDIR/said"
    assert_equal $status 0
    cmp "$OUT/metrics.csv" "$BATS_TEST_TMPDIR/local/metrics.csv"
    assert_equal "$(awk -F'\t' 'NR > 1 { print $2 }' "$OUT/jobs.log" | sort -u)" node
    [ "$(ls "$BATS_TEST_TMPDIR" | grep -c run)" -gt 4 ] # two folds and what their blends learn from; one began anew
    grep -q 'afterok' "$BATS_TEST_TMPDIR/queue" # the blends wait for the models
    grep -q 'PENDING' "$BATS_TEST_TMPDIR/queue"
}

@test "a job that fails is named and cancels the rest; then only what is missing is done; long stages share tasks" {
    require_cluster
    start_cluster 3 # two tasks an array at most
    run ! there make -s cv RATINGS="$SAMPLE" FOLDS=2 MODELS="baseline user item user-item" OUT="$OUT" EXEC=slurm \
        item.rank='rs-sim $(matrix) --side nobody'
    assert_output --partial "rs-sim: --side: 'nobody' is none of user, item"
    assert_output --partial "this job failed: make -s -f pipelines/cell.mk CELL=$OUT/"
    [ ! -e "$OUT/metrics.csv" ]
    assert_equal "$(there squeue -h)" ""
    cp "$OUT/jobs.log" "$BATS_TEST_TMPDIR/before"
    there make -s cv RATINGS="$SAMPLE" FOLDS=2 MODELS="baseline user item user-item" OUT="$OUT" EXEC=slurm >/dev/null
    tail -n "+$(($(wc -l <"$BATS_TEST_TMPDIR/before") + 1))" "$OUT/jobs.log" >"$BATS_TEST_TMPDIR/after"
    grep -q scores-item "$BATS_TEST_TMPDIR/after"
    run -1 grep -q matrix.rs "$BATS_TEST_TMPDIR/after" # the first stage was done
    there make -s cv RATINGS="$SAMPLE" FOLDS=2 MODELS="baseline user item user-item" OUT="$OUT" EXEC=slurm >/dev/null
    assert_equal "$(wc -l <"$OUT/jobs.log")" \
        $(($(wc -l <"$BATS_TEST_TMPDIR/before") + $(wc -l <"$BATS_TEST_TMPDIR/after")))
}

@test "a search for parameters, and with what it found a night that goes on, as on one machine" {
    require_cluster
    start_cluster
    local made=$BATS_TEST_TMPDIR where
    night() { # HOME OPTION...
        there env MODELS="item mf hybrid" pipelines/nightly --home="$made/$1" --make=TUNED="$made/local/all/tuned.mk" "${@:2}"
    }
    head -n -30 "$SAMPLE" >"$made/fewer.csv"
    for ratings in "$made/fewer.csv" "$SAMPLE"; do # with other ratings everything is tried again
        for where in local slurm; do
            there make -s tune RATINGS="$ratings" MODELS="item mf" TRIALS=1 OUT="$made/$where" EXEC=$where |
                tail -n +2 >"$made/$where.said"
        done
    done
    cmp "$made/local.said" "$made/slurm.said"
    cmp "$made/local/all/tuned.mk" "$made/slurm/all/tuned.mk"
    night home --ratings="$made/fewer.csv"
    cp -a "$made/home" "$made/away"
    night home --ratings="$SAMPLE"
    run -0 night away --ratings="$SAMPLE" --make=EXEC=slurm
    assert_output --partial "weights are those of 00001-"
    for part in "$made"/home/current/*; do
        [ "${part##*/}" = manifest.json ] || cmp "$part" "$made/away/current/${part##*/}"
    done
}

@test "a cluster that is not there is one line" {
    command -v sbatch >/dev/null || skip "no sbatch (make test-far installs it)"
    cat >"$BATS_TEST_TMPDIR/none.conf" <<'END'
ClusterName=none
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=9
MessageTimeout=1
NodeName=node
PartitionName=main Nodes=node
END
    SLURM_CONF=$BATS_TEST_TMPDIR/none.conf run ! make -s cv RATINGS="$SAMPLE" FOLDS=2 MODELS=baseline OUT="$OUT" EXEC=slurm
    assert_output --partial "Slurm's controller does not answer"
}
