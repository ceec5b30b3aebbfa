#include "format/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const char *const rs_column_kind_names[] = {"text", "category", "set", "number", NULL};

const struct rs_table_column *rs_table_find(const struct rs_table *table, const char *name) {
    for (size_t c = 0; c < table->n_columns; c++)
        if (strcmp(table->columns[c].name, name) == 0) return &table->columns[c];
    return NULL;
}

const struct rs_table_column *rs_table_title(const struct rs_table *table) {
    const struct rs_table_column *column = rs_table_find(table, "title");
    if (column == NULL) column = rs_table_find(table, "name");
    if (column != NULL && column->kind == RS_TEXT) return column;
    for (size_t c = 0; c < table->n_columns; c++)
        if (table->columns[c].kind == RS_TEXT) return &table->columns[c];
    return NULL;
}

void *rs_table_own(struct rs_table *table, void *memory) {
    rs_grow(&table->owned, &table->owned_capacity, table->n_owned + 1, sizeof *table->owned);
    table->owned[table->n_owned++] = memory;
    return memory;
}

void rs_table_free(struct rs_table *table) {
    for (size_t c = 0; c < table->n_columns; c++) free(table->columns[c].name);
    free(table->columns);
    for (size_t i = 0; i < table->n_owned; i++) free(table->owned[i]);
    free(table->owned);
    rs_segment_clear(&table->arrays);
    *table = (struct rs_table){0};
}

json_t *rs_table_header(const struct rs_table *table) {
    json_t *columns = json_array();
    for (size_t c = 0; c < table->n_columns; c++) {
        json_t *column = json_object();
        json_object_set_new(column, "name", json_string_nocheck(table->columns[c].name));
        json_object_set_new(column, "kind",
                            json_string(rs_column_kind_names[table->columns[c].kind]));
        json_array_append_new(columns, column);
    }
    return columns;
}

static const char *array_name(char *buffer, size_t size, const char *prefix, size_t column,
                              const char *part) {
    snprintf(buffer, size, "%s.%zu.%s", prefix, column, part);
    return buffer;
}

void rs_table_write(struct rs_writer *writer, const char *prefix, const struct rs_table *table) {
    char name[64];
    size_t n = table->ids.n;
    snprintf(name, sizeof name, "%s.id", prefix);
    rs_ids_write(writer, name, &table->ids);
    for (size_t c = 0; c < table->n_columns; c++) {
        const struct rs_table_column *column = &table->columns[c];
        if (column->kind == RS_NUMBER) {
            rs_writer_f64(writer, array_name(name, sizeof name, prefix, c, "number"),
                          column->number, n);
            continue;
        }
        rs_ids_write(writer, array_name(name, sizeof name, prefix, c, "text"), &column->text);
        if (column->kind == RS_TEXT) continue;
        size_t n_codes = n;
        if (column->kind == RS_SET) {
            rs_writer_u64(writer, array_name(name, sizeof name, prefix, c, "start"), column->start,
                          n + 1);
            n_codes = column->start[n];
        }
        rs_writer_u32(writer, array_name(name, sizeof name, prefix, c, "code"), column->code,
                      n_codes);
    }
}

static bool valid_codes(const struct rs_table_column *column, size_t n, bool may_lack,
                        bool trust) {
    if (trust) return true;
    for (size_t i = 0; i < n; i++)
        if (column->code[i] >= column->text.n && !(may_lack && column->code[i] == RS_NONE))
            return false;
    return true;
}

static bool open_set(struct rs_table_column *column, size_t c, size_t n_rows, const char *place,
                     const struct rs_segment *segment, const char *prefix,
                     struct rs_error *err) {
    char name[64];
    array_name(name, sizeof name, prefix, c, "start");
    if (!rs_segment_array(place, segment, name, RS_U64, n_rows + 1, &column->start, err))
        return false;
    bool ascending = column->start[0] == 0;
    for (size_t r = 0; !segment->trusted && r < n_rows; r++) ascending &= column->start[r] <= column->start[r + 1];
    if (!ascending)
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: %s do not ascend", place, name);
    return rs_segment_array(place, segment, array_name(name, sizeof name, prefix, c, "code"),
                            RS_U32, column->start[n_rows], &column->code, err);
}

static bool open_column(struct rs_table_column *column, size_t c, size_t n_rows,
                        const char *place, const struct rs_segment *segment, const char *prefix,
                        struct rs_error *err) {
    char name[64];
    if (column->kind == RS_NUMBER)
        return rs_segment_array(place, segment,
                                array_name(name, sizeof name, prefix, c, "number"), RS_F64, n_rows,
                                &column->number, err);
    array_name(name, sizeof name, prefix, c, "text");
    if (!rs_ids_open(&column->text, place, segment, name, err)) return false;
    bool valid = column->kind != RS_TEXT || column->text.n == n_rows;
    if (column->kind == RS_SET) {
        if (!open_set(column, c, n_rows, place, segment, prefix, err)) return false;
        valid = valid_codes(column, column->start[n_rows], false, segment->trusted);
    } else if (column->kind == RS_CATEGORY) {
        if (!rs_segment_array(place, segment, array_name(name, sizeof name, prefix, c, "code"),
                              RS_U32, n_rows, &column->code, err))
            return false;
        valid = valid_codes(column, n_rows, true, segment->trusted);
    }
    if (valid) return true;
    return rs_fail(err, EX_DATAERR, "%s: the file is damaged: column %s of %s is inconsistent",
                   place, column->name, prefix);
}

static bool open_columns(struct rs_table *table, const char *place, const json_t *columns,
                         const struct rs_segment *segment, const char *prefix,
                         struct rs_error *err) {
    size_t n = json_array_size(columns);
    if (n > RS_TABLE_MAX_COLUMNS)
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: too many columns", place);
    table->columns = rs_calloc(n, sizeof *table->columns);
    for (size_t c = 0; c < n; c++) {
        struct rs_table_column *column = &table->columns[c];
        const json_t *described = json_array_get(columns, c);
        const char *name = json_string_value(json_object_get(described, "name"));
        const char *kind = json_string_value(json_object_get(described, "kind"));
        int k = 0;
        while (k < RS_N_COLUMN_KINDS && (kind == NULL || strcmp(kind, rs_column_kind_names[k])))
            k++;
        if (name == NULL || k == RS_N_COLUMN_KINDS)
            return rs_fail(err, EX_DATAERR, "%s: the file is damaged: a column of %s has no kind",
                           place, prefix);
        column->name = rs_strdup(name);
        column->kind = (enum rs_column_kind)k;
        table->n_columns = c + 1;
        if (!open_column(column, c, table->ids.n, place, segment, prefix, err)) return false;
    }
    return true;
}

bool rs_table_open(struct rs_table *table, const char *place, const json_t *header,
                   const struct rs_segment *segment, const char *prefix, struct rs_error *err) {
    *table = (struct rs_table){0};
    const json_t *columns = json_object_get(header, prefix);
    if (columns == NULL) return true;
    char name[64];
    snprintf(name, sizeof name, "%s.id", prefix);
    bool ok = rs_ids_open(&table->ids, place, segment, name, err) &&
              open_columns(table, place, columns, segment, prefix, err);
    if (!ok) rs_table_free(table);
    return ok;
}

/* Row r of the result is row source[r] of the column, RS_NONE for an unknown one. */
static void align_text(struct rs_table *table, struct rs_table_column *to,
                       const struct rs_table_column *from, const uint32_t *source, size_t n) {
    uint64_t *offset = rs_table_own(table, rs_malloc(n + 1, sizeof *offset));
    offset[0] = 0;
    for (size_t r = 0; r < n; r++)
        offset[r + 1] =
            offset[r] + (source[r] == RS_NONE ? 0 : rs_ids_get(&from->text, source[r]).length);
    char *bytes = rs_table_own(table, rs_malloc(offset[n], 1));
    for (size_t r = 0; r < n; r++) {
        if (source[r] == RS_NONE) continue;
        struct rs_id text = rs_ids_get(&from->text, source[r]);
        memcpy(bytes + offset[r], text.text, text.length);
    }
    to->text = (struct rs_ids){n, offset, bytes};
}

static void align_set(struct rs_table *table, struct rs_table_column *to,
                      const struct rs_table_column *from, const uint32_t *source, size_t n) {
    uint64_t *start = rs_table_own(table, rs_malloc(n + 1, sizeof *start));
    start[0] = 0;
    for (size_t r = 0; r < n; r++) {
        uint64_t members =
            source[r] == RS_NONE ? 0 : from->start[source[r] + 1] - from->start[source[r]];
        start[r + 1] = start[r] + members;
    }
    uint32_t *code = rs_table_own(table, rs_malloc(start[n], sizeof *code));
    for (size_t r = 0; r < n; r++)
        if (start[r + 1] > start[r])
            memcpy(code + start[r], from->code + from->start[source[r]],
                   (start[r + 1] - start[r]) * sizeof *code);
    to->start = start;
    to->code = code;
}

static void align_column(struct rs_table *table, struct rs_table_column *to,
                         const struct rs_table_column *from, const uint32_t *source, size_t n) {
    *to = (struct rs_table_column){
        .name = rs_strdup(from->name), .kind = from->kind, .text = from->text};
    switch (from->kind) {
    case RS_TEXT:
        align_text(table, to, from, source, n);
        break;
    case RS_SET:
        align_set(table, to, from, source, n);
        break;
    case RS_CATEGORY: {
        uint32_t *code = rs_table_own(table, rs_malloc(n, sizeof *code));
        for (size_t r = 0; r < n; r++)
            code[r] = source[r] == RS_NONE ? RS_NONE : from->code[source[r]];
        to->code = code;
        break;
    }
    case RS_NUMBER: {
        double *number = rs_table_own(table, rs_malloc(n, sizeof *number));
        for (size_t r = 0; r < n; r++)
            number[r] = source[r] == RS_NONE ? NAN : from->number[source[r]];
        to->number = number;
        break;
    }
    case RS_N_COLUMN_KINDS:
        break;
    }
}

struct rs_table rs_table_align(const struct rs_table *table, const struct rs_ids *ids) {
    struct rs_table aligned = {.ids = *ids, .n_columns = table->n_columns};
    if (table->n_columns == 0) return aligned;
    struct rs_dict rows;
    rs_dict_init(&rows);
    for (size_t r = 0; r < table->ids.n; r++) rs_dict_add(&rows, rs_ids_get(&table->ids, r));
    uint32_t *source = rs_malloc(ids->n, sizeof *source);
    for (size_t r = 0; r < ids->n; r++) source[r] = rs_dict_find(&rows, rs_ids_get(ids, r));
    aligned.columns = rs_calloc(table->n_columns, sizeof *aligned.columns);
    for (size_t c = 0; c < table->n_columns; c++)
        align_column(&aligned, &aligned.columns[c], &table->columns[c], source, ids->n);
    free(source);
    rs_dict_free(&rows);
    return aligned;
}
