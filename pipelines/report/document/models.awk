# The models compared: figures, pictures, tests; and what lists are like beside being right.

function comparison(   n, i, order, any_cost, m) {
    print "h2", "models", (n_models > 1 ? "The models compared" : "The model")
    n = sorted_models(metric[1], order)
    for (m in seconds) any_cost = 1
    print "table", (n_models > 1 ? "All models, best first by " named(metric[1]) ", " : "The model's figures ") "with 95 % intervals " \
        "(bootstrap over users). Ranking is over all items that the user has not " (implicit ? "taken" : "rated") " in training; n = " \
        (implicit ? "" : whole(size["all", "rmse"]) " test pairs, ") whole(size["all", "ndcg@10"]) " lists, of users " \
        "with something relevant in the test."
    print "th\tmodel" (implicit ? "" : "\tRMSE\tinterval\tMAE\tcoverage") \
        "\tprecision@10\trecall@10\tNDCG@10\tinterval\tMRR@10\tAUC" (any_cost ? "\tseconds" : "")
    for (i = 1; i <= n; i++) model_row(order[i], any_cost)
    print "/table"
    if (any_cost)
        print "note", "Seconds: the time that a model's jobs took" in_folds() ", on a machine that does other things too; a blend's " \
            "include those of the models it is made of. Models that need no file are made together and have none." \
            (quick == "" ? "" : " Here the costly ones were fitted quickly (`QUICK=1`): more sweeps or larger sets, with `QUICK=`, " \
            "take longer and do a little better.")
    model_pictures()
    if (n_models > 1) for (i = 1; i <= n_metrics; i++) tests(metric[i])
}
function model_row(m, any_cost,   line) {
    line = "tr\t" m
    if (!implicit)
        line = line "\t" figure_cell(m, "rmse") "\t" dash(interval_of(m, "all", "rmse", 3)) "\t" fixed(value[m, "all", "mae"], 4) \
            "\t" percent(value[m, "all", "coverage"])
    line = line "\t" fixed(value[m, "all", "precision@10"], 4) "\t" fixed(value[m, "all", "recall@10"], 4) \
        "\t" figure_cell(m, "ndcg@10") "\t" dash(interval_of(m, "all", "ndcg@10", 3)) \
        "\t" fixed(value[m, "all", "mrr@10"], 4) "\t" fixed(value[m, "all", "auc"], 4)
    print line (any_cost ? "\t" fixed(seconds[m], 1) : "")
}
function in_folds() { return n_folds > 1 ? " in all folds" : "" }
function figure_cell(m, metric,   s) {
    if (value[m, "all", metric] == "") return "–"
    s = fixed(value[m, "all", metric], 4)
    return n_models > 1 && m == best[metric] ? "*" s "*" : s
}
function model_pictures(   pairs, tops) {
    pairs = whole(size["all", "rmse"])
    tops = whole(size["all", "ndcg@10"])
    if (!implicit) print "fig", "accuracy", "Accuracy: RMSE with its 95 % interval (n = " pairs " test pairs)."
    print "fig", "ranking", "Ranking: NDCG@10 with its 95 % interval (n = " tops " lists)."
    print "fig", "precision", "Precision against recall for lists of 1, 2, 5, 10, 20 and 50 items (n = " tops " lists)."
    if (n_folds > 1 && !implicit)
        print "fig", "folds-accuracy", "Stability: RMSE in each of " n_folds " folds (n about " \
            whole(size["all", "rmse"] / n_folds) " test pairs a fold)."
    if (n_folds > 1)
        print "fig", "folds-ranking", "Stability: NDCG@10 in each of " n_folds " folds (n about " \
            whole(size["all", "ndcg@10"] / n_folds) " lists a fold)."
    print "fig", "costs", "Cost against " (implicit ? "ranking (NDCG@10, more is better; n = " tops " lists)" : \
        "accuracy (RMSE, less is better; n = " pairs " test pairs)") ": seconds of a model's jobs" in_folds() "."
}
function tests(metric,   n, i, m, b, order) {
    b = best[metric]
    n = sorted_models(metric, order)
    print "table", "How sure: *" b "*, whose figure is best, against each other model in " named(metric) ". Gain: how much better; " \
        "wins: users for whom it is the better one; effect: rank-biserial correlation; p by Wilcoxon's signed-rank test over users, " \
        "corrected by Holm over all comparisons made" (n_folds < 2 ? "" : "; folds: in how many of them it is ahead; p (folds): the " \
        "corrected resampled t test, which few folds can hardly pass") "."
    print "th", "against", "gain", "95 % interval", "wins", "effect", "p (users)" (n_folds < 2 ? "" : OFS "folds" OFS "p (folds)"), "shown"
    for (i = 1; i <= n; i++) {
        m = order[i]
        if (m == b || !compare(b, m, "all", metric)) continue
        print "tr", m, fixed(GAIN, 4), HAS_INTERVAL ? fixed(FROM, 4) " to " fixed(TO, 4) : "–", percent(WINS), fixed(EFFECT, 2), \
            (P == "" ? "–" : p_alone(P)) \
            (n_folds < 2 ? "" : OFS (OF == 0 ? "–" : AGREE " of " OF) OFS (PF == "" ? "–" : p_alone(PF))), \
            clear(b, m, "all", metric) ? "better" : "no difference"
    }
    print "/table"
}

# Beyond accuracy

function beyond(   i, m, n, order, known) {
    if (!n_beyond) { leave_out("what lists are like beside being right", "no lists were kept of the models (`LISTS=1`)"); return }
    print "h2", "beyond", "What the lists are like"
    n = sorted_models("ndcg@10", order)
    known = value[best["ndcg@10"], "all", "diversity@10"] != ""
    print "table", "The ten items that " (n_models > 1 ? "each" : "the") " model lists for every user" \
        (n_models > 1 ? ", best NDCG@10 first" : "") " (n = " whole(size["all", "catalogue-coverage@10"]) " lists). " \
        "Coverage: share of the catalogue in somebody's list. Gini: how unequally lists treat items, 0 all alike. Novelty: minus " \
        "log2 of the share of users who " (implicit ? "took" : "rated") " the item, in bits. " \
        (known ? "Diversity: 1 less Jaccard similarity of categories between the items of a list. " : "") \
        "Popularity lift: how much more popular the list is than what the user " (implicit ? "takes" : "rates") \
        " (0: as popular, 1: twice). " (known ? "Off the profile: Kullback-Leibler divergence of the list's categories from those " \
        "of the user's " entries ", in nats, less is closer. " : "") "Personal: share of a list that another user's has not."
    print "th", "model", "NDCG@10", "coverage", "Gini", "novelty" (known ? OFS "diversity" : ""), \
        "popularity lift" (known ? OFS "off the profile" : ""), "personal"
    for (i = 1; i <= n; i++) {
        m = order[i]
        if (value[m, "all", "catalogue-coverage@10"] == "") continue
        print "tr", m, figure_cell(m, "ndcg@10"), percent(value[m, "all", "catalogue-coverage@10"]), \
            fixed(value[m, "all", "gini@10"], 3), \
            fixed(value[m, "all", "novelty@10"], 2) (known ? OFS fixed(value[m, "all", "diversity@10"], 3) : ""), \
            fixed(value[m, "all", "popularity-lift@10"], 2) (known ? OFS fixed(value[m, "all", "calibration@10"], 3) : ""), \
            fixed(value[m, "all", "personalisation@10"], 3)
    }
    print "/table"
    beyond_words(choice["ndcg@10"] != "" ? choice["ndcg@10"] : best["ndcg@10"])
    print "fig", "beyond", "Accuracy against reach: NDCG@10 of the lists and the share of the catalogue that they cover (n = " \
        whole(size["all", "catalogue-coverage@10"]) " lists)."
    if (!known)
        leave_out("diversity of lists and how they fit the user's profile", "nothing is known of the items' categories")
}
# The chosen model's lists beside what is popular, and the better one in each respect if that is clear.
function beyond_words(m,   i, n, what, name, said, side, better, worse, none, nb, nw, nn) {
    if (m == "" || value[m, "all", "catalogue-coverage@10"] == "") return
    if (m != "popular" && value["popular", "all", "catalogue-coverage@10"] != "")
        print "p", "The lists of *" m "* hold " percent(value[m, "all", "catalogue-coverage@10"]) " of the catalogue, those of " \
            "*popular* " percent(value["popular", "all", "catalogue-coverage@10"]) "; two users' lists differ in " \
            percent(value[m, "all", "personalisation@10"]) " of their items, those of *popular* in " \
            percent(value["popular", "all", "personalisation@10"]) "."
    n = split("novelty@10 diversity@10 calibration@10", what, " ")
    split("novelty,diversity,closeness to the user's profile", name, ",")
    for (i = 1; i <= n; i++) {
        if (m == "popular" || !compare_beyond(m, "popular", what[i])) continue
        # Of each, how much: as compare() has it, in the measure's own units.
        side = P < 0.05 && FROM > 0 ? 1 : P < 0.05 && TO < 0 ? -1 : 0
        if (side < 0) flip()
        said = "*" name[i] "* {by " fixed(GAIN < 0 ? -GAIN : GAIN, 3) ", 95 % interval" (side ? "" : " of the gain") " " fixed(FROM, 3) \
            " to " fixed(TO, 3) "; " p_text(P) "}"
        if (side > 0) better[++nb] = said
        else if (side < 0) worse[++nw] = said
        else none[++nn] = said
    }
    if (nb + nw + nn > 0)
        print "p", "Against lists of what is popular, *" m "* is shown to be" (nb ? " better in " listed(better, nb) : "") \
            (nw ? (nb ? "," : "") " worse in " listed(worse, nw) : "") \
            (nn ? (nb + nw ? ", and" : "") " not different in " listed(none, nn) : "") \
            " {Wilcoxon's test over users with Holm's correction and the bootstrap's interval agree on what is shown}."
}
function compare_beyond(a, b, metric) {
    if (!compare(a, b, "all", metric) || P == "" || !HAS_INTERVAL) return 0
    if (metric ~ /^calibration/) flip() # compare takes more for better
    return 1
}
function flip(   t) { GAIN = -GAIN; t = FROM; FROM = -TO; TO = -t }
