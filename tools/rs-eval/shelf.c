#include "shelf.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"

static const struct rs_table_column *choose_column(const struct rs_table *table, const char *name) {
    if (name != NULL) {
        const struct rs_table_column *column = rs_table_find(table, name);
        if (column == NULL) rs_die(EX_DATAERR, "--category: the items have no column '%s'", name);
        if (column->kind != RS_SET && column->kind != RS_CATEGORY)
            rs_die(EX_DATAERR, "--category: column '%s' holds no categories", name);
        return column;
    }
    static const enum rs_column_kind kinds[] = {RS_SET, RS_CATEGORY};
    for (int k = 0; k < 2; k++)
        for (size_t c = 0; c < table->n_columns; c++)
            if (table->columns[c].kind == kinds[k]) return &table->columns[c];
    return NULL;
}

struct categories categories_open(const struct evidence *evidence, const char *name) {
    struct categories categories = {.column = choose_column(&evidence->item_table, name)};
    const struct rs_table_column *column = categories.column;
    if (column == NULL) return categories;
    categories.n = column->text.n;
    categories.words = (categories.n + 63) / 64;
    categories.bits = rs_calloc(evidence->n_items * categories.words, sizeof *categories.bits);
    for (size_t i = 0; i < evidence->n_items; i++) {
        size_t row = evidence->sorted_items[i];
        size_t from = column->kind == RS_SET ? column->start[row] : row;
        size_t to = column->kind == RS_SET ? column->start[row + 1] : row + 1;
        for (size_t k = from; k < to; k++) {
            uint32_t code = column->code[k];
            if (code == RS_NONE) continue;
            categories.bits[i * categories.words + code / 64] |= 1ull << (code % 64);
        }
    }
    return categories;
}

void categories_free(struct categories *categories) {
    free(categories->bits);
    *categories = (struct categories){0};
}

struct similarity similarity_open(const struct evidence *evidence, const struct rs_graph *graph) {
    struct similarity similarity = {.graph = graph};
    if (graph == NULL) return similarity;
    similarity.line = rs_malloc(evidence->n_items, sizeof *similarity.line);
    similarity.position = rs_malloc(graph->n_lines, sizeof *similarity.position);
    for (size_t l = 0; l < graph->n_lines; l++) similarity.position[l] = RS_NONE;
    for (uint32_t i = 0; i < evidence->n_items; i++) {
        uint32_t line = rs_ids_find(&graph->ids, evidence_item(evidence, i));
        similarity.line[i] = line;
        if (line != RS_NONE) similarity.position[line] = i;
    }
    return similarity;
}

void similarity_free(struct similarity *similarity) {
    free(similarity->line);
    free(similarity->position);
    *similarity = (struct similarity){0};
}

struct counted {
    uint32_t count, item;
};

static int compare_counted(const void *a, const void *b) {
    const struct counted *first = a, *second = b;
    if (first->count != second->count) return first->count > second->count ? -1 : 1;
    return first->item < second->item ? -1 : first->item > second->item;
}

/* The head is the shortest row of most popular items that holds 80 % of the training ratings. That
 * can be said only if every rating is accounted for. */
static uint8_t *find_tail(const struct evidence *evidence, const struct fold *fold) {
    size_t n = evidence->n_items;
    struct counted *counted = rs_malloc(n, sizeof *counted);
    uint64_t total = 0, held = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t count = fold->item_count.v[i] == RS_NONE ? 0 : fold->item_count.v[i];
        counted[i] = (struct counted){count, i};
        total += count;
    }
    uint8_t *tail = NULL;
    if (total > 0 && fold->facts.train_ratings >= 0 &&
        total == (uint64_t)fold->facts.train_ratings) {
        tail = rs_malloc(n, sizeof *tail);
        memset(tail, 1, n);
        qsort(counted, n, sizeof *counted, compare_counted);
        for (size_t k = 0; k < n && 5 * held < 4 * total; k++) {
            tail[counted[k].item] = 0;
            held += counted[k].count;
        }
    }
    free(counted);
    return tail;
}

struct shelf shelf_open(const struct evidence *evidence, const struct fold *fold,
                        const struct training *training, const struct categories *categories,
                        const struct similarity *similarity, const struct model *reference) {
    const struct answers *answers = reference == NULL ? NULL : model_answers(reference, fold);
    bool listed = answers != NULL && answers->file[TASK_TOP] != NULL;
    return (struct shelf){fold,
                          training,
                          categories,
                          similarity,
                          listed ? &answers->lists : NULL,
                          find_tail(evidence, fold)};
}

void shelf_free(struct shelf *shelf) {
    free(shelf->tail);
    *shelf = (struct shelf){0};
}
