# The report's words and tables, a line each: a tag, then fields between tabs. page.awk and markdown.awk lay them out. This
# part reads what was found out and says in which order the sections come.

FNR == 1 { file = file_name() }
FNR == 1 && (file == "context" || file == "dimensions") { n = csv($0, f); for (i = 1; i <= n; i++) column[file, f[i]] = i; next }
FNR == 1 && file !~ /^(protocol|lists|factors|factor_words)$/ { next }
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
file == "figures" || file == "beyond" {
    csv($0, f)
    if (f[3] != "all") next
    value[f[1], f[2], f[4]] = f[5]
    size[f[2], f[4]] = f[6]
    if (file == "beyond") { n_beyond++; next }
    if (f[2] != "all" && !(f[2] in is_fold)) { is_fold[f[2]] = 1; fold[++n_folds] = f[2] }
}
file == "segments" {
    csv($0, f)
    if (f[2] != "all" || f[3] == "all") next
    group[f[3], f[1], f[4]] = f[5]
    group_size[f[3], f[4]] = f[6]
    if (!(f[3] in is_segment)) { is_segment[f[3]] = 1; segment[++n_segments] = f[3] }
}
file == "differences" || file == "beyond_differences" {
    csv($0, f)
    k = f[1] SUBSEP f[2] SUBSEP f[3] SUBSEP f[4]
    difference[k] = f[5]; low[k] = f[6]; high[k] = f[7]; wins[k] = f[9]; effect[k] = f[10]
    p_users[k] = numeric(f[12]); p_folds[k] = numeric(f[13])
}
file == "costs" { csv($0, f); seconds[f[1]] = f[2] }
file == "protocol" { protocol[++n_protocol] = $0 }
file == "lists" { list[++n_list] = $0 }
file == "factor_words" { factor_line[++n_factor_lines] = $0 }
file == "context" { context_row[++n_context] = $0 }
file == "dimensions" { dimension_row[++n_dimensions] = $0 }

END {
    OFS = "\t"
    n = split(plain, f, " ")
    for (i = 1; i <= n; i++) is_plain[f[i]] = 1
    n = split(parents, f, " ")
    for (i = 1; i <= n; i++) { split(f[i], pair, "="); n_parents[pair[1]] = split(pair[2], ignored, "[+]") }
    implicit = cell["summary", "implicit", "value"] == 1
    entry = implicit ? "event" : "rating"
    entries = entry "s"
    n_metrics = 0
    if (!implicit) metric[++n_metrics] = "rmse"
    metric[++n_metrics] = "ndcg@10"
    if (implicit) leave_out("expected ratings (RMSE, MAE)", "the feedback is implicit: there are no ratings to be expected")
    take_models()
    if (n_folds < 2) leave_out("stability over folds", "there is one test set only, so nothing says whether another would agree")
    if (n_models < 2) leave_out("comparison of models", "there is one model only")
    for (i = 1; i <= n_metrics; i++) best[metric[i]] = champion("all", metric[i])
    title()
    in_short()
    data()
    comparison()
    beyond()
    for_whom()
    context()
    factors()
    lists()
    left_out()
    protocol_section()
}

# The models that have figures.
function take_models(   i, j, n, names, has, without, k) {
    n = split(models, names, " ")
    for (i = 1; i <= n; i++) {
        has = 0
        for (j = 1; j <= n_metrics; j++) if (value[names[i], "all", metric[j]] != "") has = 1
        if (has) model[++n_models] = names[i]
        else without[++k] = names[i]
    }
    if (k > 0)
        leave_out(listed(without, k), (implicit ? (k > 1 ? "they expect" : "it expects") " ratings, of which there are none, and " \
            (k > 1 ? "list" : "lists") " nothing" : "no figures are known of " (k > 1 ? "them" : "it")))
}
function title(   s) {
    s = whole(summary("ratings")) " " entries " of " whole(summary("items")) " items by " \
        whole(summary("users")) " users"
    print "title", upper(entries) " and models: " clean(source), s "; " n_models (n_models == 1 ? " model" : " models compared") " on " \
        whole(size["all", metric[1]]) (metric[1] == "rmse" ? " test pairs" : " test users") \
        (n_folds > 1 ? " in " n_folds " folds" : "") "."
}
