/* Truncated SVD as a method of rs-factor. */
#include "factors/svd.h"

#include "base/message.h"
#include "method.h"

static int values = RS_SVD_PREFERENCE;

static const struct rs_option options[] = {
    {"values", 0, RS_CHOICE, "WHAT", &values, 0, 0, rs_svd_values_names, true,
     "decompose preferences, to rank; or residuals of the baseline, to see what sets tastes apart "
     "and to predict"},
    {0},
};

static void fit(const struct rs_matrix *matrix, const struct shared_options *shared, FILE *file,
                json_t *header) {
    const struct rs_svd_options how = {
        .values = (enum rs_svd_values)values,
        .preference = (enum rs_preference_kind)shared->preference,
        .factors = (size_t)shared_count(shared->factors, 16),
        .seed = (uint64_t)shared->seed,
    };
    struct rs_error err;
    struct rs_svd svd;
    if (!rs_svd_fit(&svd, matrix, &how, &err)) rs_die_error(&err);
    double kept = 0;
    for (size_t f = 0; f < svd.factors; f++) kept += svd.singular[f] * svd.singular[f];
    rs_note("%zu factors explain %.1f %% of the sum of squares", svd.factors,
            100 * kept / svd.total);
    rs_svd_write(&svd, file, header);
    rs_svd_free(&svd);
}

const struct method method_svd = {
    .name = "svd",
    .about = "svd (ranks, or predicts with --values residual): the truncated singular value "
             "decomposition, by Lanczos's method; a user's row x is ranked by x V V' (PureSVD: "
             "Cremonesi, Koren and Turrin, RecSys 2010). --describe tells what each factor means.",
    .options = options,
    .fit = fit,
};
