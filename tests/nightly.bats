# The nightly run: what it publishes and when it does not, from where it goes on, how it goes back.

# A first night, made once; every test has a copy of its home.
setup_file() {
    load helper
    export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    _common_setup
    HOME_=$BATS_FILE_TMPDIR/home
    night >"$BATS_FILE_TMPDIR/said"
}

setup() {
    load helper
    _common_setup
    HOME_=$BATS_TEST_TMPDIR/home
    cp -a "$BATS_FILE_TMPDIR/home" "$HOME_"
    mkdir journal
}

# A night with the models of the sample that are made fastest.
night() {
    MODELS=${MODELS:-item mf hybrid} JOBS=2 "$ROOT/pipelines/nightly" --home="$HOME_" --ratings="${RATINGS:-$SAMPLE}" \
        --items="$SAMPLE_ITEMS" --margin=0.02 "$@"
}
current() { readlink "$HOME_/current" | sed 's|.*nights/||; s|/all/.*||'; }
nights() { ls "$HOME_/nights"; }
status() { jq -r ".$1" "$HOME_/status.json"; }

# The sample with N ratings more, of new users for known items.
sample_and() {
    cat "$SAMPLE"
    awk -F, -v n="$1" 'NR > 1 && NR <= n + 1 { print "new" NR "," $2 "," $3 "," $4 + 86400 }' "$SAMPLE"
}

@test "the first night publishes, the next one with the same ratings does nothing, in two seconds" {
    run -0 cat "$BATS_FILE_TMPDIR/said"
    assert_output --regexp '^nightly: published: 00001-[0-9-]+: 2660 ratings of 120 users and 90 items$'
    rs-model --check "$HOME_/current"
    # what is served has everybody's list ready; what is only judged has none
    assert_equal "$(jq -r .lists "$HOME_/current/manifest.json")" lists.rs
    assert_equal "$(jq -r .lists "$HOME_"/nights/00001*/gate/model/manifest.json)" null
    assert_equal "$(status outcome),$(status ratings),$(status learned_anew)" "published,2660,1"
    grep -qx 'rs_nightly_outcome{outcome="published"} 1' "$HOME_/rs_nightly.prom"
    grep -qx 'rs_nightly_outcome{outcome="refused"} 0' "$HOME_/rs_nightly.prom"
    grep -qx 'rs_nightly_ratings 2660' "$HOME_/rs_nightly.prom"

    touch "$BATS_TEST_TMPDIR/mark"
    TIMEFORMAT='%U %S' # seconds of a processor, however many others want it
    { time night >said; } 2>times
    grep -q "^nightly: unchanged: nothing is new" said
    awk '{ exit !($1 + $2 < 2) }' times || fail "it took $(cat times) seconds"
    assert_equal "$(find "$HOME_/nights" -mindepth 1 -newer "$BATS_TEST_TMPDIR/mark")" ""
    assert_equal "$(nights | wc -l)" 1
    assert_equal "$(status outcome)" unchanged
}

@test "new ratings and the server's journal are in the next model; the hybrid's weights are kept for a few" {
    sample_and 20 >more.csv
    printf 'user,item,rating\nnewest,101,5\n' | rs-clean -q -o journal/1.rs
    RATINGS=more.csv run -0 night --journal=journal
    assert_output --partial "00002-"
    assert_equal "$(status ratings),$(status learned_anew),$(status quarantined)" 2681,0,0
    cmp "$HOME_"/nights/00001*/gate/hybrid.blend "$HOME_"/nights/00002*/gate/hybrid.blend
    echo newest | rs-score -q --model "$HOME_/current" --users - --lines none --top 1 | rs-view --format csv --columns source |
        grep -qx hybrid
    [ "$(status difference_rmse | awk '{ print ($1 < 0.1 && $1 > -0.1) }')" = 1 ]

    # More than --full-after is new: learned anew.
    sample_and 400 >more.csv
    RATINGS=more.csv run -0 night --journal=journal --accept
    assert_equal "$(status learned_anew)" 1
}

@test "factors go on from the current model's, and the night says so; every --full-every nights they do not" {
    local n before after
    for n in 2 3; do
        sample_and ${n}0 >more.csv
        RATINGS=more.csv run -0 night --full-every=3
        assert_equal "$(status nights_gone_on),$(status learned_anew)" $((n - 1)),0
        assert_output --partial "items; weights are those of 0000$((n - 1))"
        before=$(cd "$HOME_"/nights/0000$((n - 1))* && pwd) after=$(cd "$HOME_"/nights/0000$n* && pwd)
        for model in all/model gate/model; do
            assert_equal "$(rs-view --header "$after/$model/mf.predict" | head -n 1 | jq -r .from)" \
                "$(rs-view --header "$before/$model/mf.predict" | tail -n 1 | jq -r .xxh3)"
        done
    done
    sample_and 40 >more.csv
    RATINGS=more.csv run -0 night --full-every=3
    refute_output --partial "weights are those"
    assert_equal "$(status learned_anew)" 1
    run -0 rs-view --header "$HOME_/current/mf.predict"
    refute_output --partial '"from":"'
}

@test "a night goes on across an upgrade and other machines, not to another format, models or settings" {
    # As if the first night's programs had been earlier ones.
    sed -i "s/$(rs-model --version)/rs-model 0/" "$HOME_"/nights/00001*/{inputs,learned}
    JOBS=1 run -0 night --make=THREADS=2
    assert_output --partial "weights are those of 00001-"
    sed -E 's/^([0-9]+ [0-9]+) [0-9]+/\1 0/' -i "$HOME_"/nights/00002*/learned
    sample_and 10 >more.csv
    RATINGS=more.csv run -0 night
    refute_output --partial "weights are those"
    # The same ratings with one model more, which the environment names.
    MODELS="item mf ials hybrid" RATINGS=more.csv run -0 night
    assert_output --partial "00004-"
    refute_output --partial "weights are those"
    MODELS="item mf ials hybrid" RATINGS=more.csv run -0 night --make=hybrid.rank.parents="item ials"
    refute_output --partial "weights are those"
}

@test "tuned models go on from tuned ones of the same settings, in few sweeps" {
    first_of() { rs-view --header "$HOME_/current/mf.predict" | head -n 1 | jq -c "$1"; }
    echo 'mf.predict = rs-factor $(matrix) --method mf --sweeps 30 --factors 8' >tuned.mk
    sample_and 10 >more.csv
    RATINGS=more.csv night --make=TUNED="$PWD/tuned.mk"
    assert_equal "$(first_of '[.factors, .sweeps, .from]')" '[8,30,null]'
    mv tuned.mk moved.mk
    sample_and 20 >more.csv
    RATINGS=more.csv run -0 night --make=TUNED="$PWD/moved.mk"
    assert_output --partial "weights are those of 00002-"
    assert_equal "$(first_of '[.factors, .sweeps < 30, has("from")]')" '[8,true,true]'
    sed -i 's/30/31/' moved.mk
    RATINGS=more.csv run -0 night --make=TUNED="$PWD/moved.mk"
    assert_equal "$(first_of '[.factors, .sweeps, .from]')" '[8,31,null]'
}

@test "what can't be gone on from is made anew, and the night says so" {
    truncate -s 100 "$HOME_"/nights/00001*/all/model/mf.predict
    sample_and 10 >more.csv
    RATINGS=more.csv run -0 night
    assert_output --partial "items; it could not go on from 00001-"
    assert_equal "$(status learned_anew),$(status nights_gone_on)" 1,0
    grep -q '^rs-factor: .*mf.predict' "$HOME_"/nights/00002*/log
    sample_and 20 >more.csv
    RATINGS=more.csv run -0 night
    assert_output --partial "weights are those of 00002-"
}

@test "a night that keeps the weights makes the same bytes as one that never stopped" {
    sample_and 20 >more.csv
    cp -r "$HOME_" "$BATS_TEST_TMPDIR/other"
    RATINGS=more.csv night
    HOME_=$BATS_TEST_TMPDIR/other
    # Killed again and again, each time a little later.
    local after=0.1 n=0 pid
    while [ -z "$(cat "$HOME_"/nights/00002*/outcome 2>/dev/null)" ]; do
        MODELS="item mf hybrid" JOBS=2 setsid "$ROOT/pipelines/nightly" --home="$HOME_" --ratings=more.csv \
            --items="$SAMPLE_ITEMS" --margin=0.02 &
        pid=$!
        sleep $after
        kill -KILL -- -$pid || true
        wait $pid || true
        flock "$HOME_/lock" true # what it had started has ended, too
        rs-model --check "$HOME_/current"
        after=$(awk -v a=$after 'BEGIN { print a * 1.6 }')
        n=$((n + 1))
    done
    [ $n -gt 2 ]
    for file in all/model/manifest.json gate/model/manifest.json gate.csv; do
        cmp "$HOME_"/nights/00002*/$file "$BATS_TEST_TMPDIR"/home/nights/00002*/$file
    done
}

@test "a worse model is not published, unless it is accepted" {
    # A hybrid that has lost what it was made of.
    sample_and 20 >more.csv
    worse=(--make=hybrid.predict.parents=baseline --make=hybrid.rank.parents=popular)
    RATINGS=more.csv run -65 --separate-stderr night "${worse[@]}"
    assert_equal "$output" ""
    assert_equal "${#stderr_lines[@]}" 1
    [[ $stderr == "nightly: refused: "*"; the current model stays ("*/log")" ]]
    [[ $stderr == *rmse* || $stderr == *ndcg* ]]
    [[ $(current) == 00001-* ]]
    assert_equal "$(status outcome)" refused
    RATINGS=more.csv run -65 night "${worse[@]}"
    assert_output --partial "nothing is new since 00002-"
    RATINGS=more.csv run -0 night "${worse[@]}" --accept
    [[ $(current) == 00003-* || $(current) == 00002-* ]]
}

@test "a shrunken or a shifted set of ratings is refused before anything is built" {
    head -n 2000 "$SAMPLE" >fewer.csv
    RATINGS=fewer.csv run -65 night
    assert_output --partial "only 1999 ratings, 2660 in the current model"
    [ ! -e "$HOME_"/nights/00002*/all ]
    awk -F, -v OFS=, 'NR > 1 { $3 = 5 } 1' "$SAMPLE" >shifted.csv
    RATINGS=shifted.csv run -65 night
    assert_output --partial "the distribution of ratings moved by 0."
    # Who accepts that has everything made anew.
    RATINGS=shifted.csv run -0 night --accept
    assert_equal "$(status learned_anew)" 1
}

@test "--rollback publishes what was before" {
    run -65 night --rollback
    assert_output --partial "no earlier model"
    sample_and 20 >more.csv
    RATINGS=more.csv night
    [[ $(current) == 00002-* ]]
    run -0 night --rollback
    assert_output --partial "00001-"
    [[ $(current) == 00001-* ]]
    rs-model --check "$HOME_/current"
    assert_equal "$(cat "$HOME_"/nights/00002*/outcome)" withdrawn
    # What was withdrawn stays out until something is new.
    RATINGS=more.csv run -0 night
    assert_output --partial "which was withdrawn"
    [[ $(current) == 00001-* ]]
    sample_and 30 >more.csv
    RATINGS=more.csv run -0 night
    [[ $(current) == 00003-* ]]
}

@test "only the last nights are kept" {
    local n
    for n in 10 20; do
        sample_and $n >more.csv
        RATINGS=more.csv night --keep=2
    done
    assert_equal "$(nights | cut -d- -f1 | tr '\n' ' ')" "00002 00003 "
    assert_equal "$(find "$HOME_/nights" -name '*matrix.rs' -not -path '*/models/*')" ""
}

@test "two nights at once: the second leaves with 75" {
    exec 8>"$HOME_/lock"
    flock 8
    run -75 night
    assert_output --partial "another run is at it"
    exec 8>&-
    run -0 night
}

@test "a corrupt journal file is put aside, and the night goes on and says so, also when nothing else is new" {
    printf 'user,item,rating\nnewest,101,5\n' | rs-clean -q -o journal/2.rs
    printf '\377' | dd of=journal/2.rs bs=1 seek=300 conv=notrunc status=none
    run -0 night --journal=journal
    assert_output --regexp "^nightly: unchanged: nothing is new .*; 1 journal file was corrupt and is in $HOME_/quarantine\$"
    assert_equal "$(ls journal),$(ls "$HOME_/quarantine" | wc -l),$(status quarantined)" ,1,1
    assert_equal "$(status ratings)" 2660
}

@test "a clock that goes backwards does not make an old night the latest, nor what an interrupted one left new" {
    mkdir fake
    printf '#!/bin/sh\ncase "$*" in *%%F) echo 1999-01-01 ;; *) exec /bin/date "$@" ;; esac\n' >fake/date
    chmod +x fake/date
    sample_and 20 >more.csv
    RATINGS=more.csv PATH=$PWD/fake:$PATH run -0 night
    assert_equal "$(current)" 00002-1999-01-01
    # As if interrupted after the models were made of fewer ratings, by a clock that was an hour fast.
    cp -a "$HOME_"/nights/00001* "$HOME_/nights/00003-2000-01-01"
    rm "$HOME_"/nights/00003*/outcome
    find "$HOME_"/nights/00003* -exec touch -hd '1 hour' {} +
    sample_and 30 >more.csv
    RATINGS=more.csv run -0 night
    assert_output --partial "00003-2000-01-01: 2690 ratings"
    assert_equal "$(rs-view --header "$HOME_/current/matrix.rs" | head -n 1 | jq .ratings)" 2690
}

@test "a half-published model: the next run sets it right" {
    sample_and 20 >more.csv
    RATINGS=more.csv night
    # As if it had been stopped between the rename and its note of it; and before: a link that was made and not renamed is
    # no harm.
    rm "$HOME_"/nights/00002*/outcome
    ln -s nowhere "$HOME_/current.tmp"
    RATINGS=more.csv run -0 night
    assert_output --partial "nothing is new since 00002-"
    assert_equal "$(current | cut -d- -f1),$(cat "$HOME_"/nights/00002*/outcome)" 00002,published
    rs-model --check "$HOME_/current"
}

@test "no input, no folder, no space, no number: one line and its code" {
    RATINGS=nowhere.csv run -66 night
    assert_output "nightly: nowhere.csv: can't be read"
    touch file
    HOME_=$PWD/file/x run -73 night
    assert_output "nightly: $PWD/file/x: can't be written"
    run -64 night --keep=0
    run -64 night --no-such
    HOME_="$PWD/my home" run -64 night
    assert_output "nightly: --home=$PWD/my home: make needs a folder without blanks and special characters in its path"
    [ ! -e "my home" ]
    run -64 "$ROOT/pipelines/nightly"
    run -0 "$ROOT/pipelines/nightly" --help
    assert_output --partial "Example crontab"
}

@test "a full disk and a read-only one fail the night and leave the current model" {
    unshare -m true 2>/dev/null || skip "no namespaces to mount a small disk in"
    sample_and 20 >more.csv
    export HOME_ SAMPLE_ITEMS ROOT
    run -74 unshare -m bash -c '
        mkdir small && mount -t tmpfs -o size=4m none small && cp -r "$HOME_/." small/ 2>/dev/null
        fill=$(df --output=avail -k small | tail -n 1); head -c $((fill * 1024 - 200000)) /dev/zero >small/fill
        "$ROOT/pipelines/nightly" --home=small --ratings=more.csv --items="$SAMPLE_ITEMS" \
            --make=MODELS="item mf hybrid"; code=$?
        rs-model --check small/current && [[ $(readlink small/current) == *00001-* ]] || exit 1
        exit $code'
    assert_output --partial "No space left on device"

    run -73 unshare -m bash -c '
        mount --bind "$HOME_" "$HOME_" && mount -o remount,ro,bind "$HOME_" &&
        "$ROOT/pipelines/nightly" --home="$HOME_" --ratings=more.csv'
    assert_output "nightly: $HOME_: can't be written"
}

@test "the crontab and the timer are such" {
    "$ROOT/pipelines/nightly" --help | sed -n '/^Example crontab/,$p' | tail -n +2 >crontab
    awk 'NF < 6 || $1 !~ /^[0-9*]+$/ || $2 !~ /^[0-9*]+$/ { exit 1 } END { exit NR == 0 }' crontab
    # Its command takes the options it is given.
    sed 's/^ *[0-9*]* [0-9*]* [*] [*] [*] *nightly//' crontab >line
    run -66 bash -c "'$ROOT/pipelines/nightly' $(cat line)"
    command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
    sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|; s/^\(User\|Documentation\)=.*//' "$ROOT/pipelines/package/rs-nightly.service" >rs-nightly.service
    sed '/^Documentation/d' "$ROOT/pipelines/package/rs-nightly.timer" >rs-nightly.timer
    run -0 systemd-analyze verify ./rs-nightly.service ./rs-nightly.timer
    assert_output ""
}
