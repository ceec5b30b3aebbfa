# The make graph: comparisons on the sample, what is rebuilt, what stays the same.

setup() {
    load helper
    _common_setup
    cd "$ROOT" || return 1
    OUT=$BATS_TEST_TMPDIR/out
    export MAKEFLAGS=
}

@test "cv leaves tidy metrics of every model and fold, and a summary" {
    run -0 make -s cv RATINGS="$SAMPLE" ITEMS="$SAMPLE_ITEMS" USERS="$SAMPLE_USERS" FOLDS=3 OUT="$OUT" QUICK=1
    assert_equal "$(head -n 1 "$OUT/metrics.csv")" "model,fold,segment,metric,value,n"
    for model in random popular global-mean user-mean item-mean baseline user item user-item hybrid; do
        for fold in 1 2 3 all; do
            grep -q "^$model,$fold,all,ndcg@10," "$OUT/metrics.csv" || fail "$model $fold"
        done
        [ $model = popular ] || grep -q "^$model,all,all,rmse," "$OUT/metrics.csv" || fail "$model"
    done
    for metric in rmse mae precision@10 recall@10 ndcg@10 coverage; do
        grep -q "^hybrid,all,all,$metric," "$OUT/metrics.csv" || fail "$metric"
    done
    grep -q hybrid "$OUT/summary.txt"
    head -n 1 "$OUT/jobs.log" | grep -q Exitval

    # Nothing changed: nothing is made again.
    find "$OUT" -name '*.rs' -newer "$OUT/metrics.csv" >"$BATS_TEST_TMPDIR/before"
    touch "$BATS_TEST_TMPDIR/mark"
    make -s cv RATINGS="$SAMPLE" ITEMS="$SAMPLE_ITEMS" USERS="$SAMPLE_USERS" FOLDS=3 OUT="$OUT" QUICK=1
    assert_equal "$(find "$OUT" -name '*.rs' -newer "$BATS_TEST_TMPDIR/mark")" ""
}

@test "the bytes do not depend on the number of jobs" {
    make -s cv RATINGS="$SAMPLE" FOLDS=2 OUT="$OUT/one" JOBS=1 MODELS="baseline user item user-item"
    make -s cv RATINGS="$SAMPLE" FOLDS=2 OUT="$OUT/three" JOBS=3 MODELS="baseline user item user-item"
    cmp "$OUT/one/metrics.csv" "$OUT/three/metrics.csv"
    cmp "$OUT/one/fold-1/user-item.blend" "$OUT/three/fold-1/user-item.blend"
}

@test "make -j does the same, and says nothing of its job server" {
    make -s cv RATINGS="$SAMPLE" FOLDS=2 OUT="$OUT/one" MODELS="baseline user item user-item" >/dev/null
    run -0 --separate-stderr make -j2 -s cv RATINGS="$SAMPLE" FOLDS=2 OUT="$OUT/two" MODELS="baseline user item user-item"
    assert_equal "$stderr" ""
    cmp "$OUT/one/metrics.csv" "$OUT/two/metrics.csv"
    MAKEFLAGS=-j2 make -s holdout TRAIN="$SAMPLE" TEST="$SAMPLE" OUT="$OUT/split" MODELS=popular
    make -j2 -s tune RATINGS="$SAMPLE" OUT="$OUT/tuned" TRIALS=1 TUNE=item MODELS=item
    make -j2 -s model RATINGS="$SAMPLE" OUT="$OUT/use" MODELS="item hybrid" QUICK=1
}

@test "a changed parameter makes its models anew, and only them" {
    make -s cv RATINGS="$SAMPLE" FOLDS=2 OUT="$OUT" MODELS="user item"
    touch "$BATS_TEST_TMPDIR/mark"
    make -s cv RATINGS="$SAMPLE" FOLDS=2 OUT="$OUT" MODELS="user item" \
        item.predict='rs-sim $(matrix) --side item --neighbours 5'
    run -0 bash -c "find '$OUT' -name '*.rs' -newer '$BATS_TEST_TMPDIR/mark' | sed 's|.*/||' | sort -u"
    assert_output "item.predict.rs"
}

@test "holdout judges a split that is given" {
    cd "$BATS_TEST_TMPDIR"
    awk 'NR == 1 { print >"train.csv"; print >"test.csv"; next } { print >(NR % 5 ? "train.csv" : "test.csv") }' "$SAMPLE"
    make -s -C "$ROOT" holdout TRAIN="$PWD/train.csv" TEST="$PWD/test.csv" OUT="$OUT" MODELS="baseline item user user-item"
    grep -q '^user-item,all,all,ndcg@10,' "$OUT/metrics.csv"
    grep -q '^item,all,all,rmse,' "$OUT/metrics.csv"
}

@test "of counts models only rank" {
    awk -F, -v OFS=, 'NR == 1 { print "user,item,count"; next } { print $1, $2, int(2 ^ (2 * $3)) }' "$SAMPLE" \
        >"$BATS_TEST_TMPDIR/counts.csv"
    run -0 make -s cv RATINGS="$BATS_TEST_TMPDIR/counts.csv" FOLDS=2 OUT="$OUT" MODELS="popular item mf svd++ gibbs ials hybrid"
    assert_output --partial "every test item is relevant"
    grep -q '^hybrid,all,all,ndcg@10,' "$OUT/metrics.csv"
    run -1 grep -E 'rmse|,mf,|gibbs|[Nn]a[Nn]' "$OUT/metrics.csv"
    assert_equal "$(rs-view --header "$OUT/fold-1/hybrid.blend" | head -n 1 | jq -c .parents)" \
        '["ials","item","popular"]'
}

@test "a failing job is named and stops the rest" {
    run make -s cv RATINGS="$SAMPLE" FOLDS=2 OUT="$OUT" MODELS="item" item.predict='rs-sim $(matrix) --side nobody'
    [ "$status" -ne 0 ]
    assert_output --partial "this job failed: make -s -f pipelines/cell.mk CELL=$OUT/fold-"
    assert_output --partial "scores-item"
    [ ! -e "$OUT/metrics.csv" ]
}

@test "decimal points are points wherever a user lives" {
    LC_ALL=de_DE.UTF-8 run -0 --separate-stderr make -s --eval='locale: ; @echo $$LC_ALL' locale
    assert_output C
    # and with a locale that says otherwise, if one can be made here
    mkdir "$BATS_TEST_TMPDIR/locales"
    localedef -i de_DE -f UTF-8 "$BATS_TEST_TMPDIR/locales/de_DE.UTF-8" 2>/dev/null || skip "no localedef or no de_DE"
    export LOCPATH=$BATS_TEST_TMPDIR/locales LC_ALL=de_DE.UTF-8
    run -0 make -s tune RATINGS="$SAMPLE" OUT="$OUT" TRIALS=1 TUNE=item MODELS=item
    assert_output --regexp 'predict +0\.[5-9]'
}

@test "RATINGS that are missing are asked for" {
    run make -s cv
    [ "$status" -ne 0 ]
    assert_output --partial "RATINGS=FILE is missing"
}

@test "files may be called what the system allows" {
    cd "$BATS_TEST_TMPDIR"
    mkdir "my data"
    cp "$SAMPLE" "my data/it's R&D (1): ü.csv"
    cp "$SAMPLE_ITEMS" 'a "title"; $HOME.csv'
    awk 'NR % 2 == 0' "$SAMPLE" >odd.csv
    awk 'NR % 2 == 1' "$SAMPLE" >even:1.csv
    make -s -C "$ROOT" cv RATINGS="$PWD/my data/it's R&D (1): ü.csv" ITEMS="$PWD/a \"title\"; \$\$HOME.csv" FOLDS=2 OUT="$OUT" \
        MODELS=popular
    rs-view --items "$OUT/ratings.rs" | grep -q Harbour
    # Several are one a word, and a pattern is what it matches.
    make -s -C "$ROOT" cv RATINGS="$PWD/odd.csv $PWD/even*.csv" FOLDS=2 OUT="$OUT/two" MODELS=popular
    diff <(rs-view -f csv -c user,item,rating "$OUT/two/ratings.rs" | sort) \
        <(rs-view -f csv -c user,item,rating "$OUT/ratings.rs" | sort)
    make -s -C "$ROOT" holdout TRAIN="$PWD/odd.csv" TEST="$PWD/even:1.csv" OUT="$OUT/split" MODELS=popular
}

@test "the house may stand in a folder with blanks" {
    cd "$BATS_TEST_TMPDIR"
    mkdir -p "my house/build" cell
    cp -r "$ROOT/pipelines" "my house/"
    cp -r "$(dirname "$(command -v rs-clean)")" "my house/build/bin"
    rs-clean "$SAMPLE" -o cell/train.rs
    cd "my house"
    PATH="$PWD/build/bin:$PATH" make -s -f pipelines/cell.mk CELL=../cell ../cell/matrix.rs
    rs-view --check ../cell/matrix.rs
}

@test "what is wrong on make's command line is said in a line, before anything is made" {
    refuses() { # WHAT-IS-SAID MAKE'S-ARGUMENTS...
        local said=$1
        shift
        run ! make -s "$@"
        assert_output --partial "$said"
        assert_equal "${#lines[@]}" 1
        [ -z "$(find "$OUT" -name '*.rs' 2>/dev/null)" ] || fail "there is $(find "$OUT" -name '*.rs')"
    }
    refuses "RATINGS=none.csv: there is no none.csv" cv RATINGS=none.csv OUT="$OUT"
    refuses "ITEMS=none.csv: there is no none.csv" model RATINGS="$SAMPLE" ITEMS=none.csv OUT="$OUT"
    refuses "TEST=none.csv: there is no none.csv" holdout TRAIN="$SAMPLE" TEST=none.csv OUT="$OUT"
    refuses "OUT is empty" cv RATINGS="$SAMPLE" OUT=
    refuses "OUT=$OUT/my results: a folder without blanks" cv RATINGS="$SAMPLE" OUT="$OUT/my results"
    refuses "OUT=/proc/none: mkdir: cannot create" cv RATINGS="$SAMPLE" OUT=/proc/none
    refuses "FOLDS=1: no whole number from 2" cv RATINGS="$SAMPLE" OUT="$OUT" FOLDS=1
    refuses "FOLDS=three: no whole number from 2" report RATINGS="$SAMPLE" OUT="$OUT" FOLDS=three
    refuses "SEED=: no whole number from 0" cv RATINGS="$SAMPLE" OUT="$OUT" SEED=
    refuses "JOBS=all: no whole number from 0" cv RATINGS="$SAMPLE" OUT="$OUT" JOBS=all
    refuses "TRIALS=0: no whole number from 1" tune RATINGS="$SAMPLE" OUT="$OUT" TRIALS=0
    refuses "TUNE=itme: itme has nothing to search" tune RATINGS="$SAMPLE" OUT="$OUT" TUNE=itme
    refuses "MODELS is empty" cv RATINGS="$SAMPLE" OUT="$OUT" MODELS=
    refuses "MODELS=popular itme: there is no model itme; there are random" cv RATINGS="$SAMPLE" OUT="$OUT" MODELS="popular itme"
    refuses "user-item is made of item as well" cv RATINGS="$SAMPLE" OUT="$OUT" MODELS="user user-item"
    refuses "hybrid needs a model beside it that ranks" cv RATINGS="$SAMPLE" OUT="$OUT" MODELS="baseline hybrid"
    refuses "hybrid is not among them" model RATINGS="$SAMPLE" OUT="$OUT" MODELS="popular item"
}

@test "JOBS=0 is one a processor, and a model may be one's own" {
    make -s cv RATINGS="$SAMPLE" FOLDS=2 OUT="$OUT" MODELS="item twin" JOBS=0 twin.rank='rs-sim $(matrix) --side item'
    grep -q '^twin,all,all,ndcg@10,' "$OUT/metrics.csv"
}

@test "what needs no ratings leaves no folder for results" {
    cp -r Makefile pipelines tools common "$BATS_TEST_TMPDIR"
    cd "$BATS_TEST_TMPDIR"
    run -0 make -s help
    [ ! -e out ]
}

@test "the main job takes the built-in sample where there is no network, and lists films" {
    RS_DATA=/nonexistent RS_DOWNLOAD_SECONDS=1 OUT=$OUT QUICK=1 FOLDS=2 run -0 env https_proxy=http://127.0.0.1:9 pipelines/run
    assert_output --partial "using the built-in sample"
    assert_output --partial "For user"
    assert_output --regexp ' 10  [A-Z]'
    [ -s "$OUT/metrics.csv" ]
}

@test "the hybrid of the planted sample finds what was planted" {
    RS_DATA=/nonexistent
    make -s model RATINGS="$SAMPLE" ITEMS="$SAMPLE_ITEMS" OUT="$OUT"
    # User u likes genre (u - 1) mod 6, and so does item 101 + (u - 1) mod 6 and every sixth one.
    run -0 bash -c "rs-view -f csv -c user,item '$OUT/all/top.rs' |
        awk -F, 'NR > 1 { n++; liked += (\$1 - 1) % 6 == (\$2 - 101) % 6 } END { print liked / n }'"
    awk -v share="$output" 'BEGIN { exit !(share > 0.3) }' # by chance it were 1/6
    # What only predicts helps to rank, by the same file.
    run -0 bash -c "rs-model '$OUT/model' | grep -E ',(gibbs|svd)' | cut -d, -f 1-3"
    assert_output "predict,gibbs,gibbs.predict
predict,svd++,svd++.predict
rank,svd++,svd++.predict"
    # the lists are those in the folder, which nobody has to compute again
    rs-view -f csv -c user,item,score "$OUT/all/top.rs" >"$OUT/listed"
    rs-score -q --matrix "$OUT/all/matrix.rs" --blend "$OUT/all/hybrid.blend" --top 10 $(rs-model "$OUT/model" |
        awk -F, -v of="$OUT/model/" '$1 == "rank" && $4 != "blend" { print "--model " $2 ($3 == "" ? "" : "=" of $3) }') |
        rs-view -f csv -c user,item,score | diff "$OUT/listed" -
    # with a context model on demand, and again without
    [ "$(jq -c '[.context, .lists]' "$OUT/model/manifest.json")" = '[null,"lists.rs"]' ]
    make -s model RATINGS="$SAMPLE" ITEMS="$SAMPLE_ITEMS" OUT="$OUT" CONTEXT_MODEL=1
    [ "$(jq -c '[.context, .lists]' "$OUT/model/manifest.json")" = '["context.rs",null]' ]
    make -s model RATINGS="$SAMPLE" ITEMS="$SAMPLE_ITEMS" OUT="$OUT"
    [ "$(jq .context "$OUT/model/manifest.json")" = null ]
}

@test "tune tries equally many sets for each model, keeps the best, and is not repeated" {
    run -0 make -s tune RATINGS="$SAMPLE" OUT="$OUT" TRIALS=3 TUNE="user item"
    assert_equal "$(grep -c 'in 4 trials' <<<"$output")" 4
    assert_equal "$(grep -c ' = rs-sim ' "$OUT/all/tuned.mk")" 4
    # Never worse than the default on what it was chosen by.
    awk '/trials/ { sub(/\)/, "", $5); better = $2 == "predict" ? $3 <= $5 : $3 >= $5; if (!better) exit 1 }' <<<"$output"
    touch "$BATS_TEST_TMPDIR/mark"
    again=$(make -s tune RATINGS="$SAMPLE" OUT="$OUT" TRIALS=3 TUNE="user item")
    assert_equal "$again" "$output"
    assert_equal "$(find "$OUT/all/tune" -type f -newer "$BATS_TEST_TMPDIR/mark")" ""
    make -s cv RATINGS="$SAMPLE" OUT="$OUT" FOLDS=2 MODELS="user" TUNED="$OUT/all/tuned.mk"
    chosen=$(sed -n 's/^user.predict = rs-sim $(matrix) //p' "$OUT/all/tuned.mk")
    grep -qF -- "$chosen" "$OUT/fold-1/how/user.predict"
}

@test "every model has parameters to search for; a best value at the end of its list is flagged" {
    models="mf svd++ gibbs ease ials" few=$BATS_TEST_TMPDIR/few.csv
    awk -F, 'NR == 1 || $1 <= 30' "$SAMPLE" >"$few"
    run -0 make -s tune RATINGS="$few" OUT="$OUT" TRIALS=2 TUNE="$models" JOBS=2
    for model in $models; do
        assert_regex "$output" "${model//+/[+]} +(predict|rank) .* in 3 trials"
        grep -qF -- "--method $model" "$OUT/all/tuned.mk"
    done
    # What was drawn depends on the seed alone; other numbers of trials go on from there.
    cat "$OUT"/all/tune/*.[12] | grep rs-factor | sort >"$BATS_TEST_TMPDIR/drawn"
    make -s tune RATINGS="$few" OUT="$OUT" TRIALS=3 TUNE=ease >"$BATS_TEST_TMPDIR/more"
    grep -q 'in 4 trials' "$BATS_TEST_TMPDIR/more"
    cat "$OUT"/all/tune/*.[12] | grep rs-factor | sort | cmp - "$BATS_TEST_TMPDIR/drawn"
    # Trials made up, of which the best has the greatest lambda and no dropout.
    for n in 0 1 2; do
        printf 'rs-factor\n0.%d\n--lambda %d --dropout 0\n5\n' $n $((n * 10)) >"$OUT/all/tune/x.rank.$n"
    done
    run -0 pipelines/choose "$OUT/all" <<<"x|rank|rs-factor|--lambda 0,10,20 --dropout 0,0.1"
    assert_regex "$output" 'at the edge: --lambda 20$'
    run -0 pipelines/choose "$OUT/all" <<<"x|rank|rs-factor|--lambda 0,10,20,30 --dropout 0,0.1"
    refute_output --partial "at the edge"
}

@test "there may be more jobs than a command line has room for" {
    cd "$BATS_TEST_TMPDIR"
    cp -r "$ROOT/pipelines" .
    printf '#!/bin/sh\ncat >got\n' >pipelines/jobs # instead of doing thousands of jobs
    printf '#!/bin/sh\n' >pipelines/choose
    printf 'SHELL := bash\nbin := %s\ninclude pipelines/cv.mk pipelines/tune.mk\n' "$(dirname "$(command -v rs-split)")" >Makefile
    make -s search RATINGS="$SAMPLE" OUT=out NESTED=1 TRIALS=60
    assert_equal "$(grep -c '^pipelines/trial ' got)" $((5 * 9 * 61)) # folds, searches of all models, trials and the default
    [ "$(wc -c <got)" -gt 500000 ]
    grep -q 'CELL=out/fold-5 out/fold-5/matrix.rs inner' got
}

@test "nested tuning stays within the training data of each fold" {
    make -s tune RATINGS="$SAMPLE" OUT="$OUT" TRIALS=1 TUNE=item NESTED=1 FOLDS=2
    [ -s "$OUT/fold-1/tuned.mk" ]
    [ -s "$OUT/fold-2/tuned.mk" ]
    [ ! -e "$OUT/all" ]
}
