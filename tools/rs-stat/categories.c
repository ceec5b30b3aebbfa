/* Figures by what is known of users, items and ratings besides. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "describe.h"
#include "measures/significance.h"

enum { GROUPS_SHOWN = 50 };

/* A group of lines, or of ratings where SUBJECTS is not known. */
struct group {
    struct rs_id name;
    double subjects;
    struct sums sums;
};

static void join(struct group *group, const struct sums *sums) {
    if (sums->n == 0) return;
    group->subjects++;
    sums_join(&group->sums, sums);
}

static int by_name(const void *a, const void *b) {
    return rs_id_compare(((const struct group *)a)->name, ((const struct group *)b)->name);
}

static int by_size(const void *a, const void *b) {
    const struct group *first = a, *second = b;
    if (first->sums.n != second->sums.n) return first->sums.n > second->sums.n ? -1 : 1;
    return by_name(a, b);
}

/* Writes the groups with any ratings, the GROUPS_SHOWN largest of them by name. ORDERED ones stay
 * in their order. */
static void put_groups(struct figures *figures, const char *name, const char *says,
                       struct group *groups, size_t n, bool ordered, double total) {
    size_t used = 0;
    for (size_t g = 0; g < n; g++)
        if (groups[g].sums.n > 0) groups[used++] = groups[g];
    if (used == 0) return;
    if (!ordered) qsort(groups, used, sizeof *groups, by_size);
    if (used > GROUPS_SHOWN && !ordered) {
        figures_leave_out(figures, name,
                          rs_format("%zu smaller groups of %zu", used - GROUPS_SHOWN, used));
        used = GROUPS_SHOWN;
    }
    if (!ordered) qsort(groups, used, sizeof *groups, by_name);
    struct figure *figure =
        figures_add(figures, name, says, "group",
                    (const char *const[]){"subjects", "n", "share", "mean", "deviation", NULL});
    for (size_t g = 0; g < used; g++) {
        const struct sums *sums = &groups[g].sums;
        bool unknown = groups[g].name.length == 0;
        figure_row(figure, unknown ? "(unknown)" : groups[g].name.text,
                   unknown ? 9 : groups[g].name.length,
                   (double[]){groups[g].subjects, (double)sums->n, (double)sums->n / total,
                              sums_mean(sums), sums_deviation(sums)});
    }
}

/* The side of the matrix a table describes. */
struct side {
    const char *prefix;
    const struct rs_table *table;
    const struct sums_list *lines;
    double total;
};

static void by_code(struct figures *figures, const struct side *side,
                    const struct rs_table_column *column, const char *name) {
    size_t n = column->text.n;
    struct group *groups = rs_calloc(n + 1, sizeof *groups);
    for (size_t c = 0; c < n; c++) groups[c].name = rs_ids_get(&column->text, c);
    groups[n].name = (struct rs_id){"", 0};
    for (size_t l = 0; l < side->lines->n; l++) {
        if (column->kind == RS_CATEGORY) {
            uint32_t code = column->code[l];
            join(&groups[code == RS_NONE ? n : code], &side->lines->all[l]);
            continue;
        }
        for (uint64_t e = column->start[l]; e < column->start[l + 1]; e++)
            join(&groups[column->code[e]], &side->lines->all[l]);
        if (column->start[l] == column->start[l + 1]) join(&groups[n], &side->lines->all[l]);
    }
    put_groups(figures, name,
               column->kind == RS_SET ? "ratings by category; what has several counts in each"
                                      : "ratings by category",
               groups, n + 1, false, side->total);
    free(groups);
}

static bool is_postcode(const char *name) {
    static const char *const names[] = {"zip",      "zipcode",     "zip_code",   "zip-code",
                                        "postcode", "postal_code", "postal-code"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0) return true;
    return false;
}

/* By the first character, which stands for a region in the United States and in many other
 * countries. */
static void by_region(struct figures *figures, const struct side *side,
                      const struct rs_table_column *column, const char *name) {
    static char letters[256];
    struct group *groups = rs_calloc(256, sizeof *groups);
    for (int c = 0; c < 256; c++) {
        letters[c] = (char)c;
        groups[c].name = (struct rs_id){&letters[c], c == 0 ? 0 : 1};
    }
    for (size_t l = 0; l < side->lines->n; l++) {
        struct rs_id id = {"", 0};
        if (column->kind == RS_TEXT) {
            id = rs_ids_get(&column->text, l);
        } else if (column->code[l] != RS_NONE) {
            id = rs_ids_get(&column->text, column->code[l]);
        }
        unsigned char first = id.length > 0 ? (unsigned char)id.text[0] : 0;
        join(&groups[first < ' ' || first >= 0x7f ? 0 : first], &side->lines->all[l]);
    }
    put_groups(figures, name, "ratings by region: the first character of the postal code", groups,
               256, false, side->total);
    free(groups);
}

/* Groups of numbers: the usual bands of ages, single numbers where they are few, else quarters of
 * the lines. */
struct bands {
    size_t n;
    double upper[GROUPS_SHOWN]; /* the largest number of each */
    char *name[GROUPS_SHOWN];
};

static struct bands age_bands(void) {
    /* Those of MovieLens 1M (GroupLens, its README). */
    static const char *const names[] = {"under 18", "18-24", "25-34",      "35-44",
                                        "45-49",    "50-55", "56 and over"};
    static const double upper[] = {17, 24, 34, 44, 49, 55, HUGE_VAL};
    struct bands bands = {.n = sizeof upper / sizeof *upper};
    for (size_t b = 0; b < bands.n; b++) {
        bands.upper[b] = upper[b];
        bands.name[b] = rs_strdup(names[b]);
    }
    return bands;
}

static int compare_doubles(const void *a, const void *b) {
    double first = *(const double *)a, second = *(const double *)b;
    return first < second ? -1 : first > second;
}

static struct bands number_bands(const double *numbers, size_t n_lines) {
    enum { FEW = 12, QUARTERS = 4 };
    struct bands bands = {0};
    double *sorted = rs_malloc(n_lines, sizeof *sorted);
    size_t n = 0, distinct = 0, begin = 0;
    for (size_t l = 0; l < n_lines; l++)
        if (!isnan(numbers[l])) sorted[n++] = numbers[l];
    qsort(sorted, n, sizeof *sorted, compare_doubles);
    for (size_t i = 0; i < n; i++) distinct += i == 0 || sorted[i] != sorted[i - 1];
    for (size_t g = 0; begin < n; g++) {
        size_t end = distinct <= FEW ? begin + 1 : (g + 1) * n / QUARTERS;
        if (end <= begin) continue;
        while (end < n && sorted[end] == sorted[end - 1]) end++;
        bands.upper[bands.n] = sorted[end - 1];
        bands.name[bands.n++] = distinct <= FEW
                                    ? rs_format("%.6g", sorted[begin])
                                    : rs_format("%.6g-%.6g", sorted[begin], sorted[end - 1]);
        begin = end;
    }
    free(sorted);
    return bands;
}

static void by_number(struct figures *figures, const struct side *side,
                      const struct rs_table_column *column, const char *name) {
    bool age = strcasecmp(column->name, "age") == 0;
    struct bands bands = age ? age_bands() : number_bands(column->number, side->lines->n);
    struct group *groups = rs_calloc(bands.n + 1, sizeof *groups);
    for (size_t b = 0; b < bands.n; b++)
        groups[b].name = (struct rs_id){bands.name[b], strlen(bands.name[b])};
    groups[bands.n].name = (struct rs_id){"", 0};
    for (size_t l = 0; l < side->lines->n; l++) {
        size_t b = 0;
        double number = column->number[l];
        while (b < bands.n && !(number <= bands.upper[b])) b++;
        join(&groups[b], &side->lines->all[l]);
    }
    put_groups(figures, name, age ? "ratings by age" : "ratings by bands of a number", groups,
               bands.n + 1, true, side->total);
    for (size_t b = 0; b < bands.n; b++) free(bands.name[b]);
    free(groups);
}

static void describe_table(struct figures *figures, const struct side *side) {
    for (size_t c = 0; c < side->table->n_columns; c++) {
        const struct rs_table_column *column = &side->table->columns[c];
        bool postcode =
            is_postcode(column->name) && (column->kind == RS_TEXT || column->kind == RS_CATEGORY);
        char *name = rs_format("%s:%.40s", side->prefix, postcode ? "region" : column->name);
        if (postcode) {
            by_region(figures, side, column, name);
        } else if (column->kind == RS_CATEGORY || column->kind == RS_SET) {
            by_code(figures, side, column, name);
        } else if (column->kind == RS_NUMBER) {
            by_number(figures, side, column, name);
        }
        free(name);
    }
    if (side->table->n_columns == 0)
        figures_leave_out(
            figures, side->prefix,
            rs_format("nothing is known of the %ss besides their ratings", side->prefix));
}

void describe_categories(struct figures *figures, const struct gathered *gathered,
                         const struct subject *subject) {
    double total = (double)gathered->all.n;
    describe_table(figures,
                   &(struct side){"user", &subject->user_table, &gathered->tally.users, total});
    describe_table(figures,
                   &(struct side){"item", &subject->item_table, &gathered->tally.items, total});
    for (size_t c = 0; c < subject->n_contexts && c < gathered->tally.n_contexts; c++) {
        const struct sums_list *values = &gathered->tally.contexts[c];
        struct group *groups = rs_calloc(values->n, sizeof *groups);
        for (size_t v = 0; v < values->n; v++)
            groups[v] = (struct group){rs_ids_get(&subject->contexts[c].values.ids, v), NAN,
                                       values->all[v]};
        char *name = rs_format("context:%.40s", subject->contexts[c].name);
        put_groups(figures, name, "ratings by context", groups, values->n, false, total);
        free(name);
        free(groups);
    }
}

/* What is not known */

static bool is_unknown(const struct rs_table_column *column, size_t line) {
    switch (column->kind) {
    case RS_TEXT:
        return rs_ids_get(&column->text, line).length == 0;
    case RS_CATEGORY:
        return column->code[line] == RS_NONE;
    case RS_SET:
        return column->start[line] == column->start[line + 1];
    case RS_NUMBER:
        return isnan(column->number[line]);
    case RS_N_COLUMN_KINDS:
        break;
    }
    return true;
}

static void missing_of_table(struct figure *figure, const char *prefix,
                             const struct rs_table *table, size_t n_lines) {
    for (size_t c = 0; c < table->n_columns && n_lines > 0; c++) {
        size_t missing = 0;
        for (size_t l = 0; l < n_lines; l++) missing += is_unknown(&table->columns[c], l);
        char *name = rs_format("%s:%.40s", prefix, table->columns[c].name);
        figure_row(figure, name, strlen(name),
                   (double[]){(double)missing, (double)missing / (double)n_lines});
        free(name);
    }
}

void describe_missing(struct figures *figures, const struct gathered *gathered,
                      const struct subject *subject) {
    if (gathered->all.n == 0) return;
    struct figure *figure =
        figures_add(figures, "missing", "what is not known, of ratings, users and items", "what",
                    (const char *const[]){"n", "share", NULL});
    double total = (double)gathered->all.n, missing = (double)gathered->tally.calendar.missing;
    figure_row(figure, "time", 4, (double[]){missing, missing / total});
    for (size_t c = 0; c < subject->n_contexts && c < gathered->tally.n_contexts; c++) {
        const struct sums *none =
            &gathered->tally.contexts[c].all[0]; /* the value "" comes first */
        char *name = rs_format("context:%.40s", subject->contexts[c].name);
        figure_row(figure, name, strlen(name),
                   (double[]){(double)none->n, (double)none->n / total});
        free(name);
    }
    missing_of_table(figure, "user", &subject->user_table, gathered->tally.users.n);
    missing_of_table(figure, "item", &subject->item_table, gathered->tally.items.n);
}
