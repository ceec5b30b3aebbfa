/* Tables for people: see print.h. */
#include "print.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

enum { CELL = 32 };

/* Characters on a screen: bytes that do not continue one of UTF-8. */
static int width_of(const char *text) {
    int width = 0;
    for (; *text != '\0'; text++) width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void pad(FILE *file, int n) {
    for (; n > 0; n--) putc(' ', file);
}

static void format_value(char *cell, double value, const char *mark) {
    if (fabs(value) < 1000) {
        snprintf(cell, CELL, "%.4f%s", value, mark);
    } else {
        snprintf(cell, CELL, "%.1f%s", value, mark);
    }
}

/* The best value of a request over the models, NAN if no direction is better or there is only one.
 */
static double best_of(const struct report *report, size_t r) {
    int better = measures[report->requests->all[r].measure].better;
    double best = NAN;
    size_t n = 0;
    for (size_t m = 0; m < report->evidence->n_models; m++) {
        const struct result *result =
            results_whole(report->results, report->evidence->models[m], r);
        if (result == NULL) continue;
        n++;
        if (isnan(best) || (result->value - best) * better > 0) best = result->value;
    }
    return n > 1 && better != 0 ? best : NAN;
}

/* Requests that at least one model has a figure for. */
static size_t *columns_of(const struct report *report, size_t *n_columns) {
    size_t *columns = rs_malloc(report->requests->n, sizeof *columns);
    *n_columns = 0;
    for (size_t r = 0; r < report->requests->n; r++) {
        bool any = false;
        for (size_t m = 0; m < report->evidence->n_models; m++)
            any |= results_whole(report->results, report->evidence->models[m], r) != NULL;
        if (any) columns[(*n_columns)++] = r;
    }
    return columns;
}

static void cell_of(const struct report *report, const struct model *model, size_t r,
                    const char *mark, char *cell) {
    const struct result *result = results_whole(report->results, model, r);
    if (result == NULL) {
        snprintf(cell, CELL, "-");
        return;
    }
    format_value(cell, result->value, result->value == best_of(report, r) ? mark : "");
}

/* How many rows or users entered a column: of the first model that has it. */
static void count_of(const struct report *report, size_t r, char *cell) {
    for (size_t m = 0; m < report->evidence->n_models; m++) {
        const struct result *result =
            results_whole(report->results, report->evidence->models[m], r);
        if (result == NULL) continue;
        snprintf(cell, CELL, "%llu", (unsigned long long)result->n);
        return;
    }
    snprintf(cell, CELL, "-");
}

static void print_protocol(FILE *file, const struct report *report, const char *prefix) {
    const struct evidence *evidence = report->evidence;
    const struct rules *rules = report->rules;
    size_t pairs = 0;
    for (size_t f = 0; f < evidence->n_folds; f++) pairs += evidence->folds[f]->n;
    fprintf(file, "%s%zu test pairs", prefix, pairs);
    if (evidence->n_folds > 1) fprintf(file, " in %zu folds", evidence->n_folds);
    if (rules->scale.n > 0)
        fprintf(file, "; scale %g to %g%s", (double)rules->scale.min, (double)rules->scale.max,
                rules->scale_seen ? " (as seen in them)" : "");
    if (rules->everything) {
        fputs("; every test item is relevant\n", file);
    } else {
        fprintf(file, "; relevant: rating >= %g\n", rules->threshold);
    }
    for (size_t f = 0; f < evidence->n_folds; f++) {
        const struct fold *fold = evidence->folds[f];
        if (fold->facts.leak > 0)
            fprintf(file,
                    "%sleak: %.1f %% of the training ratings%s%s are later than the test set's "
                    "median\n",
                    prefix, 100 * fold->facts.leak, fold->label[0] == '\0' ? "" : " of fold ",
                    fold->label);
    }
}

/* Tables are laid out in memory, so that no line ends in blanks. */
struct layout {
    char *text;
    size_t size;
    FILE *file;
};

static void end_line(struct layout *layout, FILE *file) {
    fflush(layout->file);
    size_t length = layout->size;
    while (length > 0 && layout->text[length - 1] == ' ') length--;
    fprintf(file, "%.*s\n", (int)length, layout->text);
    rewind(layout->file);
}

enum { NARROWEST = 11 };

static int column_width(const struct report *report, size_t r) {
    int width = (int)strlen(report->requests->all[r].name) + 1;
    return width < NARROWEST ? NARROWEST : width;
}

/* A figure, flush with the others of its column whether it is marked or not. */
static void put_cell(struct layout *layout, const char *cell, int width) {
    bool marked = strchr(cell, '*') != NULL;
    fprintf(layout->file, "  %*s%s", marked ? width : width - 1, cell, marked ? "" : " ");
}

static void put_first(struct layout *layout, const char *text, int width) {
    fputs(text, layout->file);
    pad(layout->file, width - width_of(text));
}

void print_text(FILE *file, const struct report *report) {
    const struct evidence *evidence = report->evidence;
    struct layout layout = {0};
    layout.file = open_memstream(&layout.text, &layout.size);
    size_t n_columns;
    size_t *columns = columns_of(report, &n_columns);
    char cell[CELL];
    int first = 5;
    for (size_t m = 0; m < evidence->n_models; m++)
        if (width_of(evidence->models[m]->name) > first)
            first = width_of(evidence->models[m]->name);
    print_protocol(file, report, "");
    putc('\n', file);
    put_first(&layout, "model", first);
    for (size_t c = 0; c < n_columns; c++)
        put_cell(&layout, report->requests->all[columns[c]].name, column_width(report, columns[c]));
    end_line(&layout, file);
    for (size_t m = 0; m < evidence->n_models; m++) {
        put_first(&layout, evidence->models[m]->name, first);
        for (size_t c = 0; c < n_columns; c++) {
            cell_of(report, evidence->models[m], columns[c], "*", cell);
            put_cell(&layout, cell, column_width(report, columns[c]));
        }
        end_line(&layout, file);
    }
    put_first(&layout, "n", first);
    for (size_t c = 0; c < n_columns; c++) {
        count_of(report, columns[c], cell);
        put_cell(&layout, cell, column_width(report, columns[c]));
    }
    end_line(&layout, file);
    fclose(layout.file);
    free(layout.text);
    free(columns);
}

void print_markdown(FILE *file, const struct report *report) {
    size_t n_columns;
    size_t *columns = columns_of(report, &n_columns);
    print_protocol(file, report, "");
    fputs("\n| model |", file);
    for (size_t c = 0; c < n_columns; c++)
        fprintf(file, " %s |", report->requests->all[columns[c]].name);
    fputs("\n|---|", file);
    for (size_t c = 0; c < n_columns; c++) fputs("---:|", file);
    putc('\n', file);
    char cell[CELL];
    for (size_t m = 0; m < report->evidence->n_models; m++) {
        fputs("| ", file);
        for (const char *c = report->evidence->models[m]->name; *c != '\0'; c++) {
            if (*c == '|' || *c == '\\') putc('\\', file);
            putc(*c, file);
        }
        fputs(" |", file);
        for (size_t c = 0; c < n_columns; c++) {
            cell_of(report, report->evidence->models[m], columns[c], "**", cell);
            fprintf(file, strchr(cell, '*') != NULL ? " **%s |" : " %s |", cell);
        }
        putc('\n', file);
    }
    fputs("| n |", file);
    for (size_t c = 0; c < n_columns; c++) {
        count_of(report, columns[c], cell);
        fprintf(file, " %s |", cell);
    }
    putc('\n', file);
    free(columns);
}
