#include "figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/when.h"
#include "format/writer.h"

struct figure *figures_add(struct figures *figures, const char *name, const char *says,
                           const char *key, const char *const *columns) {
    rs_grow(&figures->all, &figures->capacity, figures->n + 1, sizeof *figures->all);
    struct figure *figure = &figures->all[figures->n++];
    *figure = (struct figure){.name = rs_strdup(name), .says = says, .key = key};
    while (columns[figure->n_columns] != NULL) {
        figure->columns[figure->n_columns] = columns[figure->n_columns];
        figure->n_columns++;
    }
    return figure;
}

void figure_row(struct figure *figure, const char *label, size_t length, const double *cells) {
    size_t n = figure->n_columns;
    rs_grow(&figure->cells, &figure->cell_capacity, (figure->n_rows + 1) * n,
            sizeof *figure->cells);
    memcpy(figure->cells + figure->n_rows * n, cells, n * sizeof *cells);
    if (figure->key != NULL) {
        rs_grow(&figure->labels, &figure->label_capacity, figure->n_rows + 1,
                sizeof *figure->labels);
        figure->labels[figure->n_rows] = rs_strndup(label, length);
    }
    figure->n_rows++;
}

void figures_leave_out(struct figures *figures, const char *what, char *why) {
    rs_grow(&figures->left_out, &figures->left_out_capacity, figures->n_left_out + 1,
            sizeof *figures->left_out);
    figures->left_out[figures->n_left_out++] = (struct left_out){rs_strdup(what), why};
}

void figures_free(struct figures *figures) {
    for (size_t f = 0; f < figures->n; f++) {
        struct figure *figure = &figures->all[f];
        for (size_t r = 0; figure->labels != NULL && r < figure->n_rows; r++)
            free(figure->labels[r]);
        free(figure->labels);
        free(figure->cells);
        free(figure->name);
    }
    for (size_t i = 0; i < figures->n_left_out; i++) {
        free(figures->left_out[i].what);
        free(figures->left_out[i].why);
    }
    free(figures->all);
    free(figures->left_out);
    *figures = (struct figures){0};
}

static bool is_when(const struct figure *figure, size_t column) {
    return strcmp(figure->columns[column], "when") == 0;
}

enum { CELL_BYTES = 48 };

/* A cell in full, "" where there is none. */
static void cell_text(char *out, const struct figure *figure, size_t r, size_t c) {
    double value = figure->cells[r * figure->n_columns + c];
    out[0] = '\0';
    if (isnan(value)) return;
    if (is_when(figure, c)) {
        rs_when_print(out, (int64_t)value);
    } else {
        rs_number_print_double(out, value);
    }
}

/* For people: whole numbers as they are, others with four decimals or digits. */
static void cell_rounded(char *out, const struct figure *figure, size_t r, size_t c) {
    double value = figure->cells[r * figure->n_columns + c];
    if (isnan(value)) {
        snprintf(out, CELL_BYTES, "-");
    } else if (is_when(figure, c)) {
        rs_when_print(out, (int64_t)value);
    } else if (value == floor(value) && fabs(value) < 1e15) {
        snprintf(out, CELL_BYTES, "%.0f", value);
    } else if (fabs(value) >= 0.001 && fabs(value) < 1e6) {
        snprintf(out, CELL_BYTES, "%.4f", value);
    } else {
        snprintf(out, CELL_BYTES, "%.4g", value);
    }
}

/* Text */

/* Bytes that begin a character of UTF-8, which is near enough to the width. */
static size_t width_of(const char *text) {
    size_t width = 0;
    for (; *text != '\0'; text++) width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static void put_label(FILE *file, const char *label, size_t width) {
    size_t used = width_of(label);
    fputs("  ", file);
    for (; *label != '\0'; label++)
        fputc((unsigned char)*label < ' ' || *label == 0x7f ? '?' : *label, file);
    for (; used < width; used++) fputc(' ', file);
}

/* A bar for the column "share", as long as its part of the largest one. */
static void put_bar(FILE *file, const struct figure *figure, size_t r) {
    double largest = 0, value = 0;
    for (size_t c = 0; c < figure->n_columns; c++) {
        if (strcmp(figure->columns[c], "share") != 0) continue;
        value = figure->cells[r * figure->n_columns + c];
        for (size_t i = 0; i < figure->n_rows; i++)
            largest = fmax(largest, figure->cells[i * figure->n_columns + c]);
    }
    int length = largest > 0 && value > 0 ? (int)ceil(30 * value / largest) : 0;
    if (length > 0) fprintf(file, "  %.*s", length, "##############################");
}

static void figure_text(const struct figure *figure, FILE *file) {
    char cell[CELL_BYTES];
    size_t label_width = figure->key != NULL ? width_of(figure->key) : 0;
    size_t widths[FIGURE_COLUMNS];
    for (size_t r = 0; figure->key != NULL && r < figure->n_rows; r++)
        label_width = larger(label_width, width_of(figure->labels[r]));
    for (size_t c = 0; c < figure->n_columns; c++) {
        widths[c] = strlen(figure->columns[c]);
        for (size_t r = 0; r < figure->n_rows; r++) {
            cell_rounded(cell, figure, r, c);
            widths[c] = larger(widths[c], strlen(cell));
        }
    }
    fprintf(file, "\n%s: %s\n", figure->name, figure->says);
    put_label(file, figure->key != NULL ? figure->key : "", label_width);
    for (size_t c = 0; c < figure->n_columns; c++)
        fprintf(file, "  %*s", (int)widths[c], figure->columns[c]);
    fputc('\n', file);
    for (size_t r = 0; r < figure->n_rows; r++) {
        put_label(file, figure->key != NULL ? figure->labels[r] : "", label_width);
        for (size_t c = 0; c < figure->n_columns; c++) {
            cell_rounded(cell, figure, r, c);
            fprintf(file, "  %*s", (int)widths[c], cell);
        }
        put_bar(file, figure, r);
        fputc('\n', file);
    }
}

void figures_text(const struct figures *figures, FILE *file) {
    for (size_t f = 0; f < figures->n; f++)
        if (!figures->all[f].too_long) figure_text(&figures->all[f], file);
    if (figures->n_left_out > 0) fputs("\nleft out:\n", file);
    for (size_t i = 0; i < figures->n_left_out; i++)
        fprintf(file, "  %s: %s\n", figures->left_out[i].what, figures->left_out[i].why);
}

/* CSV: a line a cell */

static void put_quoted(FILE *file, const char *text) {
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, file);
        return;
    }
    fputc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"') fputc('"', file);
        fputc(*text, file);
    }
    fputc('"', file);
}

void figures_csv(const struct figures *figures, FILE *file) {
    char cell[CELL_BYTES];
    fputs("figure,row,column,value\n", file);
    for (size_t f = 0; f < figures->n; f++) {
        const struct figure *figure = &figures->all[f];
        for (size_t r = 0; r < figure->n_rows; r++) {
            for (size_t c = 0; c < figure->n_columns; c++) {
                put_quoted(file, figure->name);
                fputc(',', file);
                if (figure->key != NULL) {
                    put_quoted(file, figure->labels[r]);
                } else {
                    fprintf(file, "%zu", r + 1);
                }
                cell_text(cell, figure, r, c);
                fprintf(file, ",%s,%s\n", figure->columns[c], cell);
            }
        }
    }
    for (size_t i = 0; i < figures->n_left_out; i++) {
        fputs("left_out,", file);
        put_quoted(file, figures->left_out[i].what);
        fputs(",reason,", file);
        put_quoted(file, figures->left_out[i].why);
        fputc('\n', file);
    }
}

/* JSON */

static json_t *cell_json(const struct figure *figure, size_t r, size_t c) {
    double value = figure->cells[r * figure->n_columns + c];
    if (isnan(value)) return json_null();
    if (is_when(figure, c)) {
        char text[CELL_BYTES];
        rs_when_print(text, (int64_t)value);
        return json_string(text);
    }
    return value == floor(value) && fabs(value) < 9e15 ? json_integer((json_int_t)value)
                                                       : json_real(value);
}

/* A name as a string: bytes that are not UTF-8 become question marks. */
static json_t *name_json(const char *name) {
    json_t *text = json_string(name);
    if (text != NULL) return text;
    char *copy = rs_strdup(name);
    for (char *at = copy; *at != '\0'; at++)
        if ((unsigned char)*at >= 0x80) *at = '?';
    text = json_string(copy);
    free(copy);
    return text;
}

static json_t *left_out_json(const struct figures *figures) {
    json_t *object = json_object();
    for (size_t i = 0; i < figures->n_left_out; i++)
        json_object_set_new(object, figures->left_out[i].what, name_json(figures->left_out[i].why));
    return object;
}

void figures_json(const struct figures *figures, FILE *file) {
    json_t *all = json_object();
    for (size_t f = 0; f < figures->n; f++) {
        const struct figure *figure = &figures->all[f];
        json_t *rows = json_array();
        for (size_t r = 0; r < figure->n_rows; r++) {
            json_t *row = json_object();
            if (figure->key != NULL)
                json_object_set_new(row, figure->key, name_json(figure->labels[r]));
            for (size_t c = 0; c < figure->n_columns; c++)
                json_object_set_new(row, figure->columns[c], cell_json(figure, r, c));
            json_array_append_new(rows, row);
        }
        json_object_set_new(all, figure->name, rows);
    }
    json_object_set_new(all, "left_out", left_out_json(figures));
    json_dumpf(all, file, JSON_COMPACT | JSON_REAL_PRECISION(17));
    fputc('\n', file);
    json_decref(all);
}

/* The format of rs */

static json_t *figure_header(const struct figure *figure) {
    json_t *object = json_object();
    json_object_set_new(object, "array", name_json(figure->name));
    json_object_set_new(object, "says", name_json(figure->says));
    json_t *columns = json_array();
    for (size_t c = 0; c < figure->n_columns; c++)
        json_array_append_new(columns, json_string(figure->columns[c]));
    json_object_set_new(object, "columns", columns);
    if (figure->key == NULL) return object;
    json_t *labels = json_array();
    for (size_t r = 0; r < figure->n_rows; r++)
        json_array_append_new(labels, name_json(figure->labels[r]));
    json_object_set_new(object, "key", json_string(figure->key));
    json_object_set_new(object, "rows", labels);
    return object;
}

void figures_write(const struct figures *figures, FILE *file, json_t *header) {
    json_t *list = json_array();
    for (size_t f = 0; f < figures->n; f++)
        json_array_append_new(list, figure_header(&figures->all[f]));
    json_object_set_new(header, "figures", list);
    json_object_set_new(header, "left_out", left_out_json(figures));
    struct rs_writer writer;
    rs_writer_init(&writer, file);
    rs_writer_begin(&writer, "stats", header);
    for (size_t f = 0; f < figures->n; f++) {
        const struct figure *figure = &figures->all[f];
        struct rs_array array = {.type = RS_F64,
                                 .n_rows = figure->n_rows,
                                 .n_columns = figure->n_columns,
                                 .data = figure->cells};
        rs_writer_array(&writer, figure->name, array);
    }
    rs_writer_end(&writer, NULL);
}
