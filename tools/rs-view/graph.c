/* A neighbour graph as rows: every line's neighbours from the nearest on. */
#include "neighbours/graph.h"

#include <string.h>

#include "base/message.h"
#include "view.h"

static bool print_line(const struct rs_graph *graph, size_t line, struct out *out) {
    for (uint64_t e = graph->start[line]; e < graph->start[line + 1]; e++) {
        out_text(out, rs_ids_get(&graph->ids, line));
        out_text(out, rs_ids_get(&graph->ids, graph->other[e]));
        out_float(out, graph->similarity[e]);
        out_whole(out, e - graph->start[line] + 1);
        if (!out_end_row(out)) return false;
    }
    return true;
}

/* Lines asked for by name. */
static void print_some(const struct rs_graph *graph, const struct rs_list *names, struct out *out) {
    for (size_t i = 0; i < names->n; i++) {
        const char *name = names->items[i];
        uint32_t line = rs_ids_find(&graph->ids, (struct rs_id){name, strlen(name)});
        if (line == RS_NONE)
            rs_die(EX_DATAERR, "%s: there is no %s '%s'", graph->file->name,
                   graph->users ? "user" : "item", name);
        if (!print_line(graph, line, out)) return;
    }
}

void view_graph(struct rs_file *file, const struct asked *asked, struct out *out) {
    struct rs_error err;
    struct rs_graph graph;
    if (!rs_graph_use(&graph, file, &err)) rs_die_error(&err);
    const struct rs_list *wrong = graph.users ? &asked->items : &asked->users;
    const struct rs_list *names = graph.users ? &asked->users : &asked->items;
    if (wrong->n > 0)
        rs_die(EX_DATAERR, "%s: is a graph of %ss", graph.file->name,
               graph.users ? "user" : "item");
    const char *columns[] = {graph.users ? "user" : "item", "neighbour", "similarity", "rank"};
    out_columns(out, columns, sizeof columns / sizeof *columns);
    bool go_on = true;
    if (names->n > 0) {
        print_some(&graph, names, out);
    } else {
        for (size_t line = 0; go_on && line < graph.n_lines; line++)
            go_on = print_line(&graph, line, out);
    }
    rs_graph_close(&graph);
}
