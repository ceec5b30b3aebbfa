# The report: a page that a browser shows without complaint, whose tables hold the figures, and which leaves out what can't be said.

setup_file() {
    load helper
    ROOT=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
    export MAKEFLAGS= PAGE=$BATS_FILE_TMPDIR/out
    make -s -C "$ROOT" report RATINGS="$ROOT/data/sample/ratings.csv" ITEMS="$ROOT/data/sample/items.csv" \
        MODELS="random popular global-mean user-mean item-mean baseline user item mf ease ials user-item hybrid" \
        USERS="$ROOT/data/sample/users.csv" FOLDS=3 OUT="$PAGE" >"$BATS_FILE_TMPDIR/log" 2>&1 ||
        { cat "$BATS_FILE_TMPDIR/log"; return 1; }
}

setup() {
    load helper
    _common_setup
}

# report OUT ARGUMENT...: makes one quietly
report() {
    local out=$1
    shift
    make -s -C "$ROOT" report OUT="$out" "$@" >log 2>&1 || { cat log; return 1; }
}

# browse FILE [OPTION...]: what the page is to a browser on stdout, its complaints in `complaints`
browse() {
    local page=$1
    shift
    timeout 100 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync \
        --user-data-dir="$PWD/profile" --enable-logging=stderr --log-level=0 "$@" --dump-dom "file://$page" 2>all
    grep -E 'CONSOLE|ERR_' all >complaints || true
}

@test "one self-contained file, small enough to send" {
    tail -n 1 "$BATS_FILE_TMPDIR/log" | grep -q "^Report: $PAGE/report.html$"
    [ "$(stat -c %s "$PAGE/report.html")" -lt 3000000 ]
    run -1 grep -nE '(src|href)="?(https?:)?//|@import|<script|url\(http' "$PAGE/report.html"
    # Well-formed pictures, each with its caption, which says how many.
    assert_equal "$(grep -c '^<svg' "$PAGE/report.html")" "$(grep -c '</svg>' "$PAGE/report.html")"
    for picture in rating tail share activity matrix months hours accuracy ranking precision folds-accuracy folds-ranking costs beyond factors; do
        grep -q "<figure id=\"$picture\">" "$PAGE/report.html" || fail "no picture $picture"
        grep -qF "(report/$picture.svg)" "$PAGE/report.md" || fail "no picture $picture in Markdown"
        python3 -c 'import sys, xml.dom.minidom as d; d.parse(sys.argv[1])' "$PAGE/report/$picture.svg"
    done
    run -1 grep -inE '[^a-z](nan|inf)[^a-z]' "$PAGE/report.md"
}

# looks PAGE: adds a script to a copy of a page that says what is there, at desk and phone width, in light and dark, each in a frame
looks() {
    cp "$1" page.html
    cat >>page.html <<'END'
<script>
const root = document.documentElement, pictures = [...document.querySelectorAll("figure svg")];
const bad = pictures.filter(s => s.getBoundingClientRect().height < 50 || !s.querySelector("path, polygon"));
const dark = getComputedStyle(document.body).backgroundColor;
parent.postMessage(`${innerWidth}: pictures ${pictures.length} bad ${bad.length} wider ${root.scrollWidth - root.clientWidth} ${dark}`, "*");
</script>
END
    cat >frames.html <<'END'
<iframe src="page.html" width="1280" height="900"></iframe><iframe src="page.html" width="390" height="900"></iframe>
<script>addEventListener("message", e => { document.body.append(document.createElement("p")); document.body.lastChild.textContent = e.data; });</script>
END
    for scheme in 1 0; do
        browse "$PWD/frames.html" --blink-settings=preferredColorScheme=$scheme --virtual-time-budget=5000 >dom
        assert_equal "$(cat complaints)" ""
        grep -oE '(1280|390): pictures [^<]*' dom | sort -n
    done
}

@test "a browser shows every picture and has nothing to complain of, wide or narrow, light or dark" {
    command -v chromium >/dev/null || skip "NO CHROMIUM: the page was not looked at in a browser"
    run -0 looks "$PAGE/report.html"
    assert_output "390: pictures 15 bad 0 wider 0 rgb(255, 255, 255)
1280: pictures 15 bad 0 wider 0 rgb(255, 255, 255)
390: pictures 15 bad 0 wider 0 rgb(20, 23, 27)
1280: pictures 15 bad 0 wider 0 rgb(20, 23, 27)"
}

@test "on paper it is light, whatever the screen is" {
    command -v chromium >/dev/null || skip "NO CHROMIUM: the page was not printed"
    timeout 100 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$PWD/profile" \
        --blink-settings=preferredColorScheme=0 --print-to-pdf=page.pdf "file://$PAGE/report.html" 2>/dev/null
    [ "$(head -c 5 page.pdf)" = "%PDF-" ]
    run -0 sed -n '/@media print/,$p' "$PAGE/report.html"
    assert_output --partial "--page: #fff"
    assert_output --partial "break-before: page"
}

@test "cells of the matrix neither overlap nor leave gaps" {
    grep -oP "<polygon.*points = '\K[^']*" "$PAGE/report/matrix.svg" >cells
    [ "$(wc -l <cells)" -gt 1000 ]
    run -1 grep -q '\.' cells
    awk -F'[ ,]' '{ w[$3 - $1]; h[$2 - $6] } END { for (i in w) n++; for (i in h) m++; exit n != 1 || m != 1 }' cells
}

@test "the tables hold the figures of metrics.csv" {
    for model in random global-mean baseline user item user-item hybrid; do
        for metric in rmse mae ndcg@10 precision@10 recall@10; do
            value=$(awk -F, -v m=$model -v k=$metric '$1 == m && $2 == "all" && $3 == "all" && $4 == k { printf "%.4f", $5 }' "$PAGE/metrics.csv")
            grep "^| $model |" "$PAGE/report.md" | grep -qF "$value" || fail "$model $metric $value is not in its row"
            grep -F "<th scope=\"row\">$model</th>" "$PAGE/report.html" | grep -qF "$value" || fail "$model $metric $value is not in the page"
        done
    done
}

@test "what is said follows from the tests" {
    # user-item and hybrid can't be told apart over folds, and user-item is better than either part (planted).
    grep -q '^- \*\*To expect ratings, take user-item.\*\*' "$PAGE/report.md"
    grep -qE '^\| users with .* ratings \| ' "$PAGE/report.md"
    # Two models that are the same: nothing differs, and that is what it says.
    report "$PWD/same" RATINGS="$SAMPLE" FOLDS=2 MODELS="global-mean user item twin" \
        twin.predict='rs-sim $(matrix) --side user --metric pearson-baseline --neighbours 300' \
        twin.rank='rs-sim $(matrix) --side user --metric cosine --over full --neighbours 50'
    grep -q 'no difference between \*\*twin\*\* and \*\*user\*\* is shown' same/report.md
    refute [ "$(grep -cE 'twin\*\* is better than \*\*user|user\*\* is better than \*\*twin' same/report.md)" -gt 0 ]
    grep -q '^- \*\*Sample recommendations:\*\*' same/report.md
    grep -q '^- \*\*User:\*\* nothing is known of the users' same/report.md
}

@test "one model, one fold, no times, no side tables" {
    cut -d, -f1-3 "$SAMPLE" >bare.csv
    report "$PWD/one" RATINGS="$PWD/bare.csv" MODELS=baseline SPLIT="--holdout 0.2"
    grep -q 'It is the only model' one/report.md
    grep -q '^- \*\*Time:\*\* no rating has a time' one/report.md
    grep -q '^- \*\*Comparison of models:\*\*' one/report.md
    grep -q '^- \*\*Stability over folds:\*\*' one/report.md
    grep -q '^- \*\*Segments by time, weekday and hour:\*\*' one/report.md
    grep -q '^- \*\*Diversity of lists' one/report.md
    for picture in months hours folds-accuracy folds-ranking costs beyond; do
        run -1 grep -q "<figure id=\"$picture\">" one/report.html
    done
    run -1 grep -qE 'is better than|beats|Bold|Simpler|[Aa]ll models|ahead in every fold' one/report.md
    # Markdown shows the pictures there are; bold is what is best of several.
    grep -oP '^!.*\]\(\K[^)]*' one/report.md >pictures
    [ "$(wc -l <pictures)" -gt 4 ]
    while read -r picture; do [ -s "one/$picture" ] || fail "no $picture"; done <pictures
    run -1 grep -q '^| baseline .*\*\*' one/report.md
    # With one test set there are no folds to agree. Of ratings of any size an axis has room for the marks.
    awk -F, -v OFS=, 'NR > 1 { $3 *= 20000 } { print }' bare.csv >large.csv
    report "$PWD/two" RATINGS="$PWD/large.csv" MODELS="baseline user" SPLIT="--holdout 0.2"
    run -1 grep -qE 'all folds|in how many|\| folds' two/report.md
    grep -q '^| against | gain | 95 % interval | wins | effect | p (users) | shown |$' two/report.md
    [ "$(grep -c '<text' two/report/accuracy.svg)" -lt 20 ]
}

@test "implicit feedback, in a given split" {
    cut -d, -f1,2 "$SAMPLE" | awk 'NR == 1 { print >"train.csv"; print >"test.csv"; next } { print >(NR % 5 ? "train.csv" : "test.csv") }'
    report "$PWD/implicit" TRAIN="$PWD/train.csv" TEST="$PWD/test.csv" MODELS="popular user item"
    grep -q 'To list what a user will like' implicit/report.md
    run -1 grep -q '^- \*\*To expect ratings' implicit/report.md
    grep -q '^- \*\*Expected ratings (RMSE, MAE):\*\* the feedback is implicit' implicit/report.md
    run -1 grep -q '<figure id="accuracy">' implicit/report.html
    grep -q '^## What the lists are like' implicit/report.md
    grep -q '^Factors of what users take' implicit/report.md
    run -1 grep -inE '[^a-z](nan|inf)[^a-z]|RMSE [^(]' implicit/report.md
}

@test "counts: the hybrid lists without what expects ratings" {
    awk -F, -v OFS=, 'NR == 1 { print "user,item,count"; next } $1 <= 40 { print $1, $2, int(2 ^ $3) }' "$SAMPLE" >counts.csv
    report "$PWD/counts" RATINGS="$PWD/counts.csv" FOLDS=2 MODELS="popular item svd++ hybrid"
    grep -q '^# Events and models: counts.csv$' counts/report.md
    grep -q ' 3 models compared on ' counts/report.md
    grep -qF -- '- **Svd++:** it expects ratings, of which there are none, and lists nothing.' counts/report.md
    run -1 grep -qE '^\| svd\+\+|diversity \||off the profile|test pairs for expected' counts/report.md
    grep -q '^### User .* events$' counts/report.md
    grep -q '(count [0-9]*, similarity' counts/report.md
    run -1 grep -E ' raters|[0-9] ratings' counts/report.md
    [ ! -e counts/all/svd++.predict ]
}

# document FOLD_FIGURES SEGMENT_FIGURES GAIN LOW HIGH P: what the words make of models a and b, whose RMSE are .80 and .81
document() {
    local folds=$1 segments=$2 gain=$3 low=$4 high=$5 p=$6 f s
    printf 'figure,row,column,value\nsummary,ratings,value,1000\n' >data.csv
    printf 'model,fold,segment,metric,value,n\na,all,all,rmse,0.80,900\nb,all,all,rmse,0.81,900\n' >figures.csv
    f=0
    while read -r a b; do
        f=$((f + 1))
        printf 'a,%d,all,rmse,%s,300\nb,%d,all,rmse,%s,300\n' $f "$a" $f "$b" >>figures.csv
    done <<<"$folds"
    printf 'model,fold,segment,metric,value,n\n' | tee segments.csv >costs.csv
    while read -r s a b; do
        printf 'a,all,sex:%s,rmse,%s,300\nb,all,sex:%s,rmse,%s,300\n' "$s" "$a" "$s" "$b" >>segments.csv
    done <<<"$segments"
    printf 'model,other,segment,metric,difference,low,high,n,wins,effect,p,p_holm,p_folds\n' >differences.csv
    printf 'a,b,all,rmse,-%s,-%s,-%s,100,0.6,-0.2,%s,%s,0.4\n' "$gain" "$high" "$low" "$p" "$p" >>differences.csv
    : >protocol.txt >lists.tsv
    local parts=() part
    for part in "$ROOT"/pipelines/report/document/*.awk; do parts+=(-f "$part"); done
    awk -v models="a b" -v plain= -v parents= -v source=x -v version=1 -v quick= -f "$ROOT/pipelines/report/csv.awk" "${parts[@]}" \
        data.csv figures.csv segments.csv differences.csv costs.csv protocol.txt lists.tsv "${@:7}"
}

@test "better is who is better by users and in every fold" {
    local agree=$'0.80 0.81\n0.79 0.80\n0.81 0.82' differ=$'0.80 0.81\n0.79 0.80\n0.82 0.81'
    local sexes=$'F 0.80 0.81\nM 0.80 0.81'
    # The corrected t test over folds says p = 0.4, and is shown, but three folds that agree are enough.
    document "$agree" "$sexes" 0.01 0.005 0.015 0.001 >words
    grep -qF '*To expect ratings, take a.*' words
    grep -qF 'by 0.0100 RMSE {95 % interval 0.0050 to 0.0150; over users p = 0.0010; in 3 of 3 folds}' words
    grep -qF 'a small effect {rank-biserial 0.20}' words
    grep -qP '^tr\tb\t0.0100\t.*\t3 of 3\t0.40\tbetter$' words
    # p may be smaller than what awk takes for a number
    document "$agree" "$sexes" 0.01 0.005 0.015 8.9e-309 | grep -qF '0.0150; over users p < 0.0001; in 3 of 3 folds}'
    # One fold that disagrees, users who do, an interval around 0: each leaves it open.
    document "$differ" "$sexes" 0.01 0.005 0.015 0.001 >words
    grep -qF 'nothing differs.*' words
    grep -qP '^tr\tb\t.*\t2 of 3\t0.40\tno difference$' words
    document "$agree" "$sexes" 0.01 0.005 0.015 0.06 | grep -qF 'nothing differs.*'
    document "$agree" "$sexes" 0.01 -0.001 0.015 0.001 | grep -qF 'nothing differs.*'
}

@test "figures are compared as numbers, beside quoted names too" {
    printf '%s\n' 'genre:a,1e-17,12,' '"genre:a, ""b""",1e-17,12,' >lines.csv
    echo '{ print csv($0, f), f[1], (f[2] < 0.05 && f[3] > 9 ? "less and more" : "words") }' >compare.awk
    run -0 awk -f "$ROOT/pipelines/report/csv.awk" -f compare.awk lines.csv
    assert_output $'4 genre:a less and more\n4 genre:a, "b" less and more'
}

@test "an order that segments contradict is told" {
    local agree=$'0.80 0.81\n0.79 0.80\n0.81 0.82'
    document "$agree" $'F 0.70 0.69\nM 0.90 0.89' 0.01 0.005 0.015 0.001 >words
    grep -qF 'on the whole *a* is better than *b* (0.8000 and 0.8100), but by sex it is the other way round in all 2 segments (Simpson' words
    document "$agree" $'F 0.70 0.69\nM 0.90 0.89\nX 0.9 0.95' 0.01 0.005 0.015 0.001 >words
    grep -qF 'the other way round in 2 of 3 segments (sex F, sex M).' words
    document "$agree" $'F 0.70 0.71\nM 0.90 0.89' 0.01 0.005 0.015 0.001 >words
    grep -q 'Of no two models .* is the order the other way round' words
    # What is not shown on the whole cannot be contradicted.
    document "$agree" $'F 0.70 0.69\nM 0.90 0.89' 0.01 0.005 0.015 0.2 >words
    run -1 grep -q Beware words
}

@test "a comparison of models with context gets a section of its own" {
    cat >context.csv <<'END'
split,metric,without,with,difference,low,high,p,n
random,rmse,0.9,0.9,0,0,0,1,600
after-0.2,rmse,1.09,1.01,-0.08,-0.09,-0.07,1e-17,131
after-0.2,ndcg@10,0.32,0.31,-0.01,-0.02,-0.005,0.01,180
after-0.1,rmse,1.01,1,-0.01,-0.03,0.01,0.3,90
END
    cat >dimensions.csv <<'END'
split,dimension,task,values,coverage,kept,gain,error,p,adjusted
random,device,predict,3,1,false,-0.00001,0.001,1,1
after-0.2,hour,predict,24,1,false,-0.003,0.001,1,1
after-0.2,device,predict,3,0.5,true,0.0367,0.0093,0.0001,0.0003
after-0.2,device,rank,3,0.5,true,0.0206,0.006,0.0004,0.0013
after-0.1,device,predict,3,1,true,0.01,0.002,0.0001,0.0003
END
    document $'0.80 0.81\n0.79 0.80' $'F 0.80 0.81' 0.01 0.005 0.015 0.001 context.csv dimensions.csv >words
    grep -qP '^h2\tcontext\tWhat context adds$' words
    grep -qF '*Device* moves ratings, says the training of the split *the latest 20 %* {squared error 0.0367 ± 0.0093 better; p = 0.0003}.' words
    grep -qF '*Device* moves what is taken, says the training of the split *the latest 20 %* {log-likelihood 0.0206 ± 0.0060' words
    grep -qP '^li\tNothing of device and hour is kept in the split \*at random\*: there, with context and without are the same\.$' words
    grep -qF 'expected ratings are better with context: RMSE 1.0100, without 1.0900 {95 % interval of the gain 0.0700 to 0.0900; over users p < 0.0001}' words
    grep -qF 'lists are worse with context: NDCG@10 0.3100, without 0.3200' words
    grep -qF '*Does context pay?* With it the hybrid is shown to be better for expected ratings in 1 of 3, lists in 0 of 1 (worse in 1) splits.' words
    grep -qF 'In the test of *the latest 10 %*, expected ratings are not shown to differ with context' words
    grep -qP '^tr\tthe latest 20 %\tRMSE\t1.0900\t1.0100\t0.0800\t0.0700 to 0.0900\t< 0.0001\t131\tbetter$' words
    grep -qP '^tr\tthe latest 20 %\tNDCG@10\t0.3200\t0.3100\t-0.0100\t-0.0200 to -0.0050\t0.0100\t180\tworse$' words
    grep -qP '^tr\tat random\tdevice\texpected ratings\t3\t100 %\t0.0000\t0.0010\t1.00\tno$' words
    run -1 grep -qP '^tr\tat random\tRMSE' words
    document $'0.80 0.81' $'F 0.80 0.81' 0.01 0.005 0.015 0.001 | grep -qF '*What context adds:*'
}

@test "the factors' ends have titles, and categories where those lie there" {
    # Two tastes, planted: who likes one half of the items does not like the other.
    awk 'BEGIN { srand(7); print "user,item,rating"
        for (u = 1; u <= 80; u++) for (i = 1; i <= 60; i++) if (rand() < 0.5)
            printf "%d,%d,%d\n", u, i, (u % 2 == i % 2 ? 4 : 2) + int(2 * rand()) }' >two.csv
    awk 'BEGIN { print "item,title,genres"; for (i = 1; i <= 60; i++) printf "%d,\"Film, \"\"%d\"\"\",%s\n", i, i, i % 2 ? "Odd" : "Even" }' >two-items.csv
    rs-clean two.csv --items two-items.csv | tee two.rs | rs-matrix -q -o two.matrix
    "$ROOT/pipelines/report/factors" two.matrix two.rs 0 words picture
    assert_equal "$(wc -l <words)" 2
    head -n 1 words | cut -f3 | grep -qE '^“Film, "[0-9]+"”, “Film'
    run -0 cut -f5 words
    assert_line --index 0 --regexp 'towards the first end lie those of (Odd|Even) \(r = (1.00|0.[89][0-9])\); towards the second those of (Odd|Even)'
    assert_line --index 1 --partial 'No category'
    assert_equal "$(wc -l <picture)" 60
    # Too few to factorise: nothing, and no failure.
    head -n 4 two.csv | rs-clean | tee few.rs | rs-matrix -q -o few.matrix
    "$ROOT/pipelines/report/factors" few.matrix few.rs 0 words picture
    [ ! -s words ]
}

@test "titles are text, whatever they hold" {
    awk -F'"' 'NR > 1 { $0 = $1 "\"<b>M*A*S*H</b> {x} & `y` " NR "\"" $3 } 1' "$SAMPLE_ITEMS" >items.csv
    report "$PWD/titles" RATINGS="$SAMPLE" ITEMS="$PWD/items.csv" FOLDS=2 MODELS="baseline user item user-item hybrid"
    run -0 grep -cF '&lt;b&gt;M*A*S*H&lt;/b&gt; {x} &amp; `y`' titles/report.html
    run -1 grep -qF '<b>M' titles/report.html
}

@test "RATINGS that are missing are asked for" {
    run make -s -C "$ROOT" report
    [ "$status" -ne 0 ]
    assert_output --partial "RATINGS=FILE is missing"
}
