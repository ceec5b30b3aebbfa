# rs-eval: figures worked by hand and by scikit-learn, and every kind of input that it must refuse.

setup() {
    load helper
    _common_setup
    local variant=release
    case ${RS_BIN:-} in *build/*/bin) variant=$(basename "$(dirname "$RS_BIN")") ;; esac
    MAKER=$ROOT/build/$variant/unit/scores
}

# The header of a scores stream: header TASK MODEL FOLD [MORE]
header() {
    echo "{\"task\": \"$1\", \"model\": \"$2\", \"sources\": [\"$2\", \"baseline\"],
          \"scale\": {\"min\": 1, \"max\": 5, \"step\": 1, \"n\": 100},
          \"split\": {\"fold\": $3, \"role\": \"test\"}, \"catalogue\": 10${4:+, $4}}"
}

# scores FILE TASK MODEL FOLD [MORE] < CSV
scores() {
    "$MAKER" "$(header "$2" "$3" "$4" "${5:-}")" >"$1"
}

# Four test pairs of two users; user 2 was not in the training data, nor was item c.
four() {
    cat <<-END
	user,item,rating,score,source,user_count,item_count
	1,a,4,4.5,0,3,2
	1,b,2,6,0,3,4
	2,a,5,3,1,0,2
	2,c,3,3,0,0,0
	END
}

four_ranks() {
    cat <<-END
	user,item,rating,score,above,tied,candidates
	1,a,4,4.5,0,1,9
	1,b,2,6,1,3,9
	2,a,5,3,4,2,9
	2,c,3,3,0,0,9
	END
}

# value MODEL FOLD SEGMENT METRIC: prints "value n" from the CSV on standard input
value() {
    awk -F, -v m="$1" -v f="$2" -v s="$3" -v k="$4" \
        '$1 == m && $2 == f && $3 == s && $4 == k { print $5, $6 }'
}

# A python that has scikit-learn.
learned_python() {
    find_python sklearn scipy
    [ -n "$PYTHON" ] || skip "no scikit-learn"
}

# The oracle's data as streams: {A,B}.{p,r,t}.rs
oracle() {
    learned_python
    "$PYTHON" "$FIXTURES/rs-eval-oracle.py" "$1"
    local model users ratings
    users=$(tail -n +2 train.csv | cut -d, -f1 | sort -u | wc -l)
    ratings=$(tail -n +2 train.csv | wc -l)
    for model in A B; do
        local more="\"catalogue\": 40, \"train\": {\"users\": $users, \"ratings\": $ratings}"
        local head="\"model\": \"$model\", \"scale\": {\"min\": 1, \"max\": 5, \"step\": 1, \"n\": 9}, $more"
        "$MAKER" "{\"task\": \"predict\", $head}" <$model.predict.csv >$model.p.rs
        "$MAKER" "{\"task\": \"rank\", $head}" <$model.rank.csv >$model.r.rs
        "$MAKER" "{\"task\": \"top\", $head}" items.txt <$model.top.csv >$model.t.rs
    done
}

# Every figure of expected.csv is in figures.csv, within 1e-12 of it; prints how many were compared.
agrees() {
    awk -F, -v tolerance="${1:-1e-12}" '
        NR == FNR { if (FNR > 1) want[$1 "," $2] = $3; next }
        $2 == "all" && $3 == "all" && ($1 "," $4) in want {
            d = $5 - want[$1 "," $4]; scale = 1 + (want[$1 "," $4] < 0 ? -1 : 1) * want[$1 "," $4]
            if (d > tolerance * scale || -d > tolerance * scale) {
                print $1, $4 ": " $5 " is not " want[$1 "," $4]; bad = 1
            }
            n++; delete want[$1 "," $4]
        }
        END { for (w in want) { print w " is missing"; bad = 1 }; print n; exit bad }' expected.csv figures.csv
}

@test "scikit-learn, scipy and plain definitions give the same figures, ties and all" {
    for seed in 1 2 3; do
        oracle $seed
        rs-eval -m all -f csv --train train.csv ./*.rs -o figures.csv
        run -0 agrees
        assert_equal "$output" 64
    done
}

@test "accuracy: clipped to the training scale, raw, per user, and the share the model answered" {
    four | scores a.rs predict A 1
    run -0 rs-eval a.rs -m rmse,mae,rmse-raw,mae-raw,rmse-user,mae-user,bias,coverage -f csv
    # errors: 4.5-4, 5-2 (clipped from 6), 3-5, 3-3
    assert_line "A,all,all,rmse,1.8200274723201295,4"
    assert_line "A,all,all,mae,1.375,4"
    assert_line "A,all,all,rmse-raw,2.25,4"
    assert_line "A,all,all,mae-raw,1.625,4"
    assert_line "A,all,all,rmse-user,1.7823974395668758,2"
    assert_line "A,all,all,bias,0.375,4"
    assert_line "A,all,all,coverage,0.75,4"
}

@test "ranking: lists worked by hand, ties at their expected value" {
    four_ranks | scores r.rs rank A 1
    run -0 rs-eval r.rs -k 5 -f csv -m precision,recall,ndcg,hr,mrr,map,f1,auc
    # Relevant (>= 4): user 1 item a, first; user 2 item a, in 5th or 6th place.
    assert_line "A,all,all,precision@5,0.15000000000000002,2" # (0.2 + 0.1) / 2
    assert_line "A,all,all,recall@5,0.75,2"
    assert_line "A,all,all,hr@5,0.75,2"
    assert_line "A,all,all,mrr@5,0.55,2"
    assert_line "A,all,all,map@5,0.55,2"
    assert_line "A,all,all,f1@5,0.25,2"
    # user 1 loses nothing; user 2 loses 4.5 of 8
    assert_line "A,all,all,auc,0.71875,2"
    assert_equal "$(rs-eval r.rs -f csv -m ndcg@5 | value A all all ndcg@5)" \
        "$(python3 -c 'import math; print((1 + 0.5 / math.log2(6)) / 2, 2)')"
}

@test "folds are pooled over rows, not averaged" {
    four | scores a1.rs predict A 1
    printf 'user,item,rating,score,source,user_count,item_count\n3,a,4,4,0,1,1\n' |
        scores a2.rs predict A 2
    run -0 rs-eval a1.rs a2.rs -m rmse -f csv
    assert_line "A,1,all,rmse,1.8200274723201295,4"
    assert_line "A,2,all,rmse,0,1"
    assert_line "A,all,all,rmse,1.6278820596099706,5"
}

@test "the same rows in another order and in parts give the same bytes" {
    four | scores a.rs predict A 1
    { four | head -n 1; four | tail -n +2 | tac; } | scores b.rs predict B 1
    four | sed 1q | cat - <(four | sed -n 4,5p) | scores c1.rs predict C 1
    four | sed 3q | scores c2.rs predict C 1
    run -0 rs-eval a.rs b.rs c1.rs c2.rs -m rmse,coverage -f csv
    assert_line "A,all,all,rmse,1.8200274723201295,4"
    assert_line "B,all,all,rmse,1.8200274723201295,4"
    assert_line "C,all,all,rmse,1.8200274723201295,4"
}

@test "text: predictions with the truth in them, beside them, or in other files of the call" {
    printf '%s\n' "1 a 4.5 4" "1 b 6 2" "2 a 3 5" "2 c 3 3" >own.txt
    cut -d' ' -f1-3 own.txt >bare.txt
    awk '{ print $1 "," $2 "," $4 }' own.txt >truth.csv
    four | scores a.rs predict A 1
    run -0 rs-eval --scale 1:5 own.txt -m rmse -f csv
    assert_line "own,all,all,rmse,1.8200274723201295,4"
    run -0 rs-eval --scale 1:5 --truth truth.csv bare.txt -m rmse -f csv
    assert_line "bare,all,all,rmse,1.8200274723201295,4"
    run -0 rs-eval a.rs mine:1=bare.txt -m rmse -f csv
    assert_line "mine,all,all,rmse,1.8200274723201295,4"
}

@test "different test sets are refused, naming both files and what differs" {
    four | scores a.rs predict A 1
    four | head -n 4 | scores short.rs predict B 1
    four | sed 's/2,c,3/2,d,3/' | scores other.rs predict B 1
    four | sed 's/2,c,3/2,c,4/' | scores rating.rs predict B 1
    four | cat - <(four | tail -n 1) | scores twice.rs predict B 1
    four | scores fold2.rs predict B 2
    fails 65 rs-eval a.rs short.rs
    assert_equal "$stderr" "rs-eval: short.rs: answers 3 of the 4 test pairs of a.rs, the first it lacks is user '2', item 'c': figures over different test sets can't be compared"
    fails 65 rs-eval a.rs other.rs
    assert_equal "$stderr" "rs-eval: other.rs: user '2', item 'd' is not in the test set of a.rs: figures over different test sets can't be compared"
    fails 65 rs-eval a.rs rating.rs
    assert_equal "$stderr" "rs-eval: rating.rs: the true rating of user '2', item 'c' is 4, in a.rs 3: figures over different test sets can't be compared"
    fails 65 rs-eval a.rs twice.rs
    assert_equal "$stderr" "rs-eval: twice.rs: user '2', item 'c' is there twice"
    fails 65 rs-eval twice.rs
    fails 65 rs-eval a.rs fold2.rs
    [[ $stderr == *"a.rs: brings fold 1 (predict), for which there is nothing of model B"* ]]
}

@test "text that is no prediction is refused with its line" {
    printf '1 a 4 4\n1 b NaN 2\n' >nan.txt
    printf '1 a 4 4\n1 b inf 2\n' >inf.txt
    printf '1 a 4 4\n1 b 3\n' >short.txt
    printf '1 a 4\n' >bare.txt
    : >empty.txt
    fails 65 rs-eval nan.txt
    assert_equal "$stderr" "rs-eval: nan.txt:2: score 'NaN' is not a finite number"
    fails 65 rs-eval inf.txt
    fails 65 rs-eval short.txt
    assert_equal "$stderr" "rs-eval: short.txt:2: has 3 fields where 4 are needed"
    fails 65 rs-eval bare.txt
    assert_equal "$stderr" "rs-eval: bare.txt: holds no true ratings: give them with --truth"
    fails 65 rs-eval empty.txt
    fails 66 rs-eval nowhere.txt
    fails 64 rs-eval -m nonsense empty.txt
    fails 64 rs-eval -k 0 empty.txt
}

@test "what is not said in the scores comes from the training ratings" {
    oracle 4
    tail -n +2 A.top.csv | awk -F, '{ print $1, $2, $3 }' >A.txt
    tail -n +2 A.predict.csv | awk -F, '{ print $1, $2, $3 }' >truth.txt
    grep -E '^model|^A,(precision|recall|ndcg@|f1|rbp|novelty|epc|popularity|tail|gini|cat)' expected.csv |
        grep -v capped >few.csv && mv few.csv expected.csv
    rs-eval -m all -f csv --train train.csv --truth truth.txt --lists A.txt -o figures.csv
    # lists of 12 hold the first 10 but not all that are tied with their last: ranking measures differ
    run -0 agrees 0.05
    grep -E 'novelty|epc|popularity|tail|gini|cat|^model' expected.csv >few.csv && mv few.csv expected.csv
    run -0 agrees
}

@test "a constant scorer is worth as much as a random one" {
    # 20 candidates, all tied; 3 relevant test items of user 1, 1 of user 2
    printf 'user,item,rating,score,above,tied,candidates\n' >c.csv
    printf '%s,0,0,20,20\n' 1,a,5 1,b,4 1,c,4 1,d,1 2,a,5 >>c.csv
    scores c.rs rank C 1 <c.csv
    rs-eval c.rs -f csv -m precision,recall,ndcg,auc,hr -k 5 >figures.csv
    assert_equal "$(value C all all precision@5 <figures.csv)" "0.1 2"
    assert_equal "$(value C all all recall@5 <figures.csv)" "0.25 2"
    assert_equal "$(value C all all auc <figures.csv)" "0.5 2"
    # 1 - C(17,5)/C(20,5), and 5/20
    assert_equal "$(value C all all hr@5 <figures.csv | cut -c1-12)" "0.4254385964"
    # random orders of the same, many times
    awk 'BEGIN { srand(3); print "user,item,rating,score,above,tied,candidates"
        for (t = 0; t < 4000; t++) for (u = 1; u <= 2; u++) {
            split("", used); n = u == 1 ? 4 : 1
            for (i = 1; i <= n; i++) {
                do r = int(rand() * 20); while (r in used)
                used[r]; rating = u == 2 || i == 1 ? 5 : i == 4 ? 1 : 4
                print u "x" t ",i" i "," rating ",0," r ",1,20" } } }' | scores r.rs rank R 1
    rs-eval r.rs -f csv -m precision,recall,ndcg,auc,hr -k 5 | awk -F, '
        FNR == NR { c[$2 $4] = $5; next }
        $2 == "all" { d = $5 - c["all" $4]; if (d > 0.02 || d < -0.02) { print; exit 1 } }' figures.csv -
}

@test "intervals and differences: bootstrap, scipy's tests, Holm, folds" {
    oracle 1
    rs-eval -c -m rmse,mae,ndcg -f csv ./?.p.rs ./?.r.rs -o c.csv
    assert_equal "$(head -n 1 c.csv)" "model,other,segment,metric,difference,low,high,n,wins,effect,p,p_holm,p_folds"
    p=$(awk -F, '$4 == "rmse" { print $11 }' c.csv)
    assert_equal "$("$PYTHON" -c "print(abs($p / $(awk -F, '$1 == "wilcoxon" { print $2 }' tests.csv) - 1) < 1e-9)")" True
    p=$(rs-eval -c --test t -m rmse -f csv ./?.p.rs | awk -F, '$4 == "rmse" { print $11 }')
    assert_equal "$("$PYTHON" -c "print(abs($p / $(awk -F, '$1 == "t" { print $2 }' tests.csv) - 1) < 1e-9)")" True
    # the randomisation test: as good as never so far from none
    run -0 bash -c "rs-eval -c --test permutation --draws 9999 -m rmse -f csv ./?.p.rs | awk -F, 'NR > 1 { print \$11 }'"
    assert_output 0.0001
    # the figure lies in its interval, the difference in its own, and that of the two figures is it
    rs-eval -i -m rmse -f csv ./?.p.rs -o i.csv
    run -0 awk -F, 'FNR == NR { v[$1 $4] = $5; next } $4 == "rmse" {
        d = v["Armse"] - v["Brmse"] - $5; if (d < 0) d = -d
        print d < 1e-15, $6 < $5 && $5 < $7, v["Armse.low"] < v["Armse"] && v["Armse"] < v["Armse.high"] }' i.csv c.csv
    assert_output "1 1 1"
    fails 64 rs-eval -c --against C ./?.p.rs
    run -0 rs-eval -c --against B -m rmse ./?.p.rs
    assert_line --regexp '^A +B +rmse +-0\.[0-9]+ +-0\.[0-9.]+-0\.[0-9]+ +[0-9.]+ % +-[0-9.]+ +<0\.0001 +<0\.0001\* +-$'
}

@test "the corrected resampled t test needs folds and how many were trained on" {
    for f in 1 2 3; do
        four | sed "s/4.5/4.$f/" | scores a$f.rs predict A $f '"train": {"ratings": 16}'
        four | sed "s/4.5/4.9/" | scores b$f.rs predict B $f '"train": {"ratings": 16}'
    done
    rs-eval -c -m mae -f csv a?.rs b?.rs -o c.csv
    learned_python
    # differences of the folds' mae: (0.f - 0.9) / 4
    run -0 "$PYTHON" -c "
import csv
import numpy as np
from scipy import stats
d = np.array([(0.1 - 0.9) / 4, (0.2 - 0.9) / 4, (0.3 - 0.9) / 4])
t = d.mean() / np.sqrt((1 / 3 + 4 / 16) * d.var(ddof=1))
p = float(next(csv.DictReader(open('c.csv')))['p_folds'])
print(abs(p / (2 * stats.t.sf(abs(t), 2)) - 1) < 1e-5)"
    assert_output True
}

@test "segments: the groups, what is left out and why, the smallest cell" {
    rs-eval --help | grep -q min-cell
    cat >p.csv <<-END
	user,item,rating,score,source,user_count,item_count,time
	1,a,4,3,0,5,50,1000000
	1,b,4,3,0,5,5,1000000
	2,a,4,2,0,7,50,1000000000
	2,b,4,2,0,7,5,1000000000
	3,a,4,1,0,0,50,1000000000
	3,c,4,1,0,0,0,1000000000
	END
    scores p.rs predict A 1 <p.csv
    printf 'a,Comedy|War\nb,War\nc,Drama\n' >items.txt
    "$MAKER" "$(header predict A 1)" items.txt <p.csv >g.rs
    run -0 rs-eval g.rs --min-cell 1 -m mae -f csv -s activity,popularity,genre,time,weekday,habit,sex
    assert_line "A,all,warm,mae,1.5,4"
    assert_line "A,all,cold-users,mae,3,2"
    assert_line "A,all,cold-items,mae,3,1"
    assert_line "A,all,cold-both,mae,3,1"
    assert_line "A,all,activity:5-5,mae,1,2"
    assert_line "A,all,activity:7-7,mae,2,2"
    assert_line "A,all,popularity:tail,mae,1.5,2"
    assert_line "A,all,popularity:middle,mae,2,3"
    assert_line "A,all,genre:War,mae,1.8,5"
    assert_line "A,all,genre:Drama,mae,3,1"
    assert_line "A,all,time:1970-01-12..1970-01-12,mae,1,2"
    assert_line "A,all,time:2001-09-09..2001-09-09,mae,2.5,4"
    assert_line "A,all,weekday:Sun,mae,2.5,4"
    refute_line --partial habit
    run -0 rs-eval g.rs -m mae -s habit,sex
    assert_line "no segments by habit: it needs the training ratings: --train"
    assert_line "no segments by sex: no side table has categories or numbers of that name"
    # with intervals, how far each is from the whole
    run -0 rs-eval g.rs --min-cell 1 -i -m mae -s activity
    assert_line --regexp '^ +[0-9.]+ -1\.0000$'
    assert_line --regexp '^ +[0-9.]+ \+0\.0000$'
    # fewer than 30: none of them is shown
    run -0 rs-eval p.rs -m mae -f csv -s activity
    assert_output "$(printf 'model,fold,segment,metric,value,n\nA,all,all,mae,2,6\nA,1,all,mae,2,6')"
    fails 64 rs-eval p.rs -s activity,,time
}

@test "habits and leaks are told by the training ratings" {
    cat >p.csv <<-END
	user,item,rating,score,source,time
	1,a,4,3,0,2000
	2,a,4,2,0,2000
	3,a,4,1,0,2000
	END
    scores p.rs predict A 1 <p.csv
    cat >all.csv <<-END
	user,item,rating,timestamp
	1,a,4,2000
	1,b,1,1000
	2,b,3,1000
	2,c,3,3000
	3,b,5,1000
	3,c,5,1500
	END
    run -0 rs-eval p.rs --train all.csv --min-cell 1 -m mae -f csv -s habit,taste
    assert_line "A,all,habit:harsh,mae,1,1"
    assert_line "A,all,habit:middle,mae,2,1"
    assert_line "A,all,habit:generous,mae,3,1"
    # of five training ratings (1 a is tested) one is later than 2000
    run -0 rs-eval p.rs --train all.csv -m mae
    assert_line "leak: 20.0 % of the training ratings are later than the median test rating"
}

@test "Simpson's paradox is told" {
    cat >a.csv <<-END
	user,item,rating,score,source,user_count
	1,a,3,3.1,0,1
	1,b,3,3.1,0,1
	1,c,3,3.1,0,1
	2,a,3,4.9,0,9
	END
    cp a.csv b.csv
    sed -i 's/3.1/3.2/; s/4.9/5/' b.csv
    scores a.rs predict A 1 <a.csv
    scores b.rs predict B 1 <b.csv
    run -0 rs-eval a.rs b.rs --min-cell 1 -m mae -s activity
    refute_line --partial Beware
    # User 1 has nine relevant items of one kind and one of another, user 2 two of the other. S serves user 2
    # better and so the mean over users; T does better in both kinds.
    printf 'user,item,rating,score,above,tied,candidates\n' | tee s.csv >t.csv
    pairs() { # USER PREFIX FIRST FOUND ALL: rows of a user, of which FOUND of ALL are in the first 20
        awk -v u="$1" -v p="$2" -v a="$3" -v f="$4" -v n="$5" \
            'BEGIN { for (i = 0; i < n; i++) print u "," p i ",5,0," a + i + (i < f ? 0 : 100) ",1,200" }'
    }
    { pairs 1 x 0 3 9; pairs 1 y 10 0 1; pairs 2 y 0 2 2; } >>s.csv
    { pairs 1 x 0 4 9; pairs 1 y 10 1 1; pairs 2 y 0 1 2; } >>t.csv
    { for i in 0 1 2 3 4 5 6 7 8; do echo "x$i,X"; done; echo y0,Y; echo y1,Y; } >items.txt
    "$MAKER" "$(header rank S 1)" items.txt <s.csv >s.rs
    "$MAKER" "$(header rank T 1)" items.txt <t.csv >t.rs
    run -0 rs-eval s.rs t.rs --min-cell 1 -m recall@20 -s genre
    assert_line "Beware: recall@20 of S is greater than that of T on the whole, but in every segment by genre it is the other way round"
}

@test "runs and qrels of trec_eval go in and come out" {
    oracle 5
    tail -n +2 A.predict.csv | awk -F, '{ print $1, $2, $3 }' >truth.txt
    run -0 rs-eval -m 'precision@12,ndcg@12' -f csv --truth qrels.txt run.txt
    assert_line --regexp '^run,all,all,ndcg@12,0\.'
    rs-eval A.t.rs -f run -o out.txt
    sort -k1,1 -k4,4n run.txt | awk '{ print $1, $3, $5 + 0, $6 }' >want
    sort -k1,1 -k4,4n out.txt | awk '{ print $1, $3, $5 + 0, $6 }' >got
    cmp want got
    rs-eval --truth truth.txt A.t.rs -f qrels | sort >got
    sort qrels.txt | cmp - got
    # What was written gives the figures of what it was written from.
    assert_equal "$(rs-eval -m ndcg@12 -f csv --truth qrels.txt A=out.txt)" \
        "$(rs-eval -m ndcg@12 -f csv --relevant all --truth <(grep -v ' 0$' qrels.txt) A.t.rs)"
    fails 64 rs-eval A.t.rs B.t.rs -f run
    fails 65 rs-eval A.p.rs -f run
    printf 'a b\tc\t3\n' >blank.tsv
    fails 65 rs-eval -d tab --lists blank.tsv -f run
}

@test "formats: JSON and rs hold what CSV holds; threads change nothing" {
    oracle 1
    rs-eval -ic -f json ./*.rs -o a.json
    jq -e '.metrics["rmse"].formula and .protocol.relevant.rating_at_least == 4 and (.figures | length) > 10 and
           (.comparisons | length) > 3 and (.program | startswith("rs-eval"))' a.json
    jq -r '.figures[] | [.model, .fold, .segment, .metric, .value, .n] | @csv' a.json | tr -d '"' | sort >a
    rs-eval -f csv ./*.rs | tail -n +2 | sort >b
    assert_equal "$(cut -d, -f1-4 a)" "$(cut -d, -f1-4 b)"
    assert_equal "$(awk -F, '{ printf "%.9f %s\n", $5, $6 }' a)" "$(awk -F, '{ printf "%.9f %s\n", $5, $6 }' b)"
    mkdir out
    for f in text csv tsv json markdown rs; do
        rs-eval -t 1 -ic -f $f --seed 7 -s popularity --min-cell 1 ./*.rs -o out/one.$f
        rs-eval -t 3 -ic -f $f --seed 7 -s popularity --min-cell 1 ./*.rs -o out/three.$f
        cmp out/one.$f out/three.$f
    done
    # TSV is CSV with tabs, where names hold none
    diff <(tr , '\t' <out/one.csv) out/one.tsv
    [ "$(wc -l <out/one.tsv)" -gt 4 ]
    four | scores quoted.rs predict 'a, c' 1
    run -0 rs-eval quoted.rs -m mae -f tsv
    assert_line $'a, c\tall\tall\tmae\t1.375\t4'
    # the order of files and of rows does not matter to the figures
    rs-eval -m rmse,ndcg -f csv A.p.rs B.p.rs A.r.rs B.r.rs | sort >one
    rs-eval -m rmse,ndcg -f csv B.r.rs B.p.rs A.r.rs A.p.rs | sort | cmp one -
}

@test "lists: damaged ones are refused, short ones give no figure beyond their end" {
    printf 'user,item,score,rank\n1,a,5,1\n1,b,4,3\n' | scores gap.rs top A 1
    printf 'user,item,score,rank\n1,a,5,1\n1,a,4,2\n' | scores twice.rs top A 1
    printf 'user,item,score,rank\n1,a,5,0\n' | scores zero.rs top A 1
    fails 65 rs-eval gap.rs -m filled
    assert_equal "$stderr" "rs-eval: gap.rs: the list of user '1' has a rank beyond its end"
    printf 'user,item,score,rank\n1,a,5,1\n1,b,4,3\n2,a,5,1\n' | scores gap.rs top A 1
    fails 65 rs-eval gap.rs -m filled
    assert_equal "$stderr" "rs-eval: gap.rs: the list of user '1' has a gap in its ranks"
    fails 65 rs-eval twice.rs -m filled
    fails 65 rs-eval zero.rs -m filled
    # two folds in one
    printf 'user,item,score,rank\n1,a,5,1\n1,b,4,2\n' | scores whole.rs top A 1
    fails 65 rs-eval A:1=whole.rs A:1=whole.rs -m filled
    [[ $stderr == "rs-eval: whole.rs: the list of user '1' has several items of one rank: "*"MODEL:FOLD=FILE keeps them apart" ]]
    printf '1 a\n1 b\n2 c\n' >l.txt
    printf '1 b 5\n2 c 5\n' >t.txt
    run -0 rs-eval --lists --truth t.txt l.txt -k 1,2 -m recall -f csv
    assert_line "l,all,all,recall@1,0.5,2"
    assert_line "l,all,all,recall@2,1,2"
    run -0 rs-eval --lists --truth t.txt l.txt -k 1,2,3 -m all -f csv
    refute_line --partial recall@3
    assert_line "l,all,all,filled@3,0.5,2"
    fails 65 rs-eval --lists --truth t.txt l.txt -m recall@3
    fails 65 rs-eval --lists --truth t.txt l.txt -m rmse
    fails 65 rs-eval --lists l.txt -m novelty
}

# Lists of models trained on the ratings of DIGEST, which do not say of which fold they are: lists FILE MODEL DIGEST
foldless() {
    printf 'user,item,score,rank\n1,a,5,1\n1,b,4,2\n2,b,5,1\n2,a,4,2\n' |
        "$MAKER" "{\"task\": \"top\", \"model\": \"$2\", \"catalogue\": 9, \"train\": {\"digest\": \"$3\"}}" >"$1"
}

@test "predictions and lists of two models in one call: which fold lists are of" {
    four | scores a.rs predict A 1 '"train": {"digest": "one"}'
    # what predictions say of their catalogue is no ranking
    "$MAKER" "$(header predict B 1 '"train": {"digest": "two"}' | sed 's/"catalogue": 10/"catalogue": 8/')" \
        < <(four | sed 's/4.5/4/') >b.rs
    foldless a.top.rs A one
    foldless b.top.rs B three
    # one fold: theirs, whatever they were trained on
    run -0 rs-eval -q a.rs b.rs a.top.rs b.top.rs -m rmse,recall -k 1,2 -f csv
    assert_line --regexp '^A,all,all,rmse,1\.8'
    assert_line "A,all,all,recall@1,0.5,2"
    assert_line "B,all,all,recall@2,1,2"
    run -0 rs-eval -q -c --against A a.rs b.rs a.top.rs b.top.rs -m rmse,recall -k 1
    printf '%s\n' "1 a" "1 b" "2 b" "2 a" >t.txt
    run -0 rs-eval -q --lists a.rs T=t.txt A=a.top.rs -m recall -k 1 -f csv
    assert_line "T,all,all,recall@1,0.5,2"
    four | awk -F, 'NR > 1 { print $1, $2, $3 }' >truth.txt
    run -0 rs-eval -q a.top.rs a.rs --truth truth.txt -m recall -k 1 -f csv
    assert_line "A,all,all,recall@1,0.5,2"
    # several: that of the models that learned from the same ratings
    four | scores a2.rs predict A 2 '"train": {"digest": "two"}'
    foldless a2.top.rs A two
    run -0 rs-eval -q a2.top.rs a.rs a2.rs a.top.rs -m recall -k 1 -f csv
    assert_line "A,1,all,recall@1,0.5,2"
    assert_line "A,2,all,recall@1,0.5,2"
    fails 65 rs-eval -q a.rs a2.rs a.top.rs A=b.top.rs
    assert_equal "$stderr" "rs-eval: b.top.rs: does not say to which of the 2 folds of the other files it belongs: MODEL:FOLD=FILE names it"
}

@test "what was ranked is said: the catalogue, the candidates, the lists" {
    four_ranks | scores r.rs rank A 1
    four | scores p.rs predict A 1
    run -0 rs-eval r.rs p.rs -m ndcg,rerank-ndcg
    assert_line "ranked: the full catalogue of 10 but for the user's training items, 9 candidates a user (9)"
    assert_line "ranked by rerank-: the user's test items alone"
    assert_line "equal scores: the expected value over all of their orders"
    refute_line --partial "left out"
    # Of those rated 5 user 1 has none.
    run -0 rs-eval r.rs --relevant 5 -m ndcg
    assert_line "left out of what is ranked: 1 of 2 users, who have no relevant test item"
    assert_line --regexp '^n +1$'
    run -0 rs-eval r.rs --relevant 5 -m ndcg -f json
    assert_equal "$(jq -c '.protocol.folds[0] | [.users, .users_without_relevant]' <<<"$output")" '[2,1]'
    run -0 rs-eval r.rs p.rs -m rmse
    refute_line --partial ranked
    printf '1 a\n1 b\n1 d\n2 b\n' >l.txt
    printf '1 a 5\n1 b 5\n1 c 5\n2 b 5\n2 a 1\n' >t.txt
    run -0 rs-eval --lists --truth t.txt l.txt -k 3 -m precision,precision-returned
    assert_line "ranked: lists of up to 3 items out of candidates that nothing is said of"
    # 2/3 and 1/3; 2/3 and 1/1
    assert_line --regexp '^l +0\.5000 +0\.8333$'
    run -0 rs-eval --lists --truth t.txt --catalogue 7 l.txt -k 3 -m precision
    assert_line "ranked: lists of up to 3 items out of a catalogue of 7"
    run -0 rs-eval r.rs -m ndcg -f json
    assert_equal "$(jq -c '.protocol.folds[0].candidates' <<<"$output")" '{"mean":9,"least":9,"most":9}'
}

@test "folds may have words for names; how the ratings were split is said" {
    for f in one two; do
        "$MAKER" "{\"task\": \"predict\", \"model\": \"A\", \"split\": {\"method\": \"fold-column\", \"column\": \"part\", \"fold\": \"$f\"}}" \
            < <(four) >$f.rs
    done
    run -0 rs-eval one.rs two.rs -m mae-raw -f csv
    assert_line --regexp '^A,one,all,mae-raw,'
    assert_line --regexp '^A,two,all,mae-raw,'
    run -0 rs-eval one.rs two.rs -m mae-raw
    assert_line "split: fold-column (column part)"
}

@test "what was pruned before and what leaks is said, from rs-clean and rs-split to rs-eval" {
    rs-clean --min-user 15 --min-item 10 "$SAMPLE" -o core.rs
    rs-split --folds 5 --fold 1 core.rs --train train.rs --test test.rs
    rs-matrix -q train.rs -o train.matrix
    rs-score -q -m train.matrix --model baseline --pairs test.rs -o scores.rs
    run -0 rs-eval scores.rs -m rmse
    assert_line --regexp '^pruned before: users with fewer than 15 ratings and items with fewer than 10: [0-9.]+ % of the ratings, [0-9.]+ % of the users, [0-9.]+ % of the items$'
    pruned=$(rs-eval scores.rs -m rmse -f json | jq -c '.protocol.folds[0].pruned')
    assert_equal "$pruned" "$(rs-view --header core.rs | head -n 1 | jq -c .pruned)"
    share=$(jq -r '100 * .ratings.dropped / .ratings.of' <<<"$pruned")
    assert_line --partial ": $(printf %.1f "$share") % of the ratings, "
    share=$(rs-view --header test.rs | tail -n 1 | jq '100 * .split.train_after_median_test')
    assert_line "leak: $(printf %.1f "$share") % of the training ratings are later than the median test rating"
}

@test "what can't be judged is refused" {
    four | scores a.rs predict A 1
    four_ranks | scores r.rs rank A 1
    four | scores unknown.rs nonsense A 1
    fails 65 rs-eval unknown.rs
    four | scores part.rs predict A 1 '"test": {"rows": 9}'
    fails 65 rs-eval part.rs
    assert_equal "$stderr" "rs-eval: part.rs: holds 4 of the 9 test pairs that its header speaks of: a part is missing"
    head -n 1 <(four) | scores none.rs predict A 1
    fails 65 rs-eval none.rs
    four_ranks | sed 's/,9$/,8/' | scores other.rs rank B 1
    fails 65 rs-eval r.rs other.rs
    [[ $stderr == *"is ranked among 8 candidates, in r.rs among 9"* ]]
    four_ranks | scores catalogue.rs rank B 1 '"catalogue": 11'
    fails 65 rs-eval r.rs catalogue.rs
    [[ $stderr == *"ranks 11 items, r.rs 10"* ]]
    four_ranks | sed 's/0,1,9/0,3,9/; s/1,3,9/2,3,9/' | scores overlap.rs rank A 1
    fails 65 rs-eval --relevant all overlap.rs
    [[ $stderr == *"contradict"* ]]
    four_ranks | sed 's/4,2,9/8,2,9/' | scores beyond.rs rank A 1
    fails 65 rs-eval beyond.rs
    printf 'user,item,rating,score,sampled,candidates\n1,a,4,4,0,9\n' | scores drawn.rs rank A 1
    fails 65 rs-eval drawn.rs
    fails 65 rs-eval --tune a.rs
    head -c 300 a.rs >cut.rs
    fails 65 rs-eval cut.rs
    rs-eval a.rs -f rs -o m.rs
    fails 65 rs-eval m.rs
    fails 64 rs-eval a.rs -m ndcg@0
    fails 64 rs-eval a.rs -m rmse@5
    fails 64 rs-eval a.rs -m rerank-rmse
    fails 64 rs-eval a.rs --relevant much
    fails 64 rs-eval a.rs --scale 5:1
    fails 64 rs-eval a.rs x:all=a.rs
    fails 65 rs-eval a.rs -m ndcg
    [[ $stderr == *"no figure for ndcg@10"* ]]
    run -74 rs-eval a.rs -o /dev/full
}

@test "relevance: by the scale, given, or everything" {
    check() { # MIN MAX STEP WANT
        printf 'user,item,rating,score\n1,a,%s,1\n' "$2" |
            "$MAKER" "{\"task\": \"predict\", \"scale\": {\"min\": $1, \"max\": $2, \"step\": $3, \"n\": 9}}" >x.rs
        assert_equal "$(rs-eval m=x.rs -m rmse -f json | jq -c .protocol.relevant)" "{\"rating_at_least\":$4}"
    }
    check 1 5 1 4
    check 0.5 5 0.5 4
    check 1 10 1 8
    check 0 1 1 1
    check 0 100 1 70
    four_ranks | scores r.rs rank A 1
    run -0 rs-eval r.rs --relevant all -m recall@2 -f csv
    assert_line "A,all,all,recall@2,0.3333333333333333,2"
    run -0 rs-eval r.rs --relevant 5 -m recall@5 -f csv
    assert_line "A,all,all,recall@5,0.5,1"
    printf 'user,item,rating,score\n1,a,3,1\n' | "$MAKER" '{"task": "predict", "feedback": "implicit"}' >i.rs
    run -0 rs-eval m=i.rs
    assert_line --index 0 "1 test pairs; every test item is relevant"
    refute_line --partial rmse # counts are no ratings
    run -0 rs-eval m=i.rs -m rmse # unless asked for
    assert_line --partial rmse
}

@test "rerank measures rank the user's test items by expected rating" {
    printf 'user,item,rating,score\n1,a,5,1\n1,b,4,3\n1,c,1,3\n1,d,2,0\n' | scores a.rs predict A 1
    run -0 rs-eval a.rs -m rerank-precision@1,rerank-auc -f csv
    assert_line "A,all,all,rerank-precision@1,0.5,1"
    # b ties with c and beats d, a loses to c and beats d
    assert_line "A,all,all,rerank-auc,0.625,1"
}

@test "what others call precision, recall and MAP, under names of their own" {
    printf 'user,item,rating,score,above,tied,candidates\n1,a,5,0,0,1,4\n1,b,4,0,2,1,4\n1,c,1,0,1,1,4\n' | scores r.rs rank A 1
    run -0 rs-eval r.rs -f csv -m map@1,map-relevant@1,map-relevant@3,precision-mean@3,precision@10,precision-returned@10
    assert_line "A,all,all,map@1,1,1"
    assert_line "A,all,all,map-relevant@1,0.5,1"
    assert_line --regexp '^A,all,all,map-relevant@3,0.833333333333333[0-9]*,1$'   # (1 + 2/3) / 2
    assert_line --regexp '^A,all,all,precision-mean@3,0.722222222222222[0-9]*,1$' # (1 + 1/2 + 2/3) / 3
    assert_line "A,all,all,precision@10,0.2,1"
    assert_line "A,all,all,precision-returned@10,0.5,1"
    # Surprise's: a, c and d are expected to be relevant; the second user has nothing that is, and counts.
    printf 'user,item,rating,score\n1,a,5,4.2\n1,b,4,3.9\n1,c,1,4.1\n1,d,2,4\n2,a,1,4.5\n' | scores p.rs predict A 1
    run -0 rs-eval p.rs -f csv -m rerank-precision-recommended,rerank-recall-recommended -k 2,4
    assert_line "A,all,all,rerank-precision-recommended@2,0.25,2"
    assert_line "A,all,all,rerank-recall-recommended@2,0.25,2"
    assert_line --regexp '^A,all,all,rerank-precision-recommended@4,0.1666666666666666[0-9]*,2$'
    assert_line "A,all,all,rerank-recall-recommended@4,0.25,2"
    fails 64 rs-eval p.rs -m precision-recommended
    # Its older versions': what is undefined counts 1. Nobody is expected to like e, and nobody does.
    printf 'user,item,rating,score\n1,a,5,4.2\n1,b,4,3.9\n2,a,1,4.5\n3,e,1,2\n' | scores old.rs predict A 1
    run -0 rs-eval old.rs -f csv -m rerank-precision-recommended-or-1,rerank-recall-recommended-or-1 -k 2
    assert_line "A,all,all,rerank-precision-recommended-or-1@2,0.6666666666666666,3" # (1 + 0 + 1) / 3
    assert_line "A,all,all,rerank-recall-recommended-or-1@2,0.8333333333333334,3"    # (1/2 + 1 + 1) / 3
    # They take in who likes nothing; of the others it is said that they do not.
    run -0 rs-eval old.rs -m rerank-recall-recommended-or-1,rerank-ndcg-linear
    refute_line --partial "left out"
    run -0 rs-eval old.rs -m rerank-recall-recommended-or-1,rerank-recall
    assert_line "left out of what is ranked: 2 of 3 users, who have no relevant test item"
    fails 64 rs-eval old.rs -m recall-recommended-or-1
}

@test "Elliot's nDCG: binary it is ndcg, graded its gain begins at the threshold" {
    # Gains 2^(5 - 4 + 1) - 1 = 3 at place 2, 2^(4 - 4 + 1) - 1 = 1 at place 3, none for the 1 at place 1;
    # the second user has nothing relevant and stays out.
    printf 'user,item,rating,score,above,tied,candidates\n1,a,5,0,1,1,9\n1,b,4,0,2,1,9\n1,c,1,0,0,1,9\n2,a,1,0,0,1,9\n' |
        scores r.rs rank A 1
    graded() { # RELEVANT GAINS: of a, b and c
        assert_equal "$(rs-eval r.rs --relevant "$1" -f csv -m ndcg-exp-relevant@3 | value A all all ndcg-exp-relevant@3 | cut -c 1-14)" \
            "$(python3 -c '
import math, sys
a, b, c = map(float, sys.argv[1:])
log = math.log2
print((c + a / log(3) + b / 2) / (a + b / log(3) + c / 2))' ${2//,/ } | cut -c 1-14)"
    }
    # By hand, for the threshold 4: (3 / log2 3 + 1 / 2) / (3 + 1 / log2 3) = 0.6590.
    graded 4 3,1,0
    graded 5 1,0,0
    run -0 rs-eval r.rs -f csv -m ndcg-exp-relevant@3
    assert_line --regexp ',1$' # users
    # With all relevant the threshold is 0 and gains are 63, 31 and 3; the second user's list is perfect.
    run -0 rs-eval r.rs --relevant all -f csv -m ndcg-exp-relevant@3
    assert_line --regexp '^A,all,all,ndcg-exp-relevant@3,0.846475080420[0-9]*,2$'
    # Counts, whose gains no double holds: 2^5000 is at place 2, beside it 2^4 is nothing.
    printf 'user,item,rating,score,above,tied,candidates\n1,a,5000,0,1,1,9\n1,b,4,0,0,1,9\n2,a,3,0,0,1,9\n' |
        scores counts.rs rank A 1
    for measure in ndcg-exp@3 ndcg-exp-relevant@3; do
        run -0 rs-eval counts.rs --relevant all -f csv -m $measure
        assert_line --regexp "^A,all,all,$measure,0.8154648767[0-9]*,2\$" # (1 / log2 3 + 1) / 2
    done
}

@test "sampled negatives: asked for, named in every row, drawn as items would be" {
    # With as many as there are, the ranking is the full one; the name says sampled all the same.
    four_ranks | scores r.rs rank A 1
    local measures=precision,recall,ndcg,hr,mrr,map,auc,precision-returned
    rs-eval r.rs -f csv -k 1,5 -m "$measures" >full.csv
    rs-eval r.rs -f csv -k 1,5 -m "$measures" --sample-negatives 8 >all.csv
    assert_equal "$(sed 's/sampled(8)-//' all.csv)" "$(cat full.csv)"
    assert_equal "$(tail -n +2 all.csv | grep -vc ',sampled(8)-')" 0
    run ! grep -q sampled full.csv
    # Two drawn of eight others, of which four stand above a, one shares its score and three stand below: a
    # is first in 3 of the 28 draws, and by half in 3 more. The area keeps its expectation, (3 + 1/2) / 8.
    {
        echo user,item,rating,score,above,tied,candidates
        for ((u = 1; u <= 4000; u++)); do echo "$u,a,5,0,4,2,9"; done
    } >many.csv
    scores many.rs rank A 1 <many.csv
    run -0 rs-eval many.rs -f csv -m auc,hr@1,hr@3 --sample-negatives 2
    assert_line "A,all,all,sampled(2)-hr@3,1,4000"
    awk -F, '$2 == "all" && $4 ~ /auc/ && ($5 - 3.5 / 8) ^ 2 < 0.02 ^ 2 { n++ }
             $2 == "all" && $4 ~ /hr@1/ && ($5 - 4.5 / 28) ^ 2 < 0.02 ^ 2 { n++ }
             END { exit n != 2 }' <<<"$output"
    # A constant score is worth as much as a random one, drawn or not.
    sed 1q <(four_ranks) >constant.csv
    echo 1,a,5,3,0,9,9 >>constant.csv
    scores constant.rs rank A 1 <constant.csv
    run -0 rs-eval constant.rs -f csv -m auc,hr@1 --sample-negatives 3
    assert_line "A,all,all,sampled(3)-auc,0.5,1"
    assert_line "A,all,all,sampled(3)-hr@1,0.25,1" # of four
    # The draw is the seed's and the user's: not the threads', the order's, nor of who else is there.
    by_user() { # FILE [OPTION...]
        rs-eval -f csv -s user --min-cell 1 -m ndcg --sample-negatives 2 "$@" | grep ',user:'
    }
    head -n 51 many.csv | scores some.rs rank A 1
    by_user some.rs >one.csv
    by_user some.rs --threads 2 | cmp - one.csv
    { head -n 1 many.csv; head -n 51 many.csv | tail -n +2 | tac; } | scores order.rs rank A 1
    by_user order.rs | cmp - one.csv
    run ! cmp -s one.csv <(by_user some.rs --seed 2)
    head -n 21 many.csv | scores fewer.rs rank A 1
    run -0 by_user fewer.rs
    assert_equal "$(grep -cxFf one.csv <<<"$output")" 20
    # Every form says it; what ranks no candidates is not of them.
    four | scores p.rs predict A 1
    run -0 rs-eval r.rs p.rs -m rmse,ndcg,rerank-ndcg --sample-negatives 2
    assert_line "ranked: sampled(2), the test items and 2 drawn of the full catalogue of 10 but for the user's training items, 4 candidates a user (3 to 4)"
    assert_line --regexp '^model +rmse +sampled\(2\)-ndcg@10 +rerank-ndcg@10$'
    for format in tsv json markdown; do
        run -0 rs-eval r.rs -m ndcg --sample-negatives 2 -f $format
        assert_output --partial 'sampled(2)-ndcg@10'
    done
    # Lists know the first places only; ranks that contradict each other can't be drawn among.
    printf '1 a\n1 b\n' >l.txt
    printf '1 a 5\n1 c 5\n' >t.txt
    fails 65 rs-eval --lists --truth t.txt l.txt -k 2 -m precision --sample-negatives 2
    [[ $stderr == *"whole rankings"* ]]
    four_ranks | sed 's/0,1,9/0,3,9/; s/1,3,9/2,3,9/' | scores overlap.rs rank A 1
    fails 65 rs-eval overlap.rs -m ndcg --sample-negatives 2
    [[ $stderr == *"contradict"* ]]
}

@test "--list-metrics names every measure with formula and source" {
    run -0 rs-eval --list-metrics
    assert_line --regexp '^ndcg@K: of ranks$'
    assert_line --partial 'log2(k + 1)'
    assert_line 'Notation:'
    output=${output%%$'\n\nNotation:'*}
    assert_equal "$(grep -c '^[a-z]' <<<"$output")" "$(($(wc -l <<<"$output") / 3))"
}

@test "stability: how far lists are those of another model" {
    printf 'user,item,score,rank\n1,a,3,1\n1,b,2,2\n1,c,1,3\n2,a,3,1\n' | scores old.rs top old 1 '"catalogue": 4'
    printf 'user,item,score,rank\n1,c,3,1\n1,a,2,2\n1,d,1,3\n3,a,3,1\n' | scores new.rs top new 1 '"catalogue": 5'
    run -0 rs-eval old.rs new.rs --against old -m stability@3,catalogue-coverage@3 -f csv
    assert_line "old,all,all,stability@3,1,2"
    assert_line "old,all,all,catalogue-coverage@3,0.75,2"
    assert_line "new,all,all,catalogue-coverage@3,0.6,2"
    # user 1 alone is in both: 2/3 0.9^3 + 0.1/0.9 (1/2 0.9^2 + 2/3 0.9^3)
    assert_line "new,all,all,stability@3,0.585,1"
    fails 65 rs-eval old.rs new.rs -m stability@3
}

@test "stated deviations are judged where there are some" {
    printf 'user,item,rating,score,deviation\n1,a,4,3,1\n1,b,4,3,0.5\n2,a,4,3,0\n2,b,4,3,2\n' | scores a.rs predict A 1
    run -0 rs-eval a.rs -m within-deviation,mae -f csv
    assert_line "A,all,all,within-deviation,0.6666666666666666,3"
    assert_line "A,all,all,mae,1,4"
    printf 'user,item,rating,score,deviation\n1,a,4,3,0\n1,b,4,3,0\n' | scores none.rs predict A 1
    run -0 rs-eval none.rs -m mae -f csv
    assert_line "A,all,all,mae,1,2"
    fails 65 rs-eval none.rs -m within-deviation
}

@test "every user by themselves" {
    four | scores a.rs predict A 1
    run -0 rs-eval a.rs -m mae -f csv -s user --min-cell 1
    assert_line "A,all,user:1,mae,1.75,2"
    assert_line "A,all,user:2,mae,1,2"
}
