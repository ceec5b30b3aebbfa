/* CSV, JSON and rs: see print.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "number.h"
#include "print.h"
#include "writer.h"

/* A field of RFC 4180. */
static void put_field(FILE *file, const char *text) {
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, file);
        return;
    }
    putc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"') putc('"', file);
        putc(*text, file);
    }
    putc('"', file);
}

void print_csv(FILE *file, const struct report *report) {
    fputs("model,fold,segment,metric,value,n\n", file);
    for (size_t i = 0; i < report->results->n; i++) {
        const struct result *result = &report->results->all[i];
        char value[32];
        rs_number_print_double(value, result->value);
        put_field(file, result->model->name);
        putc(',', file);
        put_field(file, result->fold);
        putc(',', file);
        put_field(file, result->segment);
        fprintf(file, ",%s,%s,%llu\n", report->requests->all[result->request].name, value,
                (unsigned long long)result->n);
    }
}

static json_t *scale_json(const struct rules *rules) {
    json_t *scale = json_object();
    if (rules->scale.n == 0) return scale;
    json_object_set_new(scale, "min", json_real((double)rules->scale.min));
    json_object_set_new(scale, "max", json_real((double)rules->scale.max));
    json_object_set_new(scale, "step", json_real(rs_scale_step(&rules->scale)));
    json_object_set_new(scale, "from",
                        json_string(rules->scale_seen ? "true ratings" : "training ratings"));
    return scale;
}

static json_t *fold_json(const struct fold *fold) {
    json_t *object = json_object();
    json_object_set_new(object, "fold", json_string_nocheck(fold->label));
    json_object_set_new(object, "pairs", json_integer((json_int_t)fold->n));
    json_object_set_new(object, "users", json_integer((json_int_t)fold->n_lists));
    const struct facts *facts = &fold->facts;
    if (facts->catalogue >= 0)
        json_object_set_new(object, "catalogue", json_integer(facts->catalogue));
    if (facts->train_ratings >= 0)
        json_object_set_new(object, "train_ratings", json_integer(facts->train_ratings));
    if (facts->role != NULL) json_object_set_new(object, "role", json_string(facts->role));
    if (facts->leak >= 0) json_object_set_new(object, "leak", json_real(facts->leak));
    return object;
}

json_t *report_protocol(const struct report *report) {
    json_t *protocol = json_object(), *folds = json_array(), *relevant = json_object();
    for (size_t f = 0; f < report->evidence->n_folds; f++)
        json_array_append_new(folds, fold_json(report->evidence->folds[f]));
    json_object_set_new(protocol, "folds", folds);
    json_object_set_new(protocol, "scale", scale_json(report->rules));
    if (report->rules->everything) {
        json_object_set_new(relevant, "everything", json_true());
    } else {
        json_object_set_new(relevant, "rating_at_least", json_real(report->rules->threshold));
    }
    json_object_set_new(protocol, "relevant", relevant);
    json_object_set_new(
        protocol, "candidates",
        json_string("all items of the training matrix but those the user rated in it; "
                    "measures called rerank-…: the user's test items"));
    json_object_set_new(protocol, "ties",
                        json_string("expected value over all orders of equal scores"));
    json_object_set_new(protocol, "users",
                        json_string("ranking means leave out users without a "
                                    "relevant test item; n counts those that "
                                    "entered, once a fold"));
    return protocol;
}

static json_t *formulas(const struct requests *requests) {
    json_t *object = json_object();
    for (size_t r = 0; r < requests->n; r++) {
        const struct measure_row *row = &measures[requests->all[r].measure];
        json_t *metric = json_object();
        json_object_set_new(metric, "formula", json_string(row->formula));
        json_object_set_new(metric, "source", json_string(row->source));
        json_object_set_new(metric, "better",
                            json_string(row->better > 0   ? "greater"
                                        : row->better < 0 ? "smaller"
                                                          : "neither"));
        json_object_set_new(object, requests->all[r].name, metric);
    }
    return object;
}

static json_t *figures(const struct report *report) {
    json_t *array = json_array();
    for (size_t i = 0; i < report->results->n; i++) {
        const struct result *result = &report->results->all[i];
        json_t *object = json_object();
        json_object_set_new(object, "model", json_string_nocheck(result->model->name));
        json_object_set_new(object, "fold", json_string_nocheck(result->fold));
        json_object_set_new(object, "segment", json_string_nocheck(result->segment));
        json_object_set_new(object, "metric",
                            json_string(report->requests->all[result->request].name));
        json_object_set_new(object, "value", json_real(result->value));
        json_object_set_new(object, "n", json_integer((json_int_t)result->n));
        if (!isnan(result->low)) {
            json_object_set_new(object, "low", json_real(result->low));
            json_object_set_new(object, "high", json_real(result->high));
        }
        json_array_append_new(array, object);
    }
    return array;
}

/* What both JSON and the header of an rs file begin with. */
static json_t *header_of(const struct report *report) {
    json_t *header = json_copy(report->header);
    json_object_set_new(header, "protocol", report_protocol(report));
    json_object_set_new(header, "metrics", formulas(report->requests));
    return header;
}

void print_json(FILE *file, const struct report *report) {
    json_t *object = header_of(report);
    json_object_set_new(object, "figures", figures(report));
    json_dumpf(object, file, JSON_INDENT(1));
    putc('\n', file);
    json_decref(object);
}

void print_rs(FILE *file, const struct report *report) {
    size_t n = report->results->n;
    const char *const names[] = {"model", "fold", "segment", "metric"};
    uint32_t *codes = rs_malloc(n, sizeof *codes);
    double *values = rs_malloc(n, sizeof *values);
    uint64_t *counts = rs_malloc(n, sizeof *counts);
    struct rs_writer writer;
    rs_writer_init(&writer, file);
    rs_writer_begin(&writer, "metrics", header_of(report));
    for (int column = 0; column < 4; column++) {
        struct rs_dict dict;
        rs_dict_init(&dict);
        for (size_t i = 0; i < n; i++) {
            const struct result *result = &report->results->all[i];
            const char *const texts[] = {result->model->name, result->fold, result->segment,
                                         report->requests->all[result->request].name};
            codes[i] = rs_dict_add(&dict, (struct rs_id){texts[column], strlen(texts[column])});
        }
        rs_ids_write(&writer, names[column], &dict.ids);
        rs_writer_u32(&writer, names[column], codes, n);
        rs_dict_free(&dict);
    }
    for (size_t i = 0; i < n; i++) values[i] = report->results->all[i].value;
    rs_writer_f64(&writer, "value", values, n);
    for (size_t i = 0; i < n; i++) counts[i] = report->results->all[i].n;
    rs_writer_u64(&writer, "n", counts, n);
    rs_writer_end(&writer, json_pack("{s:I}", "rows", (json_int_t)n));
    free(codes);
    free(values);
    free(counts);
}
