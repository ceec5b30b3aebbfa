# The report's words and tables, a line each: a tag, then fields between tabs. page.awk and markdown.awk lay them out. What a
# sentence claims it has tested: `clear` decides, by the differences that rs-eval found, and what is not clear is said to be so.

FNR == 1 { file = file_name() }
FNR == 1 && file !~ /^(protocol|lists)$/ { next }
file == "data" {
    csv($0, f)
    if (f[1] == "left_out") { left_what[++n_left] = f[2]; left_why[n_left] = f[4]; next }
    cell[f[1], f[2], f[3]] = f[4]
    if (!((f[1], f[2]) in seen)) {
        seen[f[1], f[2]] = 1
        row[f[1], ++n_rows[f[1]]] = f[2]
        if (n_rows[f[1]] == 1 && f[1] ~ /^(user|item|context):/) group_figure[++n_group_figures] = f[1]
    }
}
file == "figures" {
    csv($0, f)
    if (f[3] != "all") next
    value[f[1], f[2], f[4]] = f[5]
    size[f[2], f[4]] = f[6]
    if (f[2] != "all" && !(f[2] in is_fold)) { is_fold[f[2]] = 1; n_folds++ }
}
file == "segments" {
    csv($0, f)
    if (f[2] != "all" || f[3] == "all") next
    group[f[3], f[1], f[4]] = f[5]
    group_size[f[3], f[4]] = f[6]
    if (!(f[3] in is_segment)) { is_segment[f[3]] = 1; segment[++n_segments] = f[3] }
}
file == "differences" {
    csv($0, f)
    k = f[1] SUBSEP f[2] SUBSEP f[3] SUBSEP f[4]
    difference[k] = f[5]; low[k] = f[6]; high[k] = f[7]; wins[k] = f[9]; p_users[k] = f[12]; p_folds[k] = f[13]
}
file == "costs" { csv($0, f); seconds[f[1]] = f[2] }
file == "protocol" { protocol[++n_protocol] = $0 }
file == "lists" { list[++n_list] = $0 }

END {
    OFS = "\t"
    n_models = split(models, model, " ")
    n = split(plain, f, " ")
    for (i = 1; i <= n; i++) is_plain[f[i]] = 1
    n = split(parents, f, " ")
    for (i = 1; i <= n; i++) { split(f[i], pair, "="); n_parents[pair[1]] = split(pair[2], ignored, "[+]") }
    implicit = cell["summary", "implicit", "value"] == 1
    if (implicit) leave_out("expected ratings (RMSE, MAE)", "the feedback is implicit: there are no ratings to be expected")
    if (n_folds < 2) leave_out("stability over folds", "there is one test set only, so no test over folds")
    if (n_models < 2) leave_out("comparison of models", "there is one model only")
    n_metrics = 0
    if (!implicit) metric[++n_metrics] = "rmse"
    metric[++n_metrics] = "ndcg@10"
    for (i = 1; i <= n_metrics; i++) best[metric[i]] = champion("all", metric[i])
    title()
    in_short()
    data()
    comparison()
    for_whom()
    lists()
    left_out()
    protocol_section()
}

# Small things

function clean(s) { gsub(/\t/, " ", s); gsub(/\*/, "\001", s); gsub(/`/, "\002", s); gsub(/\|/, "\003", s); gsub(/{/, "\004", s); gsub(/}/, "\005", s); return s }
function whole(x,   s, out) {
    s = sprintf("%.0f", x)
    while (length(s) > 3) { out = "," substr(s, length(s) - 2) out; s = substr(s, 1, length(s) - 3) }
    return s out
}
function percent(x) { return x == "" ? "–" : sprintf(100 * x < 10 ? "%.1f %%" : "%.0f %%", 100 * x) }
function fixed(x, digits) { return x == "" ? "–" : sprintf("%." digits "f", x) }
function summary(name) { return cell["summary", name, "value"] }
function p_text(p) { return p < 0.0001 ? "p < 0.0001" : p < 0.1 ? sprintf("p = %.4f", p) : sprintf("p = %.2f", p) }
function p_alone(p,   s) { s = p_text(p); sub(/^p =? */, "", s); return s }
function named(m) { return m == "rmse" ? "RMSE" : "NDCG@10" }
function task(m) { return m == "rmse" ? "expected ratings" : "lists" }
function sign(m) { return m == "rmse" ? -1 : 1 }
function leave_out(what, why) { left_what[++n_left] = what; left_why[n_left] = why }
function joined(list, n,   i, s) {
    for (i = 1; i <= n; i++) s = s (i == 1 ? "" : i == n ? " and " : ", ") "*" list[i] "*"
    return s
}
function figure_of(m, seg, metric) { return seg == "all" ? value[m, "all", metric] : group[seg, m, metric] }
function interval_of(m, seg, metric,   l, h) {
    l = figure_of(m, seg, metric ".low"); h = figure_of(m, seg, metric ".high")
    return l == "" ? "" : fixed(l, 4) " to " fixed(h, 4)
}

# How much A is better than B, in GAIN with its interval FROM, TO, in P by users, PF by folds, WINS; false if that is not known.
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
    WINS = back ? 1 - wins[k] : wins[k]
    return 1
}
# A is better than B: by the test over users with Holm's correction, by the bootstrap's interval, and over folds where there are some.
function clear(a, b, seg, metric) {
    if (!compare(a, b, seg, metric) || P == "") return 0
    return GAIN > 0 && P < 0.05 && HAS_INTERVAL && FROM > 0 && (PF == "" || PF < 0.05)
}
# What there is for GAIN, between braces, which the page prints small.
function evidence(   text) {
    text = HAS_INTERVAL ? "95 % interval " fixed(FROM, 4) " to " fixed(TO, 4) : "no interval"
    if (P != "") text = text "; over users " p_text(P)
    if (PF != "") text = text ", over folds " p_text(PF)
    return "{" text "}"
}
function gain(metric) { return fixed(GAIN, 4) " " named(metric) " " evidence() }
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
    return t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * exp(-x * x)
}

# Sections

function title(   s) {
    s = whole(summary("ratings")) (implicit ? " events of " : " ratings of ") whole(summary("items")) " items by " whole(summary("users")) " users"
    print "title", "Ratings and models: " clean(source), s "; " n_models (n_models == 1 ? " model" : " models compared") " on " \
        whole(size["all", metric[1]]) (metric[1] == "rmse" ? " test pairs" : " test users") (n_folds > 1 ? " in " n_folds " folds" : "") "."
}

function in_short(   i) {
    print "h2", "short", "In short"
    for (i = 1; i <= n_metrics; i++) best_for(metric[i])
    if (n_models > 1) {
        user_or_item()
        blends_or_one()
        factors()
        worth_it()
    }
    if (n_models > 1) which_when()
}
function best_for(metric,   b, set, n, i, next_one, others, text, s) {
    b = best[metric]
    if (b == "") { leave_out(named(metric), "no model has it"); return }
    for (i = 1; i <= n_models; i++) if (figure_of(model[i], "all", metric) != "") others++
    text = metric == "rmse" ? "To expect ratings" : "To list what a user will like"
    if (others < 2) {
        print "li", "*" text ": " b ".* " figure_and_interval(b, metric) ". It is the only model, so nothing says whether another would do better."
        return
    }
    n = level_with("all", metric, set)
    if (n == others) {
        print "li", "*" text ", nothing differs.* The best figure is that of *" b "*, " figure_and_interval(b, metric) ", but no model is shown to be worse."
        return
    }
    s = choice[metric] = simplest(set, n)
    text = "*" text ", take " s ".* Its " figure_and_interval(s, metric)
    if (s == b) text = text " is the best figure of " others " models." others_level(set, n, s)
    else {
        compare(b, s, "all", metric)
        text = text " is not the best of " others " models, which is the " fixed(figure_of(b, "all", metric), 4) " of *" b "*; but the gain of " gain(metric) \
               " is not enough to call it better, and *" s "* is simpler" cost_of(s, b) "." others_level(set, n, s)
    }
    next_one = next_worse(b, set, n, metric)
    if (next_one != "") {
        if (clear(s, next_one, "all", metric)) b = s
        if (compare(b, next_one, "all", metric)) text = text " *" b "* beats *" next_one "*, the best of the others, by " gain(metric) ", and is the better one for " percent(WINS) " of users."
    }
    print "li", text
}
function figure_and_interval(m, metric,   s) {
    s = interval_of(m, "all", metric)
    return named(metric) " of " fixed(figure_of(m, "all", metric), 4) (s == "" ? "" : " {95 % interval " s "; " (sign(metric) < 0 ? "less" : "more") " is better}")
}
function others_level(set, n, s,   i, k, rest) {
    for (i = 2; i <= n; i++) if (set[i] != s) rest[++k] = set[i]
    return k == 0 ? "" : " Not shown to be worse: " joined(rest, k) "."
}
function cost_of(a, b) {
    if (!(a in seconds) || !(b in seconds) || seconds[a] > 0.8 * seconds[b]) return ""
    return sprintf(" (%.1f seconds of jobs against %.1f)", seconds[a], seconds[b])
}
function next_worse(b, set, n, metric,   i, m, found, in_set) {
    for (i = 1; i <= n; i++) in_set[set[i]] = 1
    for (i = 1; i <= n_models; i++) {
        m = model[i]
        if (m in in_set || figure_of(m, "all", metric) == "") continue
        if (found == "" || sign(metric) * figure_of(m, "all", metric) > sign(metric) * figure_of(found, "all", metric)) found = m
    }
    return found
}
# What the comparison of A and B says, as a clause.
function outcome(a, b, metric) {
    if (!compare(a, b, "all", metric)) return ""
    if (clear(a, b, "all", metric)) return "for " task(metric) ", *" a "* is better than *" b "* by " gain(metric)
    if (clear(b, a, "all", metric)) return "for " task(metric) ", *" b "* is better than *" a "* by " gain(metric)
    compare(a, b, "all", metric)
    return "for " task(metric) ", no difference between *" a "* and *" b "* is shown (gain of *" a "*: " gain(metric) ")"
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
function capital(s) { return toupper(substr(s, 1, 1)) substr(s, 2) }
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
        else s = s "*" a "* is better in " na (na ? " (" la (na > 4 ? ", …" : "") ")" : "") " and *" b "* in " nb (nb ? " (" lb (nb > 4 ? ", …" : "") ")" : "") "."
    }
    return s
}
function best_of(kind, metric,   i, m, found) {
    for (i = 1; i <= n_models; i++) {
        m = model[i]
        if (kind == "blend" && !(m in n_parents) || kind == "single" && (m in n_parents || m in is_plain) || \
            kind == "neighbours" && m != "user" && m != "item" || \
            kind == "factors" && (m in n_parents || m in is_plain || m == "user" || m == "item")) continue
        if (value[m, "all", metric] == "") continue
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
function factors(   text) {
    text = best_against("factors", "neighbours")
    if (text == "") leave_out("latent factors against neighbours, and the picture of factors", "no model of factors is among the models (" models ")")
    else print "li", "*Factors or neighbours?* " capital(text) "."
    if (text != "") leave_out("the picture of latent factors", "the comparison keeps no factors of method svd")
}
function worth_it(   b, text) {
    b = best["ndcg@10"]
    if (b != "popular" && compare(b, "popular", "all", "ndcg@10"))
        text = clear(b, "popular", "all", "ndcg@10") ? "lists of *" b "* beat what is popular by " gain("ndcg@10") ", for " percent(WINS) " of users" : \
               "no model's lists are shown to beat what is popular"
    b = best["rmse"]
    if (!implicit && b != "baseline" && compare(b, "baseline", "all", "rmse"))
        text = text (text == "" ? "" : "; ") (clear(b, "baseline", "all", "rmse") ? "*" b "* expects ratings better than user and item biases alone by " gain("rmse") : \
               "no model is shown to expect ratings better than user and item biases alone")
    if (text != "") print "li", "*Does personalising pay?* " capital(text) "."
}
# Which model to take by segment: that of everybody, unless another is shown to be better there.
function which_when(   i, kind) {
    print "table", "Which model when: the one to take for everybody, unless another one is shown to be better for a segment; then the simplest that is, with its gain. n: test pairs for expected ratings, lists for lists; what kind of item a list is of cannot be chosen beforehand.", "words"
    if (implicit) print "th", "for", "n", "lists"
    else print "th", "for", "n", "expected ratings", "n", "lists"
    when_row("everybody", "all")
    for (i = 1; i <= n_segments; i++) {
        kind = segment[i]; sub(/:.*/, "", kind)
        if (kind ~ /^(activity|taste|habit|popularity|cold-items|cold-users|sex|age)$/) when_row(label(segment[i]), segment[i])
    }
    print "/table"
}
function label(s,   kind, rest) {
    kind = s; sub(/:.*/, "", kind)
    rest = substr(s, length(kind) + 2)
    if (kind == "activity") return "users with " rest " ratings"
    if (kind == "taste") return "users of " rest " taste"
    if (kind == "habit") return (rest == "middle" ? "usual" : rest) " raters"
    if (kind == "popularity") return "items of the " rest
    if (kind == "genre") return "genre " clean(rest)
    if (kind == "sex" || kind == "age" || kind == "occupation") return kind " " clean(rest)
    if (kind == "time") { sub(/\.\./, " to ", rest); return rest }
    if (kind == "cold-items") return "items without training"
    if (kind == "cold-users") return "users without training"
    if (kind == "warm") return "users and items with training"
    return clean(s)
}
function when_row(what, seg,   i, line, n_seg) {
    line = "tr\t" what
    for (i = 1; i <= n_metrics; i++) {
        n_seg = seg == "all" ? size["all", metric[i]] : group_size[seg, metric[i]]
        line = line "\t" (n_seg == "" ? "–" : whole(n_seg)) "\t" take(seg, metric[i])
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
        if (m == s || !compare(m, s, seg, metric) || P == "") continue
        tested++
        if (clear(m, s, seg, metric)) set[++n] = m
    }
    if (!tested) return "–"
    if (!n) return s
    m = simplest(set, n)
    compare(m, s, seg, metric)
    return "*" m "*, by " fixed(GAIN, 4) " {" p_text(P) "}"
}

# The data

function data(   i, r, most, share, half) {
    print "h2", "data", "The data"
    print "tile", implicit ? "events" : "ratings", whole(summary("ratings"))
    print "tile", "users", whole(summary("users"))
    print "tile", "items", whole(summary("items"))
    print "tile", "empty cells", sprintf("%.2f %%", 100 * summary("sparsity"))
    if (!implicit) print "tile", "mean rating", fixed(summary("mean"), 2) " ± " fixed(summary("deviation"), 2)
    if (("span", "first", "when") in cell) print "tile", "time", substr(cell["span", "first", "when"], 1, 7) " to " substr(cell["span", "last", "when"], 1, 7)
    data_words()
    data_pictures()
    data_tables()
}
function data_words(   i, r, k) {
    for (i = 1; i <= n_rows["item_ranks"]; i++) {
        r = row["item_ranks", i]
        if (cell["item_ranks", r, "ratings_share"] >= 0.5) break
    }
    print "p", "Half of all ratings are of the " percent(cell["item_ranks", r, "lines_share"]) " of items that are rated most (Gini " fixed(summary("gini_items"), 2) \
        "; of users " fixed(summary("gini_users"), 2) "); " percent(summary("items_with_one")) " of items have a single rating. Half of the users have " \
        fixed(cell["quantiles", 6, "user_n"], 0) " ratings or fewer, half of the items " fixed(cell["quantiles", 6, "item_n"], 0) "." \
        (summary("tail_exponent_items") == "" ? "" : " From " whole(summary("tail_from_items")) " ratings on, the tail of items falls like a power law with exponent " fixed(summary("tail_exponent_items"), 2) " (maximum likelihood; that it is one is not tested).")
    if (!implicit) print "p", "Differences between users' means make " percent(summary("variance_between_users")) " of the variance of ratings, those between items' means " percent(summary("variance_between_items")) \
        " (each by itself, on all ratings): what a model of biases can know of."
    print "p", percent(cell["co_rating", "users", "share"]) " of all pairs of users have an item in common" estimated("users") ", " percent(cell["co_rating", "items", "share"]) \
        " of all pairs of items a user" estimated("items") ": that is what neighbours are made of." \
        (("min_count", 3, "pairs_share") in cell ? " Keeping only users and items with at least 5 ratings would leave " percent(cell["min_count", 3, "users_share"]) " of users, " percent(cell["min_count", 3, "items_share"]) " of items and " percent(cell["min_count", 3, "pairs_share"]) " of ratings." : "") \
        (cell["repeated", "ratings", "share"] > 0 ? " " percent(cell["repeated", "ratings", "share"]) " of ratings repeat a pair of user and item." : "")
}
function estimated(side) {
    return cell["co_rating", side, "exact"] == 1 ? "" : " (estimated from " whole(cell["co_rating", side, "examined"]) ", ± " percent(1.96 * cell["co_rating", side, "error"]) ")"
}
function data_pictures(   n) {
    n = whole(summary("ratings"))
    if (!implicit) print "fig", "rating", "Ratings by value, in % of all (n = " n ")."
    print "fig", "tail", "The long tail: ratings of each item and of each user by rank, both axes logarithmic (" whole(summary("items")) " items, " whole(summary("users")) " users)."
    print "fig", "share", "Concentration: share of all ratings that go to the most rated items and come from the most active users (n = " n ")."
    print "fig", "activity", "Activity: users by the number of their ratings, and the share of ratings that they give (n = " whole(summary("users")) " users)."
    print "fig", "matrix", "The matrix: the stronger the colour, the larger the share of a cell's pairs that are rated (root scale; n = " n " ratings, " percent(1 - summary("sparsity")) " of all pairs)."
    print "fig", "months", "Ratings by month (UTC; n = " n ")."
    print "fig", "hours", "Ratings by hour of the day, in % (UTC; n = " n ")."
}
function data_tables(   g, i, r, name) {
    for (g = 1; g <= n_group_figures; g++) {
        name = group_figure[g]
        if (n_rows[name] > 24 || n_rows[name] < 2) continue
        print "table", "Ratings by " clean(substr(name, index(name, ":") + 1)) " of the " (name ~ /^context/ ? "rating" : substr(name, 1, index(name, ":") - 1)) " (n = " whole(summary("ratings")) (name == "item:genres" ? "; what has several counts in each" : "") ").", "small"
        print "th", clean(substr(name, index(name, ":") + 1)), name ~ /^user/ ? "users" : name ~ /^item/ ? "items" : "", "ratings", "share", "mean", "st. dev."
        for (i = 1; i <= n_rows[name]; i++) {
            r = row[name, i]
            print "tr", clean(r), cell[name, r, "subjects"] == "" ? "" : whole(cell[name, r, "subjects"]), whole(cell[name, r, "n"]), percent(cell[name, r, "share"]) "|" fixed(cell[name, r, "share"], 2), \
                fixed(cell[name, r, "mean"], 2), fixed(cell[name, r, "deviation"], 2)
        }
        print "/table"
    }
}

# The models

function sorted_models(metric, order,   i, j, n, m, v) {
    for (i = 1; i <= n_models; i++) {
        m = model[i]
        v = value[m, "all", metric] == "" ? -1e9 : sign(metric) * value[m, "all", metric]
        for (j = ++n; j > 1 && weight[order[j - 1]] < v; j--) order[j] = order[j - 1]
        order[j] = m
        weight[m] = v
    }
    return n
}
function comparison(   n, i, m, order, line, any_cost, last) {
    print "h2", "models", (n_models > 1 ? "The models compared" : "The model")
    n = sorted_models(metric[1], order)
    for (m in seconds) any_cost = 1
    print "table", "All models, best first by " named(metric[1]) ", with 95 % intervals (bootstrap over users). Ranking is over all items that the user has not rated in training; n = " \
        (implicit ? "" : whole(size["all", "rmse"]) " test pairs, ") whole(size["all", "ndcg@10"]) " lists."
    line = "th\tmodel" (implicit ? "" : "\tRMSE\tinterval\tMAE\tcoverage") "\tprecision@10\trecall@10\tNDCG@10\tinterval\tMRR@10\tAUC" (any_cost ? "\tseconds" : "")
    print line
    for (i = 1; i <= n; i++) {
        m = order[i]
        line = "tr\t" m
        if (!implicit) line = line "\t" figure_cell(m, "rmse") "\t" dash(interval_of(m, "all", "rmse")) "\t" fixed(value[m, "all", "mae"], 4) "\t" percent(value[m, "all", "coverage"])
        line = line "\t" fixed(value[m, "all", "precision@10"], 4) "\t" fixed(value[m, "all", "recall@10"], 4) "\t" figure_cell(m, "ndcg@10") "\t" dash(interval_of(m, "all", "ndcg@10")) \
               "\t" fixed(value[m, "all", "mrr@10"], 4) "\t" fixed(value[m, "all", "auc"], 4) (any_cost ? "\t" fixed(seconds[m], 1) : "")
        print line
    }
    print "/table"
    if (any_cost) print "note", "Seconds: the time that a model's jobs took in all folds, on a machine that does other things too; a blend's include those of the models it is made of. Models that need no file are made together and have none."
    if (!implicit) print "fig", "accuracy", "Accuracy: RMSE with its 95 % interval (n = " whole(size["all", "rmse"]) " test pairs)."
    print "fig", "ranking", "Ranking: NDCG@10 with its 95 % interval (n = " whole(size["all", "ndcg@10"]) " lists)."
    print "fig", "precision", "Precision against recall for lists of 1, 2, 5, 10, 20 and 50 items (n = " whole(size["all", "ndcg@10"]) " lists)."
    if (n_folds > 1) {
        if (!implicit) print "fig", "folds-accuracy", "Stability: RMSE in each of " n_folds " folds (n about " whole(size["all", "rmse"] / n_folds) " test pairs a fold)."
        print "fig", "folds-ranking", "Stability: NDCG@10 in each of " n_folds " folds (n about " whole(size["all", "ndcg@10"] / n_folds) " lists a fold)."
    }
    print "fig", "costs", "Cost against " (implicit ? "ranking (NDCG@10, more is better)" : "accuracy (RMSE, less is better)") ": seconds of a model's jobs in all folds."
    if (n_models > 1) for (i = 1; i <= n_metrics; i++) tests(metric[i])
}
function dash(s) { return s == "" ? "–" : s }
function figure_cell(m, metric) { return value[m, "all", metric] == "" ? "–" : (m == best[metric] ? "*" : "") fixed(value[m, "all", metric], 4) (m == best[metric] ? "*" : "") }
function tests(metric,   n, i, m, b, order) {
    b = best[metric]
    n = sorted_models(metric, order)
    print "table", "How sure: *" b "*, whose figure is best, against each other model in " named(metric) ". Gain: how much better; wins: users for whom it is the better one; p by Wilcoxon's signed-rank test over users, corrected by Holm over all comparisons made, and by the corrected resampled t test over folds."
    print "th", "against", "gain", "95 % interval", "wins", "p (users)", "p (folds)", "shown"
    for (i = 1; i <= n; i++) {
        m = order[i]
        if (m == b || !compare(b, m, "all", metric)) continue
        print "tr", m, fixed(GAIN, 4), HAS_INTERVAL ? fixed(FROM, 4) " to " fixed(TO, 4) : "–", percent(WINS), P == "" ? "–" : p_alone(P), PF == "" ? "–" : p_alone(PF), clear(b, m, "all", metric) ? "better" : "no difference"
    }
    print "/table"
}

# Segments

function for_whom(   i) {
    print "h2", "whom", "Who is served best by what"
    if (n_segments == 0) { print "p", "No segment has enough test pairs."; leave_out("segments", "none has 30 test pairs and users"); return }
    for (i = 1; i <= n_metrics; i++) {
        print "h3", metric[i] == "rmse" ? "Expected ratings (RMSE)" : "Lists (NDCG@10)"
        if (n_models > 1) exceptions(metric[i])
        between_segments(metric[i])
        heat(metric[i])
    }
}
# Segments in which a model is clearly better than the one that is best on the whole.
function exceptions(metric,   i, j, b, m, n, s, found, tested) {
    b = best[metric]
    for (i = 1; i <= n_segments; i++) {
        s = segment[i]
        found = ""
        n = 0
        for (j = 1; j <= n_models; j++) {
            m = model[j]
            if (m == b || !compare(m, b, s, metric) || P == "") continue
            n++
            if (clear(m, b, s, metric) && (found == "" || sign(metric) * group[s, m, metric] > sign(metric) * group[s, found, metric])) found = m
        }
        if (n > 0) tested++
        if (found == "") continue
        compare(found, b, s, metric)
        print "li", "For " label(s) " (n = " whole(group_size[s, metric]) ") *" found "* is better than *" b "*, by " gain(metric) "."
        any[metric]++
    }
    if (tested > 0 && !any[metric]) print "p", "In none of the " tested " segments is another model shown to be better than *" b "*, the best on the whole."
    else if (any[metric]) print "p", "In the other " tested - any[metric] " of " tested " segments no model is shown to be better than *" b "*, the best on the whole."
}
# Of each kind, the segments that the best model serves best and worst, if they differ: a z test with the bootstrap's
# standard errors and Bonferroni's correction for the choice of the two.
function between_segments(metric,   i, b, s, kind, v, most, least, k, kinds, names, n_kind, p, text, at) {
    b = best[metric]
    for (i = 1; i <= n_segments; i++) {
        s = segment[i]
        kind = s; sub(/:.*/, "", kind)
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
        p = tails((group[most[kind], b, metric] - group[least[kind], b, metric]) / sqrt(error(most[kind], b, metric) ^ 2 + error(least[kind], b, metric) ^ 2 + 1e-300))
        p *= n_kind[kind] * (n_kind[kind] - 1) / 2
        if (p > 1) p = 1
        if (p < 0.05) text = text (at++ ? "; " : "") "by " kind ", " label(most[kind]) " best (" fixed(group[most[kind], b, metric], 3) ") and " label(least[kind]) " worst (" fixed(group[least[kind], b, metric], 3) "; " p_text(p) ")"
        else same = same (same == "" ? "" : ", ") kind " (" p_text(p) ")"
    }
    if (text != "") print "p", "*" b "* serves, " text "."
    if (same != "") print "p", "No difference in how well it serves is shown by " same "."
    same = ""
}
function error(s, m, metric) { return (group[s, m, metric ".high"] - group[s, m, metric ".low"]) / 3.92 }

function heat(metric,   i, j, k, m, n, order, shown, line, s, v, best_v, worst_v, b, text) {
    n = sorted_models(metric, order)
    k = 0
    for (i = 1; i <= n && k < 8; i++)
        if (value[order[i], "all", metric] != "" && (order[i] !~ /^(random|global-mean|user-mean|item-mean)$/ || n_models < 4)) shown[++k] = order[i]
    print "table", named(metric) " by segment, the stronger the colour the better within its row. Bold: the best; ≈: not shown to be worse than it. n: " (metric == "rmse" ? "test pairs" : "lists") "; segments under 30 are left out.", "heat"
    line = "th\tsegment\tn"
    for (j = 1; j <= k; j++) line = line "\t" shown[j]
    print line
    for (i = 1; i <= n_segments; i++) {
        s = segment[i]
        best_v = worst_v = b = ""
        for (j = 1; j <= k; j++) {
            v = group[s, shown[j], metric]
            if (v == "") continue
            v *= sign(metric)
            if (b == "" || v > best_v) { best_v = v; b = shown[j] }
            if (worst_v == "" || v < worst_v) worst_v = v
        }
        if (b == "") continue
        line = "tr\t" label(s) "\t" whole(group_size[s, metric])
        for (j = 1; j <= k; j++) {
            m = shown[j]
            v = group[s, m, metric]
            if (v == "") { line = line "\t–"; continue }
            text = m == b ? "*" fixed(v, 3) "*" : fixed(v, 3) (compare(b, m, s, metric) && P != "" && !clear(b, m, s, metric) ? " ≈" : "")
            line = line "\t" text "|" fixed(best_v > worst_v ? (sign(metric) * v - worst_v) / (best_v - worst_v) : 0, 2)
        }
        print line
    }
    print "/table"
}

# Lists

function lists(   i, f, n, open, liked) {
    if (n_list == 0) {
        leave_out("sample recommendations", "the hybrid, which makes the lists, was not made on all ratings")
        return
    }
    print "h2", "lists", "Sample recommendations"
    print "p", "Of *hybrid* on all ratings, for the users with most, with half the others' and with fewest ratings. A reason is what the user rated well that the item-based model holds for similar (cosine)."
    for (i = 1; i <= n_list; i++) {
        n = split(list[i], f, "\t")
        if (f[1] == "user") {
            if (open) print "/table"
            open = 0
            liked = ""
            print "h3", "User " clean(f[2]) ", " whole(f[3]) (f[3] == 1 ? " rating" : " ratings")
        } else if (f[1] == "liked") {
            liked = liked (liked == "" ? "" : "; ") clean(f[2]) (implicit ? "" : " (" f[3] ")")
        } else {
            if (!open) {
                if (liked != "") print "p", "Rated highest: " liked "."
                print "table", "What *hybrid* lists.", "list"
                print "th", "rank", "item", "score", "because"
            }
            open = 1
            print "tr", f[2], clean(f[3]), f[4], clean(f[5])
        }
    }
    if (open) print "/table"
}

# What is not here, and how it was done

function left_out(   i) {
    print "h2", "left", "What is left out, and why"
    if (n_left == 0) print "p", "Nothing."
    for (i = 1; i <= n_left; i++) print "li", "*" capital(clean(left_what[i])) ":* " clean(left_why[i]) "."
}
function protocol_section(   i) {
    print "h2", "how", "How it was measured"
    for (i = 1; i <= n_protocol; i++) print "li", capital(clean(protocol[i])) "."
    print "li", "“Shown to be better” here means all of these: p < 0.05 by Wilcoxon's signed-rank test over users after Holm's correction over all comparisons of the same run, segments included; a 95 % interval of the difference (1,000 bootstrap draws of users) on one side of 0; and, where there are folds, p < 0.05 by the corrected resampled t test (Nadeau and Bengio 2003). What is not shown may still be so: more data could tell."
    print "li", "Differences between segments: z tests with the bootstrap's standard errors, Bonferroni's correction over the pairs of a kind."
    print "li", "Simpler: first the models that need no file, then those with one, then blends by the number of their parts; of equal ones that which takes less than half the time."
    print "li", "Every figure is in `report/*.csv` beside this page. Made by rs " clean(version) ", `make report`."
}
