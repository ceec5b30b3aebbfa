# rs-view: every kind of file as rows, in JSON lines and CSV that other programs read; checks; the way back.

setup() {
    load helper
    _common_setup
    rs-clean "$SAMPLE" -o ratings.rs
}

with_tables() {
    rs-clean "$SAMPLE" --items "$SAMPLE_ITEMS" --users "$SAMPLE_USERS" -o full.rs
}

@test "ratings come out as they went in, as JSON lines, CSV and TSV" {
    tail -n +2 "$SAMPLE" | awk -F, '{ print $1 "," $2 "," $3 + 0 "," $4 }' >expected
    rs-view ratings.rs | jq -r '[.user, .item, .rating, (.time | fromdate)] | join(",")' | diff expected -
    rs-view -f csv ratings.rs >out.csv
    assert_equal "$(head -n 1 out.csv)" user,item,rating,time
    rs-clean out.csv | rs-view -f csv | cmp out.csv -
    rs-view -f tsv ratings.rs | tr '\t' , | cmp out.csv -
    rs-view ratings.rs | rs-clean | rs-view -f csv | cmp out.csv -
}

@test "a pipe, standard input, several files and joined files are alike" {
    rs-view ratings.rs >expected
    rs-view <ratings.rs | cmp expected -
    rs-view - <ratings.rs | cmp expected -
    cat ratings.rs | rs-view | cmp expected -
    rs-view <(cat ratings.rs) | cmp expected -
    cat expected expected >twice
    cat ratings.rs ratings.rs | rs-view | cmp twice -
    rs-view ratings.rs ratings.rs | cmp twice -
    rs-view -f csv ratings.rs ratings.rs | grep -c user | grep -qx 1
    rs-view -o out ratings.rs
    cmp expected out
}

@test "a limit, chosen columns, users and items" {
    assert_equal "$(rs-view -n 3 ratings.rs | wc -l)" 3
    assert_equal "$(rs-view -f csv -n 3 ratings.rs | wc -l)" 4
    assert_equal "$(rs-view -n all ratings.rs | wc -l)" 2660
    assert_equal "$(rs-view -n 2660 ratings.rs ratings.rs | wc -l)" 2660
    assert_equal "$(rs-view -f csv -c rating,user -n 1 ratings.rs | xargs)" "rating,user 5,1"
    rs-view -f csv -u 7 ratings.rs | tail -n +2 | cut -d, -f2 |
        diff <(awk -F, '$1 == 7 { print $2 }' "$SAMPLE") -
    rs-view -f csv -i 101 -i 107 -c user,item ratings.rs | tail -n +2 |
        diff <(awk -F, '$2 == 101 || $2 == 107 { print $1 "," $2 }' "$SAMPLE") -
    assert_equal "$(rs-view -u 1 -i 101 ratings.rs | wc -l)" 1
    fails 65 rs-view -u nobody ratings.rs
    assert_equal "$stderr" "rs-view: ratings.rs: there is no user 'nobody'"
    fails 65 rs-view -c user,colour ratings.rs
    assert_equal "$stderr" "rs-view: ratings.rs: there is no column 'colour'"
    fails 64 rs-view -n 0 ratings.rs
}

@test "side tables, alone and joined to the rows" {
    with_tables
    diff <(rs-view --items -f csv full.rs) "$SAMPLE_ITEMS"
    diff <(rs-view --users -f csv full.rs | cut -d, -f2-) <(cut -d, -f2- "$SAMPLE_USERS")
    assert_equal "$(rs-view --items full.rs | jq -r 'select(.item == "101") | .genres[0]')" Adventure
    assert_equal "$(rs-view -n 1 full.rs | jq -r .title)" "Amber Harbour, The (1982)"
    assert_equal "$(rs-view -n 1 -f csv -c item,genres,age,title full.rs | tail -n 1)" \
        '101,Adventure,34,"Amber Harbour, The (1982)"'
    # What items are called is their title, whatever the column is called.
    sed '1s/title/name/' "$SAMPLE_ITEMS" >named.csv
    assert_equal "$(rs-clean -q "$SAMPLE" --items named.csv | rs-view -n 1 -f csv -c item,title | tail -n 1)" \
        '101,"Amber Harbour, The (1982)"'
    rs-matrix full.rs -o matrix.rs
    # By item id, as the sample is.
    diff <(rs-view --items -f csv matrix.rs) <(rs-view --items -f csv full.rs)
    # Without a table the names that there are
    assert_equal "$(rs-view --users ratings.rs | jq -s 'length')" 120
    assert_equal "$(rs-view --items -f csv -n 1 ratings.rs | xargs)" "item 101"
}

@test "whatever an id holds, JSON is valid and CSV reads back" {
    cat >ids.csv <<'END'
user,item,rating
"comma, quote "" and
newline",i1,1
" blanks ",i2,2
back\slash	tab,é€🎬,3
,
END
    sed -i '$d' ids.csv
    rs-clean ids.csv -o ids.rs
    rs-view ids.rs | jq -r .user >users
    printf 'comma, quote " and\nnewline\n blanks \nback\\slash\ttab\n' | cmp users -
    assert_equal "$(rs-view ids.rs | jq -r .item | tail -n 1)" "é€🎬"
    for form in csv tsv; do
        rs-view -f $form ids.rs | rs-clean -d "$([ $form = csv ] && echo , || echo tab)" | rs-view >again
        rs-view ids.rs | cmp - again
    done
    # Bytes that are no UTF-8 become U+FFFD, since JSON knows no others.
    printf 'u,i,1\n' | rs-view --from csv --name $'m\xffn' -o odd.rs
    assert_equal "$(rs-view odd.rs | jq -r .source)" $'m\xef\xbf\xbdn'
    assert_equal "$(rs-view --header odd.rs | head -n 1 | jq -r .model)" $'m\xef\xbf\xbdn'
    assert_equal "$(rs-view -f csv -c source odd.rs | tail -n 1)" $'m\xffn'
}

@test "missing values are null in JSON and empty in CSV" {
    printf 'user,item,rating,time\nu,i,3,2020-01-01\nu,j,4,\n' | rs-clean -o gaps.rs
    assert_equal "$(rs-view gaps.rs | jq -c '[.time]' | xargs)" "[2020-01-01T00:00:00Z] [null]"
    assert_equal "$(rs-view -f csv gaps.rs | tail -n 1)" "u,j,4,"
    printf 'user,item,rating,mood\nu,i,3,good\nu,j,4,\n' | rs-clean -c user,item,rating,mood -o mood.rs
    assert_equal "$(rs-view mood.rs | jq -c .mood | xargs)" "good null"
    # Segments without a column leave it out in JSON and are refused in CSV.
    assert_equal "$(cat mood.rs gaps.rs | rs-view | jq -c .mood | xargs)" "good null null null"
    run -65 bash -c "cat mood.rs gaps.rs | rs-view -f csv"
    assert_line "rs-view: the columns change on the way: choose some with --columns, or take JSON"
    assert_equal "$(cat mood.rs gaps.rs | rs-view -f csv -c item,mood | xargs)" "item,mood i,good j, i, j,"
}

@test "a matrix by user, by item, and its biases" {
    rs-matrix ratings.rs -o matrix.rs
    tail -n +2 "$SAMPLE" | awk -F, '{ print $1 "," $2 "," $3 + 0 }' | sort -t, -k1,1n -k2,2n >expected
    rs-view -f csv matrix.rs | tail -n +2 | diff expected -
    cat matrix.rs | rs-view -f csv | tail -n +2 | diff expected -
    rs-view -f csv -u 5 -u 3 matrix.rs | tail -n +2 |
        diff <(grep '^5,' expected; grep '^3,' expected) -
    rs-view -f csv -i 110 matrix.rs | tail -n +2 | diff <(grep ',110,' expected) -
    rs-view -f csv -u 1 -i 107 -i 101 matrix.rs | tail -n +2 |
        diff <(printf '1,107,4.5\n1,101,5\n') -
    rs-view --biases items matrix.rs -f csv | tail -n +2 | cut -d, -f1-2 | diff <(cut -d, -f2 expected |
        sort -n | uniq -c | awk '{ print $2 "," $1 }') -
    rs-view --biases users matrix.rs | jq -s -e 'length == 120 and all(.deviation > 0)'
    awk -F, '$1 == 1 { s += $3; n++ } END { print s / n }' expected >mean
    rs-view --biases users matrix.rs -n 1 | jq -e "(.mean - $(cat mean) | fabs) < 1e-4"
    rs-matrix --times ratings.rs -o timed.rs
    tail -n +2 "$SAMPLE" | awk -F, '{ print $1 "," $2 "," $3 + 0 "," $4 }' | sort -t, -k1,1n -k2,2n >timed
    rs-view timed.rs | jq -r '[.user, .item, .rating, (.time | fromdate)] | join(",")' | diff timed -
    rs-view -i 110 timed.rs | jq -r '[.user, .item, .rating, (.time | fromdate)] | join(",")' |
        diff <(grep ',110,' timed) -
    fails 65 rs-view -u nobody matrix.rs
    fails 65 rs-view -i nothing matrix.rs
}

@test "a graph from the nearest neighbour on" {
    rs-matrix ratings.rs | rs-sim --side item -k 5 -o graph.rs
    run -0 rs-view -n 1 -f csv graph.rs
    assert_line --index 0 item,neighbour,similarity,rank
    rs-view graph.rs | jq -s -e 'length > 90 and all(.rank <= 5 and .item != .neighbour)
        and (group_by(.item) | all(map(.similarity) == (map(.similarity) | sort | reverse)))'
    assert_equal "$(rs-view -i 110 graph.rs | jq -r .item | sort -u)" 110
    fails 65 rs-view -u 1 graph.rs
    assert_equal "$stderr" "rs-view: graph.rs: is a graph of items"
    fails 65 rs-view -i nothing graph.rs
}

@test "any other kind: header and arrays; any array by its elements" {
    rs-matrix ratings.rs -o matrix.rs
    rs-score -m matrix.rs --model baseline --pairs ratings.rs -o scores.rs
    rs-blend scores.rs -o blend.rs
    assert_equal "$(rs-view blend.rs | head -n 1 | jq -r .rs)" blend
    rs-view blend.rs | tail -n +2 | jq -s -e 'length > 0 and all(.array and .type and .rows >= 0)'
    assert_equal "$(rs-view -f csv -n 1 blend.rs | head -n 1)" array,type,rows,columns,bytes
    # 2660 ratings of one batch; the offsets of 120 names and the end of the last
    assert_equal "$(rs-view --array rating ratings.rs | wc -l)" 2660
    rs-view --array rating ratings.rs | diff <(rs-view -f csv -c rating ratings.rs | tail -n +2) -
    assert_equal "$(rs-view --array user_offset ratings.rs | wc -l)" 121
    assert_equal "$(rs-view --array rating -n 2 ratings.rs | xargs)" "5 4.5"
    cat ratings.rs | rs-view --array rating | cmp - <(rs-view --array rating ratings.rs)
    fails 65 rs-view --array nothing ratings.rs
    assert_equal "$stderr" "rs-view: ratings.rs: there is no array 'nothing'"
}

@test "headers and ends of all segments" {
    cat ratings.rs ratings.rs | rs-view --header >headers
    assert_equal "$(jq -c '[.rs, .end, .rows]' headers | xargs)" \
        "[ratings,null,null] [null,ratings,2660] [ratings,null,null] [null,ratings,2660]"
    rs-view --header ratings.rs ratings.rs | cmp headers -
    rs-view --header ratings.rs | head -n 1 | jq -e '.columns == ["rating", "time"] and .version == 1'
}

@test "--check is silent on what is sound, and sees every kind of damage" {
    with_tables
    rs-matrix full.rs -o matrix.rs
    rs-sim matrix.rs -o graph.rs
    rs-score -m matrix.rs --model baseline --pairs ratings.rs -o scores.rs
    run -0 --separate-stderr rs-view --check full.rs matrix.rs graph.rs scores.rs
    assert_equal "$output$stderr" ""
    run -0 --separate-stderr rs-view --check -v full.rs matrix.rs graph.rs
    assert_equal "${stderr_lines[0]}" "rs-view: full.rs: ratings, 2660 rows, 120 users, 90 items"
    assert_equal "${stderr_lines[1]}" "rs-view: matrix.rs: matrix, 2660 ratings, 120 users, 90 items"
    [[ ${stderr_lines[2]} == "rs-view: graph.rs: graph, "* ]]
    cat matrix.rs | rs-view --check
    for file in full matrix graph scores; do
        size=$(stat -c %s $file.rs)
        for at in 100 $((size / 3)) $((size / 2)) $((size - 40)); do
            cp $file.rs bad.rs
            byte=$(od -An -tu1 -j "$at" -N 1 bad.rs)
            printf "\\x$(printf %x $((byte ^ 1)))" | dd of=bad.rs bs=1 seek="$at" conv=notrunc status=none
            fails 65 rs-view --check bad.rs
            run -65 bash -c "cat bad.rs | rs-view --check"
        done
        head -c $((size - 1)) $file.rs >cut.rs
        fails 65 rs-view --check cut.rs
    done
}

@test "scores of another program come in from CSV, TSV and JSON lines, with or without names" {
    printf 'user,item,score,rating\nu,i,3.25,4\n"v, w",j,-1e-3,2\n' >scores.csv
    rs-view --from csv --name svd scores.csv -o scores.rs
    assert_equal "$(rs-view scores.rs | jq -c '[.user, .item, .rating, .score, .source]' | paste -sd' ')" \
        '["u","i",4,3.25,"svd"] ["v, w","j",2,-0.001,"svd"]'
    rs-view scores.rs | rs-view --from json --name svd | rs-view | cmp - <(rs-view scores.rs)
    rs-view -f tsv scores.rs | rs-view --from tsv --name svd | rs-view | cmp - <(rs-view scores.rs)
    tail -n +2 scores.csv | rs-view --from csv --name svd | rs-view | cmp - <(rs-view scores.rs)
    printf '7 x 3\n' | tr ' ' '\t' | rs-view --from tsv | rs-view -f csv | grep -qx '7,x,3,foreign'
    printf 'x,9,skipped,3.5,u\n' | rs-view --from csv -c item,-,-,score,user | rs-view -f csv -c user,item,score |
        grep -qx 'u,x,3.5'
    rs-view --header scores.rs | head -n 1 | jq -e '.model == "svd" and .sources == ["svd"] and .task == "predict"'
    printf 'uid,iid,r_ui,est\n1,2,4,3.9\n' | rs-view --from csv | rs-view -f csv -c rating,score | grep -qx '4,3.9'
    printf 'user,item,score,rank\n1,2,4,1\n' | rs-view --from csv | rs-view --header | head -n 1 |
        jq -e '.task == "top"'
    printf 'user,item,score,above,tied,candidates\n1,2,4,1,1,9\n' | rs-view --from csv | rs-view --header |
        head -n 1 | jq -e '.task == "rank"'
}

@test "joined scores keep whose they are" {
    printf 'u,i,1\n' | rs-view --from csv --name a -o a.rs
    printf 'u,i,2\n' | rs-view --from csv --name b -o b.rs
    assert_equal "$(cat a.rs b.rs a.rs | rs-view -f csv -c score,source | xargs)" "score,source 1,a 2,b 1,a"
}

@test "foreign scores are judged like ours" {
    rs-matrix ratings.rs -o matrix.rs
    rs-score -m matrix.rs --model baseline --pairs ratings.rs -o ours.rs
    rs-view -f csv -c user,item,score,rating ours.rs | rs-view --from csv --name baseline -o theirs.rs
    rs-eval -f csv -m rmse ours.rs >expected
    rs-eval -f csv -m rmse theirs.rs | diff expected -
}

@test "wrong scores are refused with their line" {
    while IFS='|' read -r text reason; do
        printf "$text" >bad.csv
        fails 65 rs-view --from csv bad.csv -o bad.rs
        assert_equal "$stderr" "rs-view: bad.csv$reason"
        [ ! -e bad.rs ]
    done <<'END'
user,item,score\nu,i,abc\nu,j,1\nu,k,2\nu,l,3\nu,m,4\n|:2: score 'abc' is not valid
user,item,score\nu,i,1\nu,i,nan\nu,k,2\nu,l,3\nu,m,4\n|:3: score 'nan' is not valid
user,item,score\nu,i,1\nu,j,1e39\n|:3: score '1e39' is not valid
user,item,score\nu,i,1\n,j,2\n|:3: user '' is not valid
user,item,score\nu,i,1\nu,j\n|:3: score '' is not valid
user,item,score,rank\nu,i,1,1.5\n|:2: rank '1.5' is not valid
user,item,score,rank\nu,i,1,-1\n|:2: rank '-1' is not valid
user,item,score,score\nu,i,1,2\n|: has two columns of the name 'score'
user,thing,score\nu,i,1\n|: needs columns user, item and score: name them with --columns
END
    fails 66 rs-view --from csv nowhere.csv
    fails 64 rs-view --from csv a b
}

@test "one thing at a time" {
    fails 64 rs-view --check --header ratings.rs
    fails 64 rs-view --users --items ratings.rs
    fails 64 rs-view --from csv --check ratings.rs
}

@test "text, gzip and what is newer are told apart" {
    fails 65 rs-view "$SAMPLE"
    [[ $stderr == *"is no rs file but text: rs-clean reads ratings from text" ]]
    gzip -k ratings.rs
    fails 65 rs-view ratings.rs.gz
    [[ $stderr == *"is no rs file but gzip: pipe it through 'gzip -dc' first" ]]
    sed 's/\xa7version\x01/\xa7version\x02/' ratings.rs >newer.rs
    fails 65 rs-view newer.rs
    [[ $stderr == *"format version 2 is newer than this program reads (1): update rs" ]]
    for mode in --check --header --users "--array rating"; do
        fails 65 rs-view $mode "$SAMPLE"
        fails 66 rs-view $mode nowhere.rs
    done
}
