/* What every rs file has: headers, ends and arrays. */
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "view.h"

static void print_element(struct out *out, const struct rs_array *array, size_t i) {
    switch (array->type) {
    case RS_U8:
        out_whole(out, ((const uint8_t *)array->data)[i]);
        break;
    case RS_I8:
        out_signed(out, ((const int8_t *)array->data)[i]);
        break;
    case RS_U16:
        out_whole(out, ((const uint16_t *)array->data)[i]);
        break;
    case RS_U32:
        out_whole(out, ((const uint32_t *)array->data)[i]);
        break;
    case RS_I32:
        out_signed(out, ((const int32_t *)array->data)[i]);
        break;
    case RS_U64:
        out_whole(out, ((const uint64_t *)array->data)[i]);
        break;
    case RS_I64:
        out_signed(out, ((const int64_t *)array->data)[i]);
        break;
    case RS_F32:
        out_float(out, ((const float *)array->data)[i]);
        break;
    case RS_F64:
        out_double(out, ((const double *)array->data)[i]);
        break;
    case RS_N_TYPES:
        break;
    }
}

/* False when the limit is reached. */
static bool print_elements(struct out *out, const struct rs_array *array) {
    bool go_on = true;
    for (size_t r = 0; go_on && r < array->n_rows; r++) {
        out_begin_list(out, array->n_columns);
        for (size_t c = 0; c < array->n_columns; c++)
            print_element(out, array, r * array->n_columns + c);
        go_on = out_end_list(out, array->n_columns);
    }
    return go_on;
}

static void print_array(const struct rs_file *file, const char *name, struct out *out) {
    bool found = false, go_on = true;
    for (size_t s = 0; go_on && s < file->n_segments; s++) {
        const struct rs_segment *segment = &file->segments[s];
        for (size_t i = 0; go_on && i < segment->n_sections; i++) {
            if (strcmp(segment->sections[i].name, name) != 0) continue;
            found = true;
            go_on = print_elements(out, &segment->sections[i].array);
        }
    }
    if (!found) rs_die(EX_DATAERR, "%s: there is no array '%s'", file->name, name);
}

static bool print_description(struct out *out, const struct rs_section *section) {
    const struct rs_array *array = &section->array;
    size_t bytes = 0;
    rs_array_bytes(array, &bytes);
    out_text(out, (struct rs_id){section->name, strlen(section->name)});
    const char *type = rs_type_name(array->type);
    out_text(out, (struct rs_id){type, strlen(type)});
    out_whole(out, array->n_rows);
    out_whole(out, array->n_columns);
    out_whole(out, bytes);
    return out_end_row(out);
}

static void print_descriptions(const struct rs_file *file, struct out *out) {
    static const char *const names[] = {"array", "type", "rows", "columns", "bytes"};
    bool go_on = true;
    out_columns(out, names, sizeof names / sizeof *names);
    for (size_t s = 0; go_on && s < file->n_segments; s++) {
        const struct rs_segment *segment = &file->segments[s];
        if (out->form == FORM_JSON) go_on = out_json(out, segment->header);
        for (size_t i = 0; go_on && i < segment->n_sections; i++)
            go_on = print_description(out, &segment->sections[i]);
    }
}

void view_arrays(const struct rs_file *file, const struct asked *asked, struct out *out) {
    if (asked->array != NULL) {
        print_array(file, asked->array, out);
    } else {
        print_descriptions(file, out);
    }
}

void view_headers(struct rs_reader *reader, struct out *out) {
    struct rs_error err;
    struct rs_event event;
    bool go_on = true;
    do {
        if (!rs_reader_next(reader, &event, &err)) rs_die_error(&err);
        if (event.type == RS_EVENT_BEGIN || event.type == RS_EVENT_END)
            go_on = out_json(out, event.map);
    } while (go_on && event.type != RS_EVENT_EOF);
}
