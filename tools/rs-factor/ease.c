/* EASE as a method of rs-factor. */
#include "factors/ease.h"

#include "base/message.h"
#include "method.h"

static double power = 0.25;
static double dropout = 0;
static int form = RS_EASE_AUTO;
static int64_t keep = 0;
static int64_t max_items = 0;

static const struct rs_option options[] = {
    {"power", 0, RS_REAL, "A", &power, 0, 1, NULL, true,
     "weight each user by n^-A, n the user's ratings"},
    {"dropout", 0, RS_REAL, "P", &dropout, 0, 0.99, NULL, true,
     "regularise as if a share P of the ratings had been dropped at random"},
    {"form", 0, RS_CHOICE, "FORM", &form, 0, 0, rs_ease_form_names, true,
     "solve by items x items, or by users x users and items; the scores are the same, auto takes "
     "the "
     "smaller"},
    {"keep", 0, RS_INTEGER, "K", &keep, 1, 1e9, NULL, true,
     "keep the K heaviest weights of each item; without it all"},
    {"max-items", 0, RS_INTEGER, "N", &max_items, 1, UINT32_MAX, NULL, true,
     "model only the N most popular items; the rest come after them in a ranking"},
    {0},
};

static void fit(const struct rs_matrix *matrix, const struct shared_options *shared, FILE *file,
                json_t *header) {
    const struct rs_ease_options how = {
        .preference = (enum rs_preference_kind)shared->preference,
        .form = (enum rs_ease_form)form,
        .lambda = shared_real(shared->lambda, matrix->implicit ? 100 : 250),
        .power = power,
        .dropout = dropout,
        .keep = (size_t)keep,
        .max_items = (size_t)max_items,
        .memory = (uint64_t)shared->memory,
    };
    struct rs_error err;
    struct rs_ease ease;
    if (!rs_ease_fit(&ease, matrix, &how, &err)) rs_die_error(&err);
    rs_note("EASE of %zu items by %s", ease.n_items, rs_ease_form_names[ease.options.form]);
    rs_ease_write(&ease, file, header);
    rs_ease_free(&ease);
}

const struct method method_ease = {
    .name = "ease",
    .about = "ease (ranks): every item regressed on all others, B = argmin |D(X - XB)|^2 + lambda "
             "|B|^2 with a zero diagonal, in closed form; a user's row times B ranks (Steck, WWW "
             "2019; --dropout: Steck, NeurIPS 2020).",
    .options = options,
    .fit = fit,
};
