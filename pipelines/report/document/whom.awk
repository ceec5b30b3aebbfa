# Segments: who is served best by what.

function for_whom(   i) {
    print "h2", "whom", (n_models > 1 ? "Who is served best by what" : "Who is served how well")
    if (n_segments == 0) {
        print "p", "No segment has enough test pairs."
        leave_out("segments", "none has 30 test pairs and users")
        return
    }
    if (!has_kind("hour")) leave_out("segments by time, weekday and hour", "the test ratings have no times, or too few")
    for (i = 1; i <= n_metrics; i++) {
        print "h3", metric[i] == "rmse" ? "Expected ratings (RMSE)" : "Lists (NDCG@10)"
        if (n_models > 1) { exceptions(metric[i]); contradictions(metric[i]) }
        between_segments(metric[i])
        heat(metric[i])
    }
}
function has_kind(kind,   i) {
    for (i = 1; i <= n_segments; i++) if (kind_of(segment[i]) == kind) return 1
    return 0
}
# Segments in which a model, yardsticks apart, is clearly better than the one that is best on the whole.
function exceptions(metric,   i, j, b, m, n, s, found, tested) {
    b = best[metric]
    for (i = 1; i <= n_segments; i++) {
        s = segment[i]
        found = ""
        n = 0
        for (j = 1; j <= n_models; j++) {
            m = model[j]
            if (m == b || !contender(m) || !compare(m, b, s, metric) || P == "") continue
            n++
            if (clear(m, b, s, metric) && (found == "" || sign(metric) * group[s, m, metric] > sign(metric) * group[s, found, metric]))
                found = m
        }
        if (n > 0) tested++
        if (found == "") continue
        compare(found, b, s, metric)
        print "li", "For " label(s) " (n = " whole(group_size[s, metric]) ") *" found "* is better than *" b "*, by " gain(metric) "."
        any[metric]++
    }
    if (tested > 0 && !any[metric])
        print "p", "In none of the " tested " segments is another model shown to be better than *" b "*, the best on the whole."
    else if (any[metric])
        print "p", "In the other " tested - any[metric] " of " tested " segments no model is shown to be better than *" b \
            "*, the best on the whole."
}
# Where two models of which one is shown to be better on the whole come in the other order in most segments of a kind (in all
# of them: Simpson's paradox): the whole then tells what there is much of. At most five are said.
function contradictions(metric,   i, j, found) {
    for (i = 1; i <= n_models; i++)
        for (j = 1; j <= n_models; j++)
            if (i != j && contender(model[i]) && contender(model[j]) && clear(model[i], model[j], "all", metric))
                found += contradiction(model[i], model[j], metric, found)
    if (!found)
        print "p", "Of no two models of which one is shown to be better on the whole is the order the other way round in most segments " \
            "of a kind (Simpson's paradox)."
    else if (found > 5) print "p", "The same is true of " found - 5 " further pairs and kinds."
}
function contradiction(a, b, metric, said,   i, s, kind, n, against, names, kinds, k, found) {
    for (i = 1; i <= n_segments; i++) {
        s = segment[i]
        kind = kind_of(s)
        if (kind == s || group[s, a, metric] == "" || group[s, b, metric] == "") continue
        if (n[kind]++ == 0) kinds[++k] = kind
        if (sign(metric) * (group[s, a, metric] - group[s, b, metric]) < 0) {
            against[kind]++
            names[kind] = names[kind] (names[kind] == "" ? "" : ", ") label(s)
        }
    }
    for (i = 1; i <= k; i++) {
        kind = kinds[i]
        if (n[kind] < 2 || 2 * against[kind] <= n[kind]) continue
        if (said + ++found > 5) continue
        print "li", "*Beware:* on the whole *" a "* is better than *" b "* (" fixed(figure_of(a, "all", metric), 4) \
            " and " fixed(figure_of(b, "all", metric), 4) "), but by " kind " it is the other way round in " \
            (against[kind] == n[kind] ? "all " n[kind] " segments (Simpson's paradox: the whole says who is in the segments)" : \
            against[kind] " of " n[kind] " segments (" names[kind] ")") "."
    }
    return found
}
# Not one of the yardsticks, unless there is hardly another.
function contender(m) { return n_models < 4 || m !~ /^(random|global-mean|user-mean|item-mean)$/ }
# Of each kind, the segments that the best model serves best and worst, if they differ: a z test with the bootstrap's
# standard errors and Bonferroni's correction for the choice of the two.
function between_segments(metric,   i, b, s, kind, v, most, least, k, kinds, names, n_kind, p, text, same) {
    b = best[metric]
    for (i = 1; i <= n_segments; i++) {
        s = segment[i]
        kind = kind_of(s)
        v = group[s, b, metric]
        if (kind == s || v == "" || group[s, b, metric ".low"] == "") continue
        v *= sign(metric)
        if (!(kind in n_kind)) { names[++kinds] = kind; most[kind] = least[kind] = s }
        n_kind[kind]++
        if (v > sign(metric) * group[most[kind], b, metric]) most[kind] = s
        if (v < sign(metric) * group[least[kind], b, metric]) least[kind] = s
    }
    for (k = 1; k <= kinds; k++) {
        kind = names[k]
        if (n_kind[kind] < 2) continue
        p = tails((group[most[kind], b, metric] - group[least[kind], b, metric]) / \
            sqrt(error(most[kind], b, metric) ^ 2 + error(least[kind], b, metric) ^ 2 + 1e-300)) * n_kind[kind] * (n_kind[kind] - 1) / 2
        if (p > 1) p = 1
        if (p < 0.05)
            text = text (text == "" ? "" : "; ") "by " kind ", " label_within(most[kind]) " best (" fixed(group[most[kind], b, metric], 3) \
                ") and " label_within(least[kind]) " worst (" fixed(group[least[kind], b, metric], 3) "; " p_text(p) ")"
        else same = same (same == "" ? "" : ", ") kind " (" p_text(p) ")"
    }
    if (text != "") print "p", "*" b "* serves, " text "."
    if (same != "") print "p", "No difference in how well it serves is shown by " same "."
}
function error(s, m, metric) { return (group[s, m, metric ".high"] - group[s, m, metric ".low"]) / 3.92 }

function heat(metric,   i, j, k, n, order, shown, line) {
    n = sorted_models(metric, order)
    for (i = 1; i <= n && k < 8; i++)
        if (value[order[i], "all", metric] != "" && contender(order[i])) shown[++k] = order[i]
    print "table", named(metric) " by segment" (k > 1 ? ", the stronger the colour the better within its row. Bold: the best; ≈: not shown to be " \
        "worse than it" : "") ". n: " (metric == "rmse" ? "test pairs" : "lists") "; " entries " of users are counted in training; segments under 30 are left out.", "heat"
    line = "th\tsegment\tn"
    for (j = 1; j <= k; j++) line = line "\t" shown[j]
    print line
    for (i = 1; i <= n_segments; i++) heat_row(segment[i], metric, shown, k)
    print "/table"
}
function heat_row(s, metric, shown, k,   j, m, v, b, best_v, worst_v, line, text) {
    for (j = 1; j <= k; j++) {
        v = group[s, shown[j], metric]
        if (v == "") continue
        v *= sign(metric)
        if (b == "" || v > best_v) { best_v = v; b = shown[j] }
        if (worst_v == "" || v < worst_v) worst_v = v
    }
    if (b == "") return
    line = "tr\t" label(s) "\t" whole(group_size[s, metric])
    for (j = 1; j <= k; j++) {
        m = shown[j]
        v = group[s, m, metric]
        if (v == "") { line = line "\t–"; continue }
        text = fixed(best_v, 3) == fixed(worst_v, 3) ? fixed(v, 3) : m == b ? "*" fixed(v, 3) "*" : fixed(v, 3) (compare(b, m, s, metric) && P != "" && !clear(b, m, s, metric) ? " ≈" : "")
        line = line "\t" text "|" fixed(best_v > worst_v ? (sign(metric) * v - worst_v) / (best_v - worst_v) : 0, 2)
    }
    print line
}
