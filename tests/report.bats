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
    for picture in months hours folds-accuracy folds-ranking costs; do
        run -1 grep -q "<figure id=\"$picture\">" one/report.html
    done
    run -1 grep -qE 'is better than|beats' one/report.md
}

@test "implicit feedback, in a given split" {
    cut -d, -f1,2 "$SAMPLE" | awk 'NR == 1 { print >"train.csv"; print >"test.csv"; next } { print >(NR % 5 ? "train.csv" : "test.csv") }'
    report "$PWD/implicit" TRAIN="$PWD/train.csv" TEST="$PWD/test.csv" MODELS="popular user item"
    grep -q 'To list what a user will like' implicit/report.md
    run -1 grep -q '^- \*\*To expect ratings' implicit/report.md
    grep -q '^- \*\*Expected ratings (RMSE, MAE):\*\* the feedback is implicit' implicit/report.md
    run -1 grep -q '<figure id="accuracy">' implicit/report.html
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
