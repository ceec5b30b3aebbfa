/* The server about itself: health, metrics, its page and its description. */
#include <string.h>

#include "call.h"
#include "page.h"

bool serve_live(struct call *call) {
    body_text(&call->body, "{\"Live\":true}\n");
    return true;
}

bool serve_ready(struct call *call) {
    if (call->server->stopping)
        return call_fail(call, MHD_HTTP_SERVICE_UNAVAILABLE, "the server is stopping");
    body_format(&call->body, "{\"Ready\":true,\"Model\":\"%s\"}\n", call->snapshot->folder->digest);
    return true;
}

static void print_scale(struct body *body, const struct rs_scale *scale) {
    body_text(body, ",\"Scale\":{\"Min\":");
    body_float(body, scale->min);
    body_text(body, ",\"Max\":");
    body_float(body, scale->max);
    body_text(body, ",\"Step\":");
    body_double(body, rs_scale_step(scale));
    body_text(body, "}");
}

/* Every word that may be asked for as a category. */
static void print_categories(struct body *body, const struct rs_table *table) {
    size_t n = 0;
    body_text(body, ",\"Categories\":[");
    for (size_t c = 0; c < table->n_columns; c++) {
        const struct rs_table_column *column = &table->columns[c];
        if (column->kind != RS_CATEGORY && column->kind != RS_SET) continue;
        for (size_t i = 0; i < column->text.n; i++) {
            if (n++ > 0) body_text(body, ",");
            body_string(body, rs_ids_get(&column->text, i));
        }
    }
    body_text(body, "]");
}

static const char *source_of(const struct rs_dimension *dimension) {
    if (dimension->source < RS_CONTEXT_N_TIMES) return "time";
    return dimension->source == RS_CONTEXT_USER ? "user" : "rating";
}

/* What of a situation moves lists or expected ratings. */
static void print_context(struct body *body, const struct rs_context_model *context) {
    size_t n = 0;
    body_text(body, ",\"Context\":[");
    for (size_t d = 0; context != NULL && d < context->n; d++) {
        const struct rs_dimension *dimension = &context->dimensions[d];
        if (!dimension->ranks && !dimension->predicts) continue;
        body_text(body, n++ == 0 ? "{\"Name\":" : ",{\"Name\":");
        body_string(body, (struct rs_id){dimension->name, strlen(dimension->name)});
        body_format(body, ",\"Source\":\"%s\",\"Lists\":%s,\"Ratings\":%s,\"Values\":[",
                    source_of(dimension), dimension->ranks ? "true" : "false",
                    dimension->predicts ? "true" : "false");
        for (size_t v = 0; v < dimension->values.n; v++) {
            if (v > 0) body_text(body, ",");
            body_string(body, rs_ids_get(&dimension->values, v));
        }
        body_text(body, "]}");
    }
    body_text(body, "]");
}

bool serve_model(struct call *call) {
    const struct rs_matrix *matrix = call->snapshot->matrix;
    const char *name = call->snapshot->folder->name;
    struct body *body = &call->body;
    body_format(body, "{\"Model\":\"%s\",\"Name\":", call->snapshot->folder->digest);
    body_string(body, (struct rs_id){name, strlen(name)});
    body_format(body, ",\"Users\":%zu,\"Items\":%zu,\"Ratings\":", matrix->users.ids.n,
                matrix->items.ids.n);
    body_integer(body, matrix->n_ratings);
    body_format(body, ",\"Implicit\":%s", matrix->implicit ? "true" : "false");
    if (!matrix->implicit && matrix->scale.n > 0) print_scale(body, &matrix->scale);
    print_categories(body, &matrix->items.table);
    print_context(body, call->snapshot->context);
    body_format(body, ",\"Neighbors\":{\"Items\":%s,\"Users\":%s}",
                call->snapshot->neighbours[0] != NULL ? "true" : "false",
                call->snapshot->neighbours[1] != NULL ? "true" : "false");
    body_text(body, "}\n");
    return true;
}

static bool serve_file(struct call *call, struct page_file file, const char *type) {
    body_bytes(&call->body, file.bytes, file.n);
    call->type = type;
    return true;
}

bool serve_openapi(struct call *call) {
    return serve_file(call, page_openapi(), "application/json");
}

bool serve_page(struct call *call) {
    return serve_file(call, page_html(), "text/html; charset=utf-8");
}

bool serve_script(struct call *call) {
    return serve_file(call, page_script(), "text/javascript; charset=utf-8");
}

bool serve_style(struct call *call) {
    return serve_file(call, page_style(), "text/css; charset=utf-8");
}
