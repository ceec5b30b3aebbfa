# Seconds that a model's jobs took, from the log of GNU parallel: model,seconds. Jobs of models that need no file run
# together and are not told apart. A blend takes its parents' jobs besides its own.
FNR > 1 && $7 == 0 {
    if ($4 + 0 > longest[$9] + 0) longest[$9] = $4
}
END {
    for (job in longest) {
        if (!match(job, / (scores|learn)-[^ ]+/)) continue
        name = substr(job, RSTART + 1, RLENGTH - 1)
        learning = name ~ /^learn-/
        sub(/^(scores|learn)-/, "", name)
        if (learning) learn[name] += longest[job]
        else scores[name] += longest[job]
    }
    n = split(parents, list, " ")
    for (i = 1; i <= n; i++) {
        split(list[i], pair, "=")
        m = split(pair[2], parent, "[+]")
        is_blend[pair[1]] = 1
        for (j = 1; j <= m; j++) more[pair[1]] += scores[parent[j]] + learn[parent[j]]
    }
    print "model,seconds"
    for (name in scores) if (name != "plain" && scores[name] > 0) printf "%s,%.3f\n", name, scores[name] + more[name] | "sort"
    close("sort")
}
