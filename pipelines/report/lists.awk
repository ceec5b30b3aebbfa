# Joins lists with what the users rated, what is similar and what is popular. See the script `lists`.
FILENAME ~ /chosen$/ { chosen[++n_chosen] = $1; count[$1] = $2; next }
FILENAME ~ /rated$/ {
    rating[$1, $2] = $3
    title[$2] = $4 == "" ? $2 : $4
    k = ++n_rated[$1]
    rated[$1, k] = $2
    next
}
FILENAME ~ /similar$/ { k = ++n_similar[$1]; similar[$1, k] = $2; similarity[$1, k] = $3; next }
FILENAME ~ /items$/ { ratings[$1] = $2; mean[$1] = $3; next }
{ k = ++n_top[$1]; top[$1, k] = $3; score[$1, k] = $4; if ($5 != "") title[$3] = $5; else if (!($3 in title)) title[$3] = $3 }
END {
    for (c = 1; c <= n_chosen; c++) {
        u = chosen[c]
        print "user\t" u "\t" count[u]
        put_liked(u)
        for (k = 1; k <= n_top[u]; k++) {
            i = top[u, k]
            printf "item\t%d\t%s\t%s\t%s\n", k, title[i], sprintf("%.3f", score[u, k]), reason(u, i)
        }
    }
}
# The three items rated highest; of equal ratings those that fewer have rated, which say more.
function put_liked(u,   shown, k, best, i, used) {
    for (shown = 0; shown < 3 && shown < n_rated[u]; shown++) {
        best = ""
        for (k = 1; k <= n_rated[u]; k++) {
            i = rated[u, k]
            if (i in used) continue
            if (best == "" || rating[u, i] > rating[u, best] || \
                (rating[u, i] == rating[u, best] && ratings[i] < ratings[best])) best = i
        }
        used[best] = 1
        print "liked\t" title[best] "\t" rating[u, best]
    }
}
function reason(u, i,   k, s, text, found) {
    for (k = 1; k <= n_similar[i] && found < 2; k++) {
        s = similar[i, k]
        if (!((u, s) in rating) || rating[u, s] < threshold) continue
        text = text (found++ ? " and " : "similar to ") title[s] (implicit ? " (count " : " (rated ") rating[u, s] \
            ", similarity " sprintf("%.2f", similarity[i, k]) ")"
    }
    if (found) return text
    return "nothing the user liked is among its neighbours; " (implicit ? "with " ratings[i] " users" : \
        "rated by " ratings[i] ", mean " sprintf("%.2f", mean[i]))
}
