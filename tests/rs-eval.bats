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
