# What a sentence may claim: `clear` decides, by the differences that rs-eval found. What is not clear is said to be so.

# How much A is better than B, in GAIN with its interval FROM, TO, in P by users, EFFECT, WINS, PF by folds, of which AGREE of
# OF say the same; false if that is not known.
function compare(a, b, seg, metric,   k, s, back) {
    k = a SUBSEP b SUBSEP seg SUBSEP metric
    back = !(k in difference)
    if (back) k = b SUBSEP a SUBSEP seg SUBSEP metric
    if (!(k in difference) || difference[k] == "") return 0
    s = sign(metric) * (back ? -1 : 1)
    GAIN = s * difference[k]
    FROM = s > 0 ? low[k] : -high[k]
    TO = s > 0 ? high[k] : -low[k]
    HAS_INTERVAL = low[k] != ""
    P = p_users[k]; PF = p_folds[k]
    EFFECT = effect[k] == "" ? "" : effect[k] < 0 ? -effect[k] : effect[k]
    WINS = back ? 1 - wins[k] : wins[k]
    count_folds(a, b, seg, metric)
    return 1
}
# In how many folds the difference has the sign that it has in all.
function count_folds(a, b, seg, metric,   i, d) {
    AGREE = OF = 0
    if (seg != "all" || n_folds < 2) return
    for (i = 1; i <= n_folds; i++) {
        if (value[a, fold[i], metric] == "" || value[b, fold[i], metric] == "") continue
        OF++
        d = sign(metric) * (value[a, fold[i], metric] - value[b, fold[i], metric])
        if (d * GAIN > 0) AGREE++
    }
}
# A is better than B: by the test over users with Holm's correction, by the bootstrap's interval, and in every single fold.
function clear(a, b, seg, metric) {
    if (!compare(a, b, seg, metric) || P == "") return 0
    return GAIN > 0 && P < 0.05 && HAS_INTERVAL && FROM > 0 && AGREE == OF
}
# What there is for GAIN, between braces, which the page prints small.
function evidence(   text) {
    text = HAS_INTERVAL ? "95 % interval " fixed(FROM, 4) " to " fixed(TO, 4) (FROM <= 0 && TO >= 0 ? ", with 0 in it" : "") : "no interval"
    if (P != "") text = text "; over users " p_text(P)
    if (OF > 0) text = text "; in " AGREE " of " OF " folds"
    return "{" text "}"
}
function gain(metric) { return fixed(GAIN, 4) " " named(metric) " " evidence() }
# Cohen's words for a correlation (Statistical Power Analysis, 1988), which the rank-biserial one is.
function strength(r) { return r < 0.1 ? "negligible" : r < 0.3 ? "small" : r < 0.5 ? "medium" : "large" }
function champion(seg, metric,   i, m, v, found, most) {
    for (i = 1; i <= n_models; i++) {
        m = model[i]
        v = figure_of(m, seg, metric)
        if (v == "") continue
        v *= sign(metric)
        if (found == "" || v > most) { found = m; most = v }
    }
    return found
}
# Those not shown to be worse than the best one, it first, into SET; returns how many.
function level_with(seg, metric, set,   b, i, m, n) {
    b = champion(seg, metric)
    if (b == "") return 0
    set[n = 1] = b
    for (i = 1; i <= n_models; i++) {
        m = model[i]
        if (m != b && compare(b, m, seg, metric) && !clear(b, m, seg, metric)) set[++n] = m
    }
    return n
}
function effort(m) { return m in n_parents ? 10 + n_parents[m] : m in is_plain ? 1 : 2 }
function simplest(set, n,   i, found) {
    found = set[1]
    for (i = 2; i <= n; i++)
        if (effort(set[i]) < effort(found) || (effort(set[i]) == effort(found) && \
            set[i] in seconds && found in seconds && seconds[set[i]] + 0 < 0.5 * seconds[found])) found = set[i]
    return found
}
# Two-sided tail of the normal distribution (Abramowitz and Stegun 7.1.26).
function tails(z,   t, x) {
    x = (z < 0 ? -z : z) / sqrt(2)
    t = 1 / (1 + 0.3275911 * x)
    return t * exp(-x * x) * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
}
# Models by a measure, best first, in ORDER; those without it last, by NDCG. Returns how many.
function sorted_models(metric, order,   i, j, n, m, v, weight) {
    for (i = 1; i <= n_models; i++) {
        m = model[i]
        v = value[m, "all", metric] == "" ? value[m, "all", "ndcg@10"] - 1e9 : sign(metric) * value[m, "all", metric]
        for (j = ++n; j > 1 && weight[order[j - 1]] < v; j--) order[j] = order[j - 1]
        order[j] = m
        weight[m] = v
    }
    return n
}
