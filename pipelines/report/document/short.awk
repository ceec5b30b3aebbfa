# In short: what to take, and why. Every sentence is a comparison that has been made.

function in_short(   i) {
    print "h2", "short", "In short"
    for (i = 1; i <= n_metrics; i++) best_for(metric[i])
    if (n_models < 2) return
    user_or_item()
    blends_or_one()
    factors_or_neighbours()
    worth_it()
    if (n_context) context_pays()
    which_when()
}
function best_for(metric,   b, set, n, i, others, text, s) {
    b = best[metric]
    if (b == "") { leave_out(named(metric), "no model has it"); return }
    for (i = 1; i <= n_models; i++) if (figure_of(model[i], "all", metric) != "") others++
    text = metric == "rmse" ? "To expect ratings" : "To list what a user will like"
    if (others < 2) {
        print "li", "*" text ": " b ".* " figure_and_interval(b, metric) \
            ". It is the only model, so nothing says whether another would do better."
        return
    }
    n = level_with("all", metric, set)
    if (n == others) {
        print "li", "*" text ", nothing differs.* The best figure is that of *" b "*, " figure_and_interval(b, metric) \
            ", but no model is shown to be worse."
        return
    }
    s = choice[metric] = simplest(set, n)
    text = "*" text ", take " s ".* Its " figure_and_interval(s, metric)
    if (s == b) text = text " is the best figure of " others " models."
    else {
        compare(b, s, "all", metric)
        text = text " is not the best of " others " models: *" b "* has " fixed(figure_of(b, "all", metric), 4) \
            ", but its gain of " gain(metric) " is not enough to call it better, and *" s "* is simpler" cost_of(s, b) "."
    }
    print "li", text others_level(set, n, s) against_next(s, b, set, n, metric) nearly_as_good(s, metric)
}
function others_level(set, n, s,   i, k, rest) {
    for (i = 1; i <= n; i++) if (set[i] != s && set[i] != best_name(set)) rest[++k] = set[i]
    return k == 0 ? "" : " Not shown to be worse: " joined(rest, k) "."
}
function best_name(set) { return set[1] }
function cost_of(a, b) {
    if (!(a in seconds) || !(b in seconds) || seconds[a] > 0.8 * seconds[b]) return ""
    return sprintf(" (%.1f seconds of jobs against %.1f)", seconds[a], seconds[b])
}
# The best of those shown to be worse, and by how much.
function against_next(s, b, set, n, metric,   i, m, in_set, found) {
    for (i = 1; i <= n; i++) in_set[set[i]] = 1
    for (i = 1; i <= n_models; i++) {
        m = model[i]
        if (m in in_set || figure_of(m, "all", metric) == "") continue
        if (found == "" || sign(metric) * figure_of(m, "all", metric) > sign(metric) * figure_of(found, "all", metric)) found = m
    }
    if (found == "") return ""
    if (clear(s, found, "all", metric)) b = s
    if (!compare(b, found, "all", metric)) return ""
    return " *" b "* beats *" found "*, the best of those that are worse, by " gain(metric) ", and is the better one for " \
        percent(WINS) " of users" (EFFECT == "" ? "" : ", a " strength(EFFECT) " effect {rank-biserial " fixed(EFFECT, 2) "}") "."
}
# What is a simpler model within a hundredth of the chosen one's figure.
function nearly_as_good(s, metric,   i, m, v, near, n, t) {
    v = figure_of(s, "all", metric)
    near[n = 1] = s
    for (i = 1; i <= n_models; i++) {
        m = model[i]
        if (m == s || figure_of(m, "all", metric) == "") continue
        if (sign(metric) * (v - figure_of(m, "all", metric)) < 0.01 * v && effort(m) <= effort(s)) near[++n] = m
    }
    t = simplest(near, n)
    if (t == s) return ""
    return " Simpler and within 1 % of that: *" t "* (" fixed(figure_of(t, "all", metric), 4) cost_beside(t, s) ")."
}
function cost_beside(a, b) {
    if (!(a in seconds) || !(b in seconds)) return ""
    return sprintf("; %.1f seconds of jobs, not %.1f", seconds[a], seconds[b])
}

# What the comparison of A and B says, as a clause.
function outcome(a, b, metric,   ahead) {
    if (!compare(a, b, "all", metric)) return ""
    if (clear(a, b, "all", metric)) return "for " task(metric) ", *" a "* is better than *" b "* by " gain(metric)
    if (clear(b, a, "all", metric)) return "for " task(metric) ", *" b "* is better than *" a "* by " gain(metric)
    compare(a, b, "all", metric)
    ahead = GAIN < 0 ? b : a
    compare(ahead, ahead == a ? b : a, "all", metric)
    return "for " task(metric) ", no difference between *" a "* and *" b "* is shown" \
        (GAIN > 0 ? ": *" ahead "* is ahead by " gain(metric) : " " evidence())
}
function both_outcomes(a, b,   i, s, text) {
    for (i = 1; i <= n_metrics; i++) {
        s = outcome(a, b, metric[i])
        if (s != "") text = text (text == "" ? "" : "; ") s
    }
    return text
}
function user_or_item(   text) {
    text = both_outcomes("user", "item")
    if (text == "") leave_out("user-based against item-based", "not both are among the models")
    else print "li", "*User-based or item-based?* " capital(text) "." where_differs("user", "item")
}
# In which segments A or B is clearly better.
function where_differs(a, b,   i, s, k, na, nb, la, lb, tested) {
    for (k = 1; k <= n_metrics; k++) {
        na = nb = tested = 0; la = lb = ""
        for (i = 1; i <= n_segments; i++) {
            if (!compare(a, b, segment[i], metric[k]) || P == "") continue
            tested++
            if (clear(a, b, segment[i], metric[k])) { if (++na <= 4) la = la (na > 1 ? ", " : "") label(segment[i]) }
            else if (clear(b, a, segment[i], metric[k])) { if (++nb <= 4) lb = lb (nb > 1 ? ", " : "") label(segment[i]) }
        }
        if (tested == 0) continue
        s = s " Of " tested " segments, for " task(metric[k]) ", "
        if (na + nb == 0) s = s "neither is shown to be better in any."
        else s = s "*" a "* is better in " counted(na, la) " and *" b "* in " counted(nb, lb) "."
    }
    return s
}
function counted(n, names) { return n == 0 ? "none" : n " (" names (n > 4 ? ", …" : "") ")" }
function is_kind(m, kind,   neighbours) {
    neighbours = m == "user" || m == "item"
    if (kind == "blend") return m in n_parents
    if (m in n_parents || m in is_plain) return 0
    return kind == "single" || (kind == "neighbours") == neighbours
}
function best_of(kind, metric,   i, m, found) {
    for (i = 1; i <= n_models; i++) {
        m = model[i]
        if (!is_kind(m, kind) || value[m, "all", metric] == "") continue
        if (found == "" || sign(metric) * value[m, "all", metric] > sign(metric) * value[found, "all", metric]) found = m
    }
    return found
}
function best_against(a_kind, b_kind,   i, a, b, s, text) {
    for (i = 1; i <= n_metrics; i++) {
        a = best_of(a_kind, metric[i]); b = best_of(b_kind, metric[i])
        if (a == "" || b == "") continue
        s = outcome(a, b, metric[i])
        if (s != "") text = text (text == "" ? "" : "; ") s
    }
    return text
}
function blends_or_one(   text) {
    text = best_against("blend", "single")
    if (text == "") leave_out("whether a hybrid pays", "the models hold no blend together with one it could be held against")
    else print "li", "*A hybrid or a single model?* " capital(text) "."
}
function factors_or_neighbours(   text) {
    text = best_against("factors", "neighbours")
    if (text == "") leave_out("factors and linear models against neighbours", "not both are among the models (" models ")")
    else print "li", "*Factors (or a linear model) or neighbours?* " capital(text) "."
}
function worth_it(   b, text) {
    b = best["ndcg@10"]
    if (b != "popular" && compare(b, "popular", "all", "ndcg@10")) {
        if (clear(b, "popular", "all", "ndcg@10"))
            text = "lists of *" b "* beat what is popular by " gain("ndcg@10") ", for " percent(WINS) " of users"
        else text = "no model's lists are shown to beat what is popular"
    }
    b = best["rmse"]
    if (!implicit && b != "baseline" && compare(b, "baseline", "all", "rmse")) {
        text = text (text == "" ? "" : "; ")
        if (clear(b, "baseline", "all", "rmse"))
            text = text "*" b "* expects ratings better than user and item biases alone by " gain("rmse")
        else text = text "no model is shown to expect ratings better than user and item biases alone"
    }
    if (text != "") print "li", "*Does personalising pay?* " capital(text) "."
}

# Which model to take by segment: that of everybody, unless another is shown to be better there.
function which_when(   i) {
    print "table", "Which model when: the one to take for everybody, unless another one is shown to be better for a segment; then the " \
        "simplest that is, with its gain. n: " (implicit ? "lists" : "test pairs for expected ratings, lists for lists") \
        "; what kind of item a list is of cannot be chosen beforehand.", "words"
    if (implicit) print "th", "for", "n", "lists"
    else print "th", "for", "n", "expected ratings", "n", "lists"
    when_row("everybody", "all")
    for (i = 1; i <= n_segments; i++)
        if (kind_of(segment[i]) ~ /^(activity|taste|habit|popularity|cold-items|cold-users|sex|age)$/)
            when_row(label(segment[i]), segment[i])
    print "/table"
}
function when_row(what, seg,   i, line, n_seg) {
    line = "tr\t" what
    for (i = 1; i <= n_metrics; i++) {
        n_seg = seg == "all" ? size["all", metric[i]] : group_size[seg, metric[i]]
        line = line "\t" whole(n_seg) "\t" take(seg, metric[i])
    }
    print line
}
function take(seg, metric,   i, m, n, tested, set, s) {
    s = choice[metric]
    if (s == "") return "no difference shown"
    if (seg == "all") return "*" s "*"
    if (metric != "rmse" && seg ~ /^(popularity:|cold-items)/) return "–" # a list is made for a user, not for an item
    for (i = 1; i <= n_models; i++) {
        m = model[i]
        if (m == s || !contender(m) || !compare(m, s, seg, metric) || P == "") continue
        tested++
        if (clear(m, s, seg, metric)) set[++n] = m
    }
    if (!tested) return "–"
    if (!n) return s
    m = simplest(set, n)
    compare(m, s, seg, metric)
    return "*" m "*, by " fixed(GAIN, 4) " {" p_text(P) "}"
}
