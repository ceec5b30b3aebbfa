# rs-score: predictions, places among candidates, lists.

setup() {
    load helper
    _common_setup
}

# A matrix small enough to do by hand: users a b c, items 1 2 3 4.
small() {
    printf 'a,1,5\na,2,3\nb,1,4\nb,2,2\nb,3,5\nc,1,1\nc,2,5\nc,4,2\n' >small.csv
    rs-clean small.csv -o small.rs 2>/dev/null
    rs-matrix -q "$@" small.rs -o small.matrix
}

ask() { # PAIRS-CSV: writes pairs.rs
    printf "$1" >pairs.csv
    rs-clean -q pairs.csv -o pairs.rs
}

score() { rs-score -m small.matrix "$@" | rs-view --format csv; }

@test "item-based by hand: the weighted mean of the user's ratings" {
    small --normalise none
    # cosine over co-rated: items 3 and 1 share b: 20/sqrt(25*16) = 1; items 3 and 2 share b: 1.
    rs-sim small.matrix --side item --metric cosine -k all --voters all --damping 0 -o g
    ask 'a,3,1\n'
    run -0 score --model item=g --pairs pairs.rs
    # (5 + 3) / 2
    assert_line --index 1 --partial "a,3,"
    run -0 bash -c 'rs-score -m small.matrix --model item=g --pairs pairs.rs | rs-view --format csv -c user,item,score,source,support'
    assert_line "a,3,4,item,2"
}

@test "damping draws a prediction to its centre, voters limits who speaks" {
    small --normalise none
    rs-sim small.matrix --side item --metric cosine -k all --voters all --damping 2 -o g
    ask 'a,3,1\n'
    run -0 bash -c 'rs-score -m small.matrix --model item=g --pairs pairs.rs | rs-view --format csv -c score'
    assert_line "2" # (5 + 3) / (2 + 2)
    rs-sim small.matrix --side item --metric cosine -k all --voters 1 --damping 0 -o g
    run -0 bash -c 'rs-score -m small.matrix --model item=g --pairs pairs.rs | rs-view --format csv -c score'
    assert_line "5" # item 1 comes before item 2 at the same similarity
}

@test "user-based with few neighbours and many raters: the only neighbour's rating" {
    for u in {1..150}; do printf '%s,x,%s\n%s,y%s,3\n' "$u" $((u * 7 % 5 + 1)) "$u" $((u % 75)); done >many.csv
    rs-clean -q many.csv | rs-matrix --normalise none -o m
    rs-sim m --side user --metric jaccard -k 1 --voters all --damping 0 -o g # who shares both items
    awk -F, '$2 == "x"' many.csv | rs-clean -q -o pairs.rs
    rs-score -m m --model user=g --pairs pairs.rs | rs-view -f csv -c user,score |
        awk -F, 'NR > 1 { other = $1 > 75 ? $1 - 75 : $1 + 75; n++
                          if ($2 != other * 7 % 5 + 1) { print; exit 1 } } END { if (n != 150) exit 1 }'
}

@test "what is unknown gets what is known of the other, and the source says so" {
    small --normalise baseline
    rs-sim small.matrix --side user -k all -o g
    ask 'a,9,1\nz,1,1\nz,9,1\n'
    run -0 bash -c 'rs-score -m small.matrix --model user=g --pairs pairs.rs | rs-view --format csv -c user,item,source'
    assert_line "a,9,user-bias"
    assert_line "z,1,item-bias"
    assert_line "z,9,global-mean"
    run -0 bash -c 'rs-score -m small.matrix --model user=g --mean-for-unknown --pairs pairs.rs | rs-view --format csv -c source,score'
    assert_equal "$(sort -u <<<"${output#*$'\n'}")" "global-mean,3.375"
}

@test "the means are means" {
    small
    ask 'a,3,1\n'
    for row in "global-mean 3.375" "user-mean 4" "item-mean 5"; do
        set -- $row
        run -0 bash -c "rs-score -m small.matrix --model $1 --pairs pairs.rs | rs-view --format csv -c score"
        assert_line "$2"
    done
}

@test "places: candidates are the items not rated, ties are counted" {
    small
    ask 'a,3,5\na,4,1\na,9,5\n'
    run -0 bash -c 'rs-score -m small.matrix --model popular --pairs pairs.rs --rank | rs-view --format csv -c item,above,tied,candidates'
    assert_line "3,0,2,2"
    assert_line "4,0,2,2"
    assert_line "9,0,0,2" # the matrix does not know it: no candidate
}

@test "lists: never a rated item, in order, ties by id, a shortfall is said" {
    small
    run -0 --separate-stderr bash -c 'rs-score -m small.matrix --model popular --top 3 | rs-view --format csv -c user,item,rank'
    assert_line --index 1 "a,3,1"
    assert_line --index 2 "a,4,2"
    assert_equal "${#lines[@]}" 5
    assert_equal "$stderr" "rs-score: warning: 3 users have fewer than 3 items left that they have not rated"
}

@test "lists for named users, in their order; strangers get what is popular" {
    small
    # a text from Windows names the same users; none at all is a fault that names its place
    run -0 bash -c 'printf "\xef\xbb\xbfc\r\n\r\na\r\n" | rs-score -q -m small.matrix --model item-mean --top 1 --users - | rs-view --format csv -c user,source'
    assert_output "user,source
c,item-mean
a,item-mean"
    run -65 --separate-stderr bash -c 'printf "\n" | rs-score -m small.matrix --model item-mean --top 1 --users - >/dev/null'
    assert_equal "$stderr" "rs-score: standard input: names no user"
    run -0 --separate-stderr bash -c 'printf "c\nnobody\nc\n" | rs-score -q -m small.matrix --model item-mean --top 1 --users - | rs-view --format csv -c user,item,source'
    assert_line --index 1 "c,3,item-mean"
    assert_line --index 2 "nobody,1,popular"
    assert_equal "${#lines[@]}" 3
}

@test "random depends on seed and ids alone" {
    small
    ask 'a,3,5\nb,4,1\n'
    one=$(rs-score -m small.matrix --model random --pairs pairs.rs | rs-view -f csv -c user,item,score | sort)
    ask 'b,4,1\na,3,5\n'
    two=$(rs-score -m small.matrix --model random --pairs pairs.rs | rs-view -f csv -c user,item,score | sort)
    other=$(rs-score --seed 2 -m small.matrix --model random --pairs pairs.rs | rs-view -f csv -c user,item,score | sort)
    assert_equal "$one" "$two"
    [ "$one" != "$other" ]
}

@test "the same bytes for any number of threads" {
    rs-clean "$SAMPLE" | rs-split --folds 5 --fold 1 --train train.rs --test test.rs
    rs-matrix train.rs -o m
    rs-sim m --side user -o user.graph
    rs-sim m --side item -o item.graph
    for model in user=user.graph item=item.graph random; do
        for how in "--pairs test.rs" "--pairs test.rs --rank" "--top 7" "--pairs test.rs --rank --draw 20"; do
            rs-score -q -m m --model $model $how -t 1 -o one
            rs-score -q -m m --model $model $how -t 3 -o three
            cmp one three
        done
    done
}

@test "drawn candidates are the same whatever the model, distinct, and not rated" {
    rs-clean "$SAMPLE" | rs-split --folds 5 --fold 1 --train train.rs --test test.rs
    rs-matrix train.rs -o m
    for model in popular baseline; do
        rs-score -m m --model $model --pairs test.rs --rank --draw 10 --draw-users 50 |
            rs-view -f csv -c user,item,sampled >$model.csv
    done
    cmp popular.csv baseline.csv
    assert_equal "$(sort popular.csv | uniq -d | wc -l)" 0
    assert_equal "$(tail -n +2 popular.csv | cut -d, -f1 | sort -u | wc -l)" 50
    grep ',1$' popular.csv | cut -d, -f1,2 | sort >drawn
    rs-view -f csv -c user,item train.rs | sort >seen
    assert_equal "$(comm -12 drawn seen | wc -l)" 0
    assert_equal "$(wc -l <drawn)" 500
}

@test "a user folded in with the ratings that the matrix has is answered as before" {
    rs-clean "$SAMPLE" | rs-split --folds 5 --fold 1 --train train.rs --test test.rs
    rs-matrix train.rs -o m
    for metric in "pearson-baseline" "cosine --over full" "pearson" "adjusted-cosine --over full" msd jaccard; do
        rs-sim m --side user --metric $metric -k 20 -o user.graph
        rs-score -m m --model user=user.graph --top 5 | rs-view -f csv -c user,item,score >known
        rs-score -m m --model user=user.graph --top 5 --ratings train.rs | rs-view -f csv -c user,item,score | sort >folded
        sort known | cmp - folded
        rs-score -m m --model user=user.graph --pairs test.rs | rs-view -f csv -c user,item,score >known
        rs-score -m m --model user=user.graph --pairs test.rs --ratings train.rs | rs-view -f csv -c user,item,score >folded
        paste -d, known folded | awk -F, 'NR > 1 { d = $3 - $6; if (d < 0) d = -d; if (d > 1e-5) exit 1 }'
    done
}

@test "a stranger with ratings gets lists of their own, without what they rated" {
    small
    rs-sim small.matrix --side item --metric cosine --over full -o g
    printf 'new,1,5\nnew,2,3\nnew,77,3\n' | rs-clean -q -o new.rs
    run -0 --separate-stderr bash -c 'rs-score -m small.matrix --model item=g --ratings new.rs --top 2 | rs-view -f csv -c user,item,source'
    assert_line "new,3,item"
    assert_line "new,4,item"
    assert_equal "${#lines[@]}" 3
    assert_equal "$stderr" "rs-score: warning: new.rs: 1 rating is of items that the matrix does not know"
}

@test "wrong usage is said in one line" {
    small
    ask 'a,3,5\n'
    fails 64 rs-score --model popular --top 3
    fails 64 rs-score -m small.matrix --top 3
    fails 64 rs-score -m small.matrix --model popular
    fails 64 rs-score -m small.matrix --model popular --model baseline --top 3
    fails 64 rs-score -m small.matrix --model popular --top 3 --pairs pairs.rs
    fails 64 rs-score -m small.matrix --model popular --top 3 --rank
    fails 66 rs-score -m small.matrix --model item=nothing --top 3
    fails 66 rs-score -m nothing --model popular --top 3
    fails 65 rs-score -m small.rs --model popular --top 3
    fails 65 rs-score -m small.matrix --model x=small.rs --top 3
}

@test "a model of another matrix is refused" {
    small
    printf 'a,1,5\nq,7,3\nb,1,4\nq,1,2\n' | rs-clean -q | rs-matrix -o other.matrix
    rs-sim other.matrix --side item -o g
    fails 65 rs-score -m small.matrix --model item=g --top 1
    assert_equal "$stderr" "rs-score: g: was made from another matrix: its items are not the same"
}

# A folder of the sample's item neighbours: monday.
folder() {
    rs-clean "$SAMPLE" --items "$SAMPLE_ITEMS" | rs-split --folds 5 --fold 1 --train train.rs --test test.rs
    rs-matrix train.rs -o m
    rs-sim m --side item -k 20 -o predict.graph
    rs-sim m --side item -k 20 --metric cosine --over full -o rank.graph
    rs-model --matrix m --predict item=predict.graph --rank list=rank.graph -o monday
}

@test "a model folder answers as its parts do, each task by its own" {
    folder
    ln -s monday current
    for how in "--pairs test.rs" "--pairs test.rs --ratings test.rs"; do
        rs-score -m m --model item=predict.graph $how | rs-view -f csv >parts
        rs-score --model monday $how | rs-view -f csv | cmp parts -
    done
    for how in "--pairs test.rs --rank" "--top 5" "--top 5 --ratings test.rs"; do
        rs-score -m m --model list=rank.graph $how | rs-view -f csv >parts
        rs-score --model current $how | rs-view -f csv | cmp parts -
    done
    fails 64 rs-score --model monday -m m --top 3
    fails 64 rs-score --model nowhere --top 3
    rm monday/manifest.json
    fails 66 rs-score --model monday --top 3
}

@test "lines answer as lists do" {
    folder
    rs-score --model monday --top 4 | rs-view -f csv -c user,source,item,score >lists
    tail -n +2 lists | cut -d, -f1 | uniq >names
    rs-score --model monday --top 4 --users names --lines tsv -o lines.tsv
    rs-score -m m --model list=rank.graph --top 4 --users - --lines json <names >lines.json
    awk -F, 'NR > 1 { if ($1 != user) printf "%s%s\t%s", (NR > 2 ? "\n" : ""), $1, $2
                      printf "\t%s", $3; user = $1 } END { print "" }' lists |
        cmp - lines.tsv
    jq -r '. as $l | .items[] | [$l.user, $l.source, .item, (.score | tostring)] | join(",")' lines.json >flat
    awk -F, 'FNR == NR { row[NR] = $0; next }
             { split(row[FNR + 1], was, ","); d = $4 - was[4]; if (d < 0) d = -d
               if ($1 FS $2 FS $3 != was[1] FS was[2] FS was[3] || d > 1e-5) exit 1 }' lists flat
    assert_equal "$(wc -l <flat)" "$(($(wc -l <lists) - 1))"
    # a folder asked in turn answers in lines, to a file or from one in rows
    rs-score --model monday --top 4 --users - <names | cmp - lines.tsv
    rs-score --model monday --top 4 --users - -o rows.rs <names
    rs-view -f csv -c user,source,item,score rows.rs | cmp - lists
    rs-score --model monday --top 4 --users names | rs-view -f csv -c user,source,item,score | cmp - lists
    printf '7\n' | rs-score --model monday --top 1 --users - --lines json | jq -e '.items[0].title | length > 3'
}

@test "lists with more variety: from a folder, from files, in order" {
    folder
    rs-model --matrix m --predict item=predict.graph --rank list=rank.graph --neighbours rank.graph -o tuesday
    rs-score --model tuesday --top 10 --mmr 0.6 -o folder.rs
    rs-score -m m --model list=rank.graph --top 10 --mmr 0.6 --neighbours rank.graph -t 1 -o files.rs
    cmp <(rs-view -f csv folder.rs) <(rs-view -f csv files.rs)
    cmp <(rs-score -m m --model list=rank.graph --top 10 --mmr 1 | rs-view -f csv) \
        <(rs-score -m m --model list=rank.graph --top 10 | rs-view -f csv)
    # less alike, and the first is the model's
    unlike() { rs-eval -q --truth test.rs --train train.rs --graph rank.graph "$1" -m dissimilarity@10 -f csv | sed -n 2p | cut -d, -f5; }
    rs-score -m m --model list=rank.graph --top 10 -o plain.rs
    awk -v plain="$(unlike plain.rs)" -v varied="$(unlike folder.rs)" 'BEGIN { exit !(varied > plain + 0.02) }'
    cmp <(rs-view -f csv -c user,rank,item,score plain.rs | grep ',1,') <(rs-view -f csv -c user,rank,item,score folder.rs | grep ',1,')
    fails 64 rs-score --model monday --top 10 --mmr 0.6
    fails 64 rs-score --model tuesday --top 10 --mmr 1.5
    fails 64 rs-score --model tuesday --pairs test.rs --mmr 0.5
    rs-sim m --side user -o user.graph
    run -65 --separate-stderr rs-score -m m --model list=rank.graph --top 10 --mmr 0.5 --neighbours user.graph
    assert_equal "$stderr" "rs-score: user.graph: is no graph of the matrix's items"
}

@test "every line gets its line: strangers, repeated and empty names, odd ids" {
    folder
    run -0 --separate-stderr bash -c "printf '7\nnobody\n\n7\na\tb\\\\c\n' | rs-score --model monday --top 2 --users - --lines tsv"
    assert_equal "${#lines[@]}" 5
    [[ ${lines[0]} == 7$'\t'list$'\t'* ]]
    assert_equal "${lines[3]}" "${lines[0]}"
    popular=${lines[1]#nobody}
    [[ $popular == $'\t'popular$'\t'*$'\t'* ]]
    assert_equal "${lines[2]}" "$popular"
    assert_equal "${lines[4]}" 'a\tb\\c'"$popular"
    run -0 bash -c "printf 'nobody\n' | rs-score --model monday --top 2 --users - --lines json"
    assert_equal "$(jq -c '[.user, .source, .ratings, (.items | length)]' <<<"$output")" '["nobody","popular",0,2]'
    printf '7\n\xff\n' >bad
    run -65 --separate-stderr rs-score --model monday --top 2 --users bad --lines tsv
    assert_equal "$stderr" "rs-score: bad:2: an id that is no UTF-8"
    fails 64 rs-score --model monday --top 2 --lines tsv
    fails 64 rs-score --model monday --pairs test.rs --lines tsv
}

@test "a coprocess asks and reads in turn" {
    folder
    coproc SCORE { rs-score --model monday --top 3 --users -; }
    pid=$SCORE_PID
    for user in 42 7 nobody 42; do
        echo "$user" >&"${SCORE[1]}"
        IFS=$'\t' read -t 20 -r -a answer <&"${SCORE[0]}"
        assert_equal "${answer[0]}" "$user"
        assert_equal "${#answer[@]}" 5
        [ "$user" != nobody ] || assert_equal "${answer[1]}" popular
    done
    exec {SCORE[1]}>&-
    wait "$pid"
}

@test "parts of lists, of expected ratings and of places concatenate to the whole" {
    rs-clean "$SAMPLE" -o ratings.rs
    rs-split --folds 5 --fold 1 ratings.rs --train train.rs --test test.rs
    rs-matrix train.rs -o matrix.rs
    rs-sim matrix.rs -o item.rs
    for asked in "--top 5" "--pairs test.rs" "--pairs test.rs --rank"; do
        rs-score -m matrix.rs --model item=item.rs $asked -o whole.rs
        for i in 1 2 3; do rs-score -m matrix.rs --model item=item.rs $asked --part $i/3 -o part$i.rs; done
        cat part1.rs part2.rs part3.rs >joined.rs
        cmp <(rs-view whole.rs) <(rs-view joined.rs)
        for i in 1 2 3; do [ "$(rs-view part$i.rs | wc -l)" -gt 10 ]; done
        [ "$asked" = "--top 5" ] || cmp <(rs-eval --format csv whole.rs) <(rs-eval --format csv joined.rs)
    done
    # More parts than users: some are empty, and still good.
    for i in $(seq 150); do rs-score -m matrix.rs --model baseline --top 2 --part $i/150; done >joined.rs
    cmp <(rs-score -m matrix.rs --model baseline --top 2 | rs-view) <(rs-view joined.rs)
    fails 64 rs-score -m matrix.rs --model baseline --top 2 --part 3/2
    fails 64 rs-score -m matrix.rs --model baseline --pairs test.rs --rank --draw 5 --part 1/2
}
