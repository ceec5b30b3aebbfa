/* rs-context: which circumstances of ratings matter, how much, and what they do to which items.
 *
 * In: a matrix, and the ratings it was made of where they have columns of context. Out: one context
 * file, with which rs-score answers for a situation. Holds the matrix, some 60 bytes a rating and
 * the effects being tried. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "data.h"
#include "format/pairs.h"
#include "part.h"
#include "program/options.h"
#include "program/output.h"
#include "ranking.h"
#include "residuals.h"
#include "write.h"

static const char *ratings_path = NULL, *predicted_path = NULL, *drawn_path = NULL;
static const char *zone = "UTC", *zone_of = NULL;
static struct rs_list dimensions = {0}, places = {0};
static double level = 0.01;
static int64_t seed = 1;

static const struct rs_option options[] = {
    {"ratings", 'r', RS_STRING, "RATINGS", &ratings_path, 0, 0, NULL, false,
     "the ratings that the matrix was made of, for columns of context that they have"},
    {"timezone", 'z', RS_STRING, "ZONE", &zone, 0, 0, NULL, true,
     "the clock by which hours, weekdays and seasons count, as in Europe/Berlin"},
    {"timezone-of", 0, RS_STRING, "COLUMN", &zone_of, 0, 0, NULL, false,
     "a column of the users that names their time zones, or that --place says the zones of: their "
     "own clocks count; those of whom it tells none have --timezone"},
    {"place", 0, RS_LIST, "VALUE=ZONE", &places, 0, 0, NULL, true,
     "the zone of a value of that column, as in 9=America/Los_Angeles with --timezone-of region; "
     "may be given again"},
    {"dimension", 'd', RS_LIST, "NAME", &dimensions, 0, 0, NULL, true,
     "try only this one; may be given again"},
    {"level", 0, RS_REAL, "P", &level, 0, 1, NULL, true,
     "a dimension is kept if chance alone gives what it gains in at most this share of cases"},
    {.kind = RS_HEADING, .help = "What a model without context says, to measure gains by:"},
    {"predicted", 0, RS_STRING, "SCORES", &predicted_path, 0, 0, NULL, false,
     "expected ratings of some of the ratings, by a model that was made without these (rs-score "
     "--pairs); else a factorisation made for it"},
    {"drawn", 0, RS_STRING, "SCORES", &drawn_path, 0, 0, NULL, false,
     "the same of ranking (rs-score --pairs --rank --draw); else singular vectors made for it"},
    {.kind = RS_HEADING, .help = "Always:"},
    RS_SEED_OPTION(&seed),
    RS_OUTPUT_OPTION,
    RS_THREADS_OPTION,
    RS_END_OPTIONS,
};

static const struct rs_example examples[] = {
    {"Learn from the built-in sample what the time of day and the users' columns do",
     "rs-clean ratings.csv --users users.csv | rs-matrix --times -o matrix.rs && \\\n"
     "    rs-context matrix.rs -o context.rs && rs-view --header context.rs | \\\n"
     "    head -n 1 | grep -o '\"zone\":\"[A-Z]*\"'",
     "\"zone\":\"UTC\""},
    {0},
};

static const struct rs_tool tool = {
    .name = "rs-context",
    .summary = "learn which circumstances of ratings matter, and what they do",
    .operands = "[MATRIX]",
    .about =
        "Context comes in dimensions: of the time of a rating (rs-matrix --times) hour, weekday, "
        "month and season, and as user-age and item-age the days since the user's first rating "
        "and the item's; every category of the table of users; region, the first character of "
        "their zip or postal code; and every column of context of --ratings. Times are in UTC, as "
        "MovieLens has them, and --timezone and --timezone-of say whose clock counts. A month or "
        "season is tried "
        "only if the ratings span two years, a weekday two weeks, an hour two days. A value that "
        "fewer than 20 ratings or 2 users have is no value.\n\n"
        "For ratings, a value may move all items, what sets tastes apart (by 15 traits of items), "
        "and single items, each shrunk by how much such effects vary in these ratings, so that "
        "nothing is tuned. For ranks, it moves what is taken up more often than usual at the "
        "value. Both are net of what the same user does elsewhere. On top, ratings are mixed with "
        "what a factorisation expects that knows the context of every rating it is made of, as far "
        "as that brings ratings closer that it has not seen; and what it says is liked more in a "
        "situation moves ranks besides, as far as that makes choices likelier.\n\n"
        "A dimension is kept if it pays: its effects are fitted to the ratings of four fifths of "
        "the users and must bring the others' closer, which Student's one-sided test over users "
        "decides, by Holm's correction for the number of dimensions, one after the other. Ratings "
        "and ranks decide separately, and ages are of ratings alone. The header has gain, p and "
        "adjusted p of every dimension: "
        "gains are a rating's squared error, and a choice's log-likelihood among 101 items.",
    .memory =
        "the mapped matrix; about 70 bytes a rating, 512 a user and an item; for each thread 8 "
        "values x items and 128 bytes a user at each value that the user is met at.",
    .max_operands = 1,
    .options = options,
    .examples = examples,
};

/* What the ratings in the file differ from what is said of them, NaN for the others. */
static float *read_check(const struct data *data) {
    struct rs_error err;
    struct rs_pairs_reader reader;
    struct rs_pairs *batch;
    const char *const paths[] = {predicted_path};
    float *check = rs_malloc(data->n, sizeof *check);
    size_t n_found = 0;
    for (size_t r = 0; r < data->n; r++) check[r] = NAN;
    if (!rs_pairs_open(&reader, paths, 1, "scores", &err)) rs_die_error(&err);
    while (true) {
        if (!rs_pairs_next(&reader, &batch, &err)) rs_die_error(&err);
        if (batch == NULL) break;
        if (batch->score == NULL) rs_die(EX_DATAERR, "%s: holds no scores", predicted_path);
        for (size_t i = 0; i < batch->n; i++) {
            size_t at = data_find(data,
                                  rs_ids_find(&data->matrix->users.ids,
                                              rs_ids_get(&reader.users.ids, batch->user[i])),
                                  rs_ids_find(&data->matrix->items.ids,
                                              rs_ids_get(&reader.items.ids, batch->item[i])));
            if (at == SIZE_MAX) continue;
            check[at] = data->matrix->rows.rating[at] - batch->score[i];
            n_found++;
        }
    }
    rs_pairs_close(&reader);
    if (n_found == 0)
        rs_die(EX_DATAERR, "%s: scores none of the ratings of %s", predicted_path,
               data->matrix->file->name);
    return check;
}

/* Without a file: a fifth of the residuals. */
static float *take_check(const struct data *data) {
    float *check = rs_malloc(data->n, sizeof *check);
    for (size_t r = 0; r < data->n; r++)
        check[r] = part_fold(data, r, (uint64_t)seed) == 0 ? data->residual[r] : NAN;
    return check;
}

/* Fits what is kept to all users: each dimension in turn on what the others leave. */
static void fit_predicting(const struct data *data, struct learned *learned) {
    enum { ROUNDS = 3 };
    size_t n_kept = 0;
    float *left = rs_malloc(data->n, sizeof *left);
    centre_items(data, data->residual, N_FOLDS, left);
    for (size_t c = 0; c < data->n_candidates; c++) n_kept += learned[c].predict.kept;
    for (int round = 0; round < (n_kept > 1 ? ROUNDS : 1); round++)
        for (size_t order = 0; order < n_kept; order++) {
            size_t c = 0;
            while (!learned[c].predict.kept || learned[c].predict.order != order) c++;
            struct effects *effects = &learned[c].effects;
            for (int sign = 1; sign >= -1; sign -= 2) {
                for (uint32_t u = 0; u < data->n_users && effects->c != NULL; u++) {
                    double mean[WIDTH];
                    effects_of_user(effects, u, mean);
                    for (uint64_t r = data->matrix->rows.start[u];
                         r < data->matrix->rows.start[u + 1]; r++)
                        left[r] += (float)(sign * effects_at(effects, r, mean));
                }
                if (sign < 0) continue;
                effects_free(effects);
                effects_fit(effects, learned[c].layout, left, N_FOLDS);
            }
        }
    free(left);
}

static void fit_ranking(const struct data *data, struct learned *learned) {
    const struct affinity *before[RS_MAX_DIMENSIONS];
    for (size_t order = 0; order < data->n_candidates; order++)
        for (size_t c = 0; c < data->n_candidates; c++) {
            if (!learned[c].rank.kept || learned[c].rank.order != order) continue;
            affinity_fit(&learned[c].affinity, learned[c].layout, before, order, N_FOLDS);
            before[order] = &learned[c].affinity;
        }
}

static bool is_mixed(const struct mixture *mixture) {
    return mixture->weight > 0 || mixture->effect > 0;
}

/* The ratings that gains are measured by. */
static uint8_t *mark_checked(const struct data *data, const float *check,
                             const struct choices *choices) {
    uint8_t *checked = rs_calloc(data->n, 1);
    for (size_t r = 0; check != NULL && r < data->n; r++) checked[r] = !isnan(check[r]);
    for (size_t c = 0; c < choices->n; c++) checked[choices->rating[c]] = 1;
    return checked;
}

/* What pays, tested on as many ratings as there are; then how much, by traits of items that know
 * nothing of the ratings that say it. Leaves the traits that know all. */
static void choose(struct data *data, const struct layout *layouts, struct verdict *predicting,
                   struct verdict *ranking, struct mixture *mixture) {
    struct choices choices;
    float *check = NULL, *left = rs_malloc(data->n, sizeof *left);
    if (drawn_path != NULL) {
        choices_read(&choices, data, drawn_path);
    } else {
        choices_draw(&choices, data, (uint64_t)seed);
    }
    traits_make(data, NULL, (uint64_t)seed);
    if (data->residual != NULL) {
        if (predicted_path != NULL) check = read_check(data);
        choose_predicting(data, layouts, check, level, predicting);
        if (check == NULL) check = take_check(data);
    }
    choose_ranking(data, layouts, &choices, level, ranking);
    uint8_t *checked = mark_checked(data, check, &choices);
    float *x = data->x;
    double known[WIDTH];
    memcpy(known, data->known, sizeof known);
    data->x = NULL;
    traits_make(data, checked, (uint64_t)seed);
    const struct layout *kept[RS_MAX_DIMENSIONS];
    size_t n_kept = choose_kept(data, layouts, predicting, kept);
    struct camf camf = {0};
    if (n_kept > 0) {
        choose_scales(data, layouts, check, predicting, left);
        camf_fit(&camf, data, kept, n_kept, checked, (uint64_t)seed);
        choose_mixture(data, &camf, check, left, level, mixture);
    }
    choose_weights(data, layouts, &choices, is_mixed(mixture) ? &camf : NULL, ranking, mixture);
    camf_free(&camf);
    free(data->x);
    data->x = x;
    memcpy(data->known, known, sizeof known);
    choices_free(&choices);
    free(check);
    free(left);
    free(checked);
}

static void learn(struct data *data, const struct layout *layouts, struct learned *learned,
                  struct mixture *mixture, struct camf *camf) {
    struct verdict predicting[RS_MAX_DIMENSIONS] = {0}, ranking[RS_MAX_DIMENSIONS] = {0};
    choose(data, layouts, predicting, ranking, mixture);
    for (size_t c = 0; c < data->n_candidates; c++) {
        learned[c].predict = predicting[c];
        learned[c].rank = ranking[c];
    }
    const struct layout *kept[RS_MAX_DIMENSIONS];
    size_t n_kept = choose_kept(data, layouts, predicting, kept);
    if (is_mixed(mixture)) camf_fit(camf, data, kept, n_kept, NULL, (uint64_t)seed);
    if (data->residual != NULL) fit_predicting(data, learned);
    fit_ranking(data, learned);
}

static void tell_one(const struct candidate *candidate, const char *of,
                     const struct verdict *verdict) {
    if (!verdict->tested) return;
    rs_note("%s, %zu values, of %s: %s; gain %.5f +- %.5f, p %.2g, adjusted %.2g",
            candidate->form.name, candidate->form.values.n, of, verdict->kept ? "kept" : "not kept",
            verdict->gain, verdict->error, verdict->p, verdict->adjusted);
}

static void tell(const struct data *data, const struct learned *learned,
                 const struct mixture *mixture) {
    size_t n_kept = 0;
    for (size_t c = 0; c < data->n_candidates; c++) {
        n_kept += learned[c].predict.kept || learned[c].rank.kept;
        tell_one(&data->candidates[c], "ratings", &learned[c].predict);
        tell_one(&data->candidates[c], "ranks", &learned[c].rank);
    }
    if (mixture->p < 1)
        rs_note("a factorisation that knows them counts %.2f, its effects %.2f more; gain %.5f +- "
                "%.5f, p %.2g",
                mixture->weight, mixture->effect, mixture->gain, mixture->error, mixture->p);
    if (mixture->rank_p < 1)
        rs_note("of ranks what it says counts %.2f; gain %.5f +- %.5f, p %.2g", mixture->rank,
                mixture->rank_gain, mixture->rank_error, mixture->rank_p);
    rs_note("%zu of %zu dimensions kept", n_kept, data->n_candidates);
}

int main(int argc, char **argv) {
    char **operands;
    size_t n_operands = rs_options_parse(&tool, argc, argv, &operands);
    struct rs_error err;
    struct rs_matrix matrix;
    if (!rs_matrix_open(&matrix, n_operands > 0 ? operands[0] : "-", &err)) rs_die_error(&err);
    struct data data;
    const struct data_request request = {.ratings = ratings_path,
                                         .zone = zone,
                                         .zone_of = zone_of,
                                         .places = places.items,
                                         .n_places = places.n,
                                         .names = dimensions.items,
                                         .n_names = dimensions.n,
                                         .seed = (uint64_t)seed};
    data_gather(&data, &matrix, &request);
    struct rs_output output = rs_output_open(rs_output_path, true);
    struct layout *layouts = rs_calloc(RS_MAX_DIMENSIONS, sizeof *layouts);
    struct learned *learned = rs_calloc(RS_MAX_DIMENSIONS, sizeof *learned);
    struct mixture mixture = {.p = 1, .rank_p = 1};
    struct camf camf = {0};
    for (size_t c = 0; c < data.n_candidates; c++) {
        layout_make(&layouts[c], &data, &data.candidates[c]);
        learned[c].layout = &layouts[c];
    }
    if (data.n_candidates > 0) {
        residuals_make(&data, (uint64_t)seed);
        learn(&data, layouts, learned, &mixture, &camf);
    } else {
        traits_make(&data, NULL, (uint64_t)seed);
        rs_warn("%s: has no dimension of context: no times and no categories of users",
                matrix.file->name);
    }
    context_write(&data, learned, &mixture, is_mixed(&mixture) ? &camf : NULL, output.file,
                  rs_tool_header(&tool));
    rs_output_commit(&output);
    tell(&data, learned, &mixture);
    camf_free(&camf);
    for (size_t c = 0; c < data.n_candidates; c++) {
        effects_free(&learned[c].effects);
        affinity_free(&learned[c].affinity);
        layout_free(&layouts[c]);
    }
    free(layouts);
    free(learned);
    data_free(&data);
    rs_matrix_close(&matrix);
    return rs_finish();
}
