/* CSV, TSV, JSON, rs and trec_eval: see print.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/number.h"
#include "format/writer.h"
#include "print.h"

/* A table as text: CSV by RFC 4180, or TSV, whose fields hold neither tabs nor line ends. */
struct table {
    FILE *file;
    char separator;
};

static void put_quoted(FILE *file, const char *text) {
    putc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"') putc('"', file);
        putc(*text, file);
    }
    putc('"', file);
}

static void put_field(const struct table *table, const char *text) {
    if (table->separator == ',' && strpbrk(text, ",\"\r\n") != NULL) {
        put_quoted(table->file, text);
        return;
    }
    for (; *text != '\0'; text++)
        putc(table->separator == '\t' && strchr("\t\r\n", *text) ? ' ' : *text, table->file);
}

static void put_next(const struct table *table, const char *text) {
    putc(table->separator, table->file);
    put_field(table, text);
}

static void put_number(const struct table *table, double value) {
    char text[32];
    rs_number_print_double(text, value);
    put_next(table, isfinite(value) ? text : ""); /* what is not defined stays empty */
}

static void put_count(const struct table *table, uint64_t n) {
    fprintf(table->file, "%c%llu", table->separator, (unsigned long long)n);
}

static void put_header(const struct table *table, const char *const *names) {
    for (size_t i = 0; names[i] != NULL; i++) {
        if (i > 0) putc(table->separator, table->file);
        fputs(names[i], table->file);
    }
    putc('\n', table->file);
}

static void put_figure(const struct table *table, const struct report *report,
                       const struct result *result, const char *suffix, double value) {
    put_field(table, report->judge->evidence->models[result->model]->name);
    put_next(table, result_fold(report->judge->evidence, result->fold));
    put_next(table, result_segment(report->judge->segments, result->segment));
    put_next(table, report->judge->requests->all[result->request].name);
    fputs(suffix, table->file);
    put_number(table, value);
    put_count(table, result->n);
    putc('\n', table->file);
}

static void put_comparisons(const struct table *table, const struct report *report) {
    static const char *const names[] = {"model", "other",  "segment", "metric", "difference",
                                        "low",   "high",   "n",       "wins",   "effect",
                                        "p",     "p_holm", "p_folds", NULL};
    put_header(table, names);
    for (size_t i = 0; i < report->results->n_comparisons; i++) {
        const struct comparison *comparison = &report->results->comparisons[i];
        put_field(table, report->judge->evidence->models[comparison->model]->name);
        put_next(table, report->judge->evidence->models[comparison->other]->name);
        put_next(table, result_segment(report->judge->segments, comparison->segment));
        put_next(table, report->judge->requests->all[comparison->request].name);
        put_number(table, comparison->difference);
        put_number(table, comparison->low);
        put_number(table, comparison->high);
        put_count(table, comparison->n);
        const double rest[] = {comparison->wins, comparison->effect, comparison->p,
                               comparison->p_holm, comparison->p_folds};
        for (size_t k = 0; k < sizeof rest / sizeof *rest; k++) put_number(table, rest[k]);
        putc('\n', table->file);
    }
}

static void put_table(const struct table *table, const struct report *report) {
    static const char *const names[] = {"model", "fold", "segment", "metric", "value", "n", NULL};
    if (report->judge->settings->compare) {
        put_comparisons(table, report);
        return;
    }
    put_header(table, names);
    for (size_t i = 0; i < report->results->n; i++) {
        const struct result *result = &report->results->all[i];
        put_figure(table, report, result, "", result->value);
        if (isnan(result->low)) continue;
        put_figure(table, report, result, ".low", result->low);
        put_figure(table, report, result, ".high", result->high);
    }
}

void print_csv(FILE *file, const struct report *report) {
    put_table(&(struct table){file, ','}, report);
}

void print_tsv(FILE *file, const struct report *report) {
    put_table(&(struct table){file, '\t'}, report);
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

static json_t *fold_json(const struct fold *fold, const struct rules *rules) {
    json_t *object = json_object();
    json_object_set_new(object, "fold", json_string_nocheck(fold->label));
    json_object_set_new(object, "pairs", json_integer((json_int_t)fold->n));
    json_object_set_new(object, "users", json_integer((json_int_t)fold->n_lists));
    json_object_set_new(object, "users_without_relevant",
                        json_integer((json_int_t)rules_left_out(rules, fold)));
    const struct facts *facts = &fold->facts;
    if (facts->catalogue >= 0)
        json_object_set_new(object, "catalogue", json_integer(facts->catalogue));
    struct candidates candidates = {.least = UINT32_MAX};
    fold_candidates(fold, &candidates);
    if (candidates.n > 0)
        json_object_set_new(object, "candidates",
                            json_pack("{s:f,s:I,s:I}", "mean", candidates.sum / (double)candidates.n,
                                      "least", (json_int_t)candidates.least, "most",
                                      (json_int_t)candidates.most));
    if (facts->train_ratings >= 0)
        json_object_set_new(object, "train_ratings", json_integer(facts->train_ratings));
    if (facts->split != NULL) json_object_set(object, "split", facts->split);
    if (facts->pruned != NULL) json_object_set(object, "pruned", facts->pruned);
    if (facts->test_digest != NULL)
        json_object_set_new(object, "test_digest", json_string(facts->test_digest));
    if (facts->train_digest != NULL)
        json_object_set_new(object, "train_digest", json_string(facts->train_digest));
    if (facts->leak >= 0) json_object_set_new(object, "leak", json_real(facts->leak));
    return object;
}

static json_t *relevance_json(const struct rules *rules) {
    return rules->everything ? json_pack("{s:b}", "everything", 1)
                             : json_pack("{s:f}", "rating_at_least", rules->threshold);
}

static json_t *lines_json(char *const *lines, size_t n) {
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(array, json_string_nocheck(lines[i]));
    return array;
}

/* How was judged. */
static json_t *protocol_json(const struct judge *judge) {
    json_t *protocol = json_object(), *folds = json_array();
    for (size_t f = 0; f < judge->evidence->n_folds; f++)
        json_array_append_new(folds, fold_json(judge->evidence->folds[f], judge->rules));
    json_object_set_new(protocol, "folds", folds);
    json_object_set_new(protocol, "scale", scale_json(judge->rules));
    json_object_set_new(protocol, "relevant", relevance_json(judge->rules));
    json_object_set_new(
        protocol, "candidates",
        json_string("all items of the training matrix but those the user rated in it; of "
                    "sampled(N)-… measures their test items and N drawn ones of the others; "
                    "of lists those that their maker took; of rerank-… measures the user's test "
                    "items"));
    json_object_set_new(protocol, "ties",
                        json_string("expected value over all orders of equal scores"));
    json_object_set_new(protocol, "users",
                        json_string("ranking means leave out users without a "
                                    "relevant test item; n counts those that "
                                    "entered, once a fold"));
    json_object_set_new(protocol, "profiles",
                        json_string(judge->training->given ? "training ratings" : "test ratings"));
    if (judge->categories->column != NULL)
        json_object_set_new(protocol, "categories",
                            json_string_nocheck(judge->categories->column->name));
    if (judge->segments->n_left_out > 0)
        json_object_set_new(protocol, "left_out",
                            lines_json(judge->segments->left_out, judge->segments->n_left_out));
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

static json_t *real_or_null(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *figures(const struct report *report) {
    const struct evidence *evidence = report->judge->evidence;
    json_t *array = json_array();
    for (size_t i = 0; i < report->results->n; i++) {
        const struct result *result = &report->results->all[i];
        json_t *object = json_object();
        json_object_set_new(object, "model",
                            json_string_nocheck(evidence->models[result->model]->name));
        json_object_set_new(object, "fold",
                            json_string_nocheck(result_fold(evidence, result->fold)));
        json_object_set_new(
            object, "segment",
            json_string_nocheck(result_segment(report->judge->segments, result->segment)));
        json_object_set_new(object, "metric",
                            json_string(report->judge->requests->all[result->request].name));
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

static json_t *comparisons(const struct report *report) {
    const struct evidence *evidence = report->judge->evidence;
    json_t *array = json_array();
    for (size_t i = 0; i < report->results->n_comparisons; i++) {
        const struct comparison *comparison = &report->results->comparisons[i];
        json_t *object = json_object();
        json_object_set_new(object, "model",
                            json_string_nocheck(evidence->models[comparison->model]->name));
        json_object_set_new(object, "other",
                            json_string_nocheck(evidence->models[comparison->other]->name));
        json_object_set_new(
            object, "segment",
            json_string_nocheck(result_segment(report->judge->segments, comparison->segment)));
        json_object_set_new(object, "metric",
                            json_string(report->judge->requests->all[comparison->request].name));
        json_object_set_new(object, "difference", json_real(comparison->difference));
        json_object_set_new(object, "low", json_real(comparison->low));
        json_object_set_new(object, "high", json_real(comparison->high));
        json_object_set_new(object, "n", json_integer((json_int_t)comparison->n));
        json_object_set_new(object, "wins", json_real(comparison->wins));
        json_object_set_new(object, "effect", real_or_null(comparison->effect));
        json_object_set_new(object, "p", json_real(comparison->p));
        json_object_set_new(object, "p_holm", json_real(comparison->p_holm));
        json_object_set_new(object, "p_folds", real_or_null(comparison->p_folds));
        json_array_append_new(array, object);
    }
    return array;
}

/* What both JSON and the header of an rs file begin with. */
static json_t *header_of(const struct report *report) {
    json_t *header = json_copy(report->header);
    json_object_set_new(header, "protocol", protocol_json(report->judge));
    json_object_set_new(header, "metrics", formulas(report->judge->requests));
    return header;
}

void print_json(FILE *file, const struct report *report) {
    json_t *object = header_of(report);
    json_object_set_new(object, "figures", figures(report));
    if (report->results->n_notes > 0)
        json_object_set_new(object, "notes",
                            lines_json(report->results->notes, report->results->n_notes));
    if (report->judge->settings->compare)
        json_object_set_new(object, "comparisons", comparisons(report));
    json_dumpf(object, file, JSON_INDENT(1));
    putc('\n', file);
    json_decref(object);
}

/* A column of texts as the names that occur and their numbers. */
static void write_texts(struct rs_writer *writer, const char *name, const char *const *texts,
                        size_t n) {
    struct rs_dict dict;
    uint32_t *codes = rs_malloc(n, sizeof *codes);
    rs_dict_init(&dict);
    for (size_t i = 0; i < n; i++)
        codes[i] = rs_dict_add(&dict, (struct rs_id){texts[i], strlen(texts[i])});
    rs_ids_write(writer, name, &dict.ids);
    rs_writer_u32(writer, name, codes, n);
    rs_dict_free(&dict);
    free(codes);
}

static void write_figures(struct rs_writer *writer, const struct report *report) {
    size_t n = report->results->n;
    const char **texts[4];
    static const char *const names[] = {"model", "fold", "segment", "metric"};
    double *reals[3];
    uint64_t *counts = rs_malloc(n, sizeof *counts);
    for (int c = 0; c < 4; c++) texts[c] = rs_malloc(n, sizeof *texts[c]);
    for (int c = 0; c < 3; c++) reals[c] = rs_malloc(n, sizeof *reals[c]);
    for (size_t i = 0; i < n; i++) {
        const struct result *result = &report->results->all[i];
        texts[0][i] = report->judge->evidence->models[result->model]->name;
        texts[1][i] = result_fold(report->judge->evidence, result->fold);
        texts[2][i] = result_segment(report->judge->segments, result->segment);
        texts[3][i] = report->judge->requests->all[result->request].name;
        reals[0][i] = result->value;
        reals[1][i] = result->low;
        reals[2][i] = result->high;
        counts[i] = result->n;
    }
    rs_writer_begin(writer, "metrics", header_of(report));
    for (int c = 0; c < 4; c++) write_texts(writer, names[c], texts[c], n);
    rs_writer_f64(writer, "value", reals[0], n);
    if (report->judge->settings->intervals) {
        rs_writer_f64(writer, "low", reals[1], n);
        rs_writer_f64(writer, "high", reals[2], n);
    }
    rs_writer_u64(writer, "n", counts, n);
    rs_writer_end(writer, json_pack("{s:I}", "rows", (json_int_t)n));
    for (int c = 0; c < 4; c++) free(texts[c]);
    for (int c = 0; c < 3; c++) free(reals[c]);
    free(counts);
}

static void write_comparisons(struct rs_writer *writer, const struct report *report) {
    enum { N_REALS = 8 };
    static const char *const names[] = {"difference", "low", "high",   "wins",
                                        "effect",     "p",   "p_holm", "p_folds"};
    static const char *const text_names[] = {"model", "other", "segment", "metric"};
    size_t n = report->results->n_comparisons;
    const char **texts[4];
    double *reals[N_REALS];
    uint64_t *counts = rs_malloc(n, sizeof *counts);
    for (int c = 0; c < 4; c++) texts[c] = rs_malloc(n, sizeof *texts[c]);
    for (int c = 0; c < N_REALS; c++) reals[c] = rs_malloc(n, sizeof *reals[c]);
    for (size_t i = 0; i < n; i++) {
        const struct comparison *one = &report->results->comparisons[i];
        texts[0][i] = report->judge->evidence->models[one->model]->name;
        texts[1][i] = report->judge->evidence->models[one->other]->name;
        texts[2][i] = result_segment(report->judge->segments, one->segment);
        texts[3][i] = report->judge->requests->all[one->request].name;
        const double row[N_REALS] = {one->difference, one->low, one->high,   one->wins,
                                     one->effect,     one->p,   one->p_holm, one->p_folds};
        for (int c = 0; c < N_REALS; c++) reals[c][i] = row[c];
        counts[i] = one->n;
    }
    rs_writer_begin(writer, "comparisons", header_of(report));
    for (int c = 0; c < 4; c++) write_texts(writer, text_names[c], texts[c], n);
    for (int c = 0; c < N_REALS; c++) rs_writer_f64(writer, names[c], reals[c], n);
    rs_writer_u64(writer, "n", counts, n);
    rs_writer_end(writer, json_pack("{s:I}", "rows", (json_int_t)n));
    for (int c = 0; c < 4; c++) free(texts[c]);
    for (int c = 0; c < N_REALS; c++) free(reals[c]);
    free(counts);
}

void print_rs(FILE *file, const struct report *report) {
    struct rs_writer writer;
    rs_writer_init(&writer, file);
    write_figures(&writer, report);
    if (report->judge->settings->compare) write_comparisons(&writer, report);
}

/* trec_eval */

static void put_word(FILE *file, struct rs_id id, const char *end) {
    for (size_t i = 0; i < id.length; i++)
        if (id.text[i] == ' ' || (unsigned char)id.text[i] < 0x20)
            rs_die(EX_DATAERR, "files of trec_eval can't hold the id '%.*s'",
                   id.length < 40 ? (int)id.length : 40, id.text);
    fwrite(id.text, 1, id.length, file);
    fputs(end, file);
}

static const struct fold *the_fold(const struct evidence *evidence) {
    if (evidence->n_folds != 1)
        rs_die(EX_USAGE, "files of trec_eval are of one fold, there are %zu", evidence->n_folds);
    return evidence->folds[0];
}

void print_run(FILE *file, const struct report *report) {
    const struct evidence *evidence = report->judge->evidence;
    the_fold(evidence);
    if (evidence->n_models != 1)
        rs_die(EX_USAGE, "a run is of one model, there are %zu", evidence->n_models);
    const struct model *model = evidence->models[0];
    const struct lists *lists = &model->answers[0]->lists;
    if (lists->n == 0)
        rs_die(EX_DATAERR, "a run is made of recommendation lists, and there are none");
    struct rs_id name = {model->name, strlen(model->name)};
    for (size_t i = 0; i < lists->n; i++) {
        double score = lists->score.v == NULL ? -(double)lists->rank.v[i] : lists->score.v[i];
        char text[32];
        rs_number_print_double(text, score);
        put_word(file, evidence_user(evidence, lists->user.v[i]), " Q0 ");
        put_word(file, evidence_item(evidence, lists->item.v[i]), " ");
        fprintf(file, "%u %s ", lists->rank.v[i], text);
        put_word(file, name, "\n");
    }
}

void print_qrels(FILE *file, const struct report *report) {
    const struct evidence *evidence = report->judge->evidence;
    const struct fold *fold = the_fold(evidence);
    if (fold->n == 0) rs_die(EX_DATAERR, "qrels are made of test ratings, and there are none");
    for (size_t i = 0; i < fold->n; i++) {
        put_word(file, evidence_user(evidence, fold->user.v[i]), " 0 ");
        put_word(file, evidence_item(evidence, fold->item.v[i]), " ");
        fprintf(file, "%d\n", rules_relevant(report->judge->rules, fold->rating.v[i]) ? 1 : 0);
    }
}
