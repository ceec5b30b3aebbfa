#include "factors/svd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/topk.h"
#include "factors/factors.h"
#include "linear/dense.h"
#include "linear/lanczos.h"

/* X by rows and by columns, whichever side has fewer lines being the one Lanczos works on. */
struct product {
    const struct rs_sparse *few, *many; /* lines: of the smaller side, of the larger */
    double *few_value, *many_value;
    double *middle; /* as long as the larger side */
};

static void multiply(const struct rs_sparse *form, const double *value, const double *x,
                     double *y) {
#pragma omp parallel for schedule(dynamic, 256)
    for (size_t line = 0; line < form->n_lines; line++) {
        double sum = 0;
        for (uint64_t e = form->start[line]; e < form->start[line + 1]; e++)
            sum += value[e] * x[form->other[e]];
        y[line] = sum;
    }
}

static void apply(void *context, const double *x, double *y) {
    struct product *p = context;
    multiply(p->many, p->many_value, x, p->middle);
    multiply(p->few, p->few_value, p->middle, y);
}

/* The entries of X in the order of one form. */
static double *make_values(const struct rs_svd *svd, bool users) {
    const struct rs_matrix *matrix = svd->matrix;
    const struct rs_sparse *form = rs_matrix_form(matrix, users);
    double *value = rs_malloc(matrix->n_ratings, sizeof *value);
    for (size_t line = 0; line < form->n_lines; line++)
        for (uint64_t e = form->start[line]; e < form->start[line + 1]; e++) {
            uint32_t other = form->other[e];
            uint32_t user = users ? (uint32_t)line : other, item = users ? other : (uint32_t)line;
            value[e] = rs_svd_value(svd, item, matrix->users.bias[user], form->rating[e]);
        }
    return value;
}

/* From the vectors of the smaller side to V (item_vector) and X V (user_vector). */
static void make_vectors(struct rs_svd *svd, const struct product *product, bool few_users,
                         const double *vector) {
    size_t n_users = svd->matrix->users.ids.n, n_items = svd->matrix->items.ids.n;
    size_t n_few = few_users ? n_users : n_items;
    svd->user_vector = rs_aligned(n_users * svd->stride, sizeof *svd->user_vector);
    svd->item_vector = rs_aligned(n_items * svd->stride, sizeof *svd->item_vector);
    memset(svd->user_vector, 0, n_users * svd->stride * sizeof *svd->user_vector);
    memset(svd->item_vector, 0, n_items * svd->stride * sizeof *svd->item_vector);
    double *image = rs_malloc(n_users > n_items ? n_users : n_items, sizeof *image);
    for (size_t f = 0; f < svd->factors; f++) {
        const double *own = vector + f * n_few;
        multiply(product->many, product->many_value, own, image);
        const double *user = few_users ? own : image, *item = few_users ? image : own;
        double s = svd->singular[f], user_scale = few_users ? s : 1,
               item_scale = few_users ? 1 / s : 1;
        size_t greatest = 0;
        for (size_t i = 1; i < n_items; i++)
            if (fabs(item[i]) > fabs(item[greatest])) greatest = i;
        double sign = item[greatest] < 0 ? -1 : 1;
        for (size_t u = 0; u < n_users; u++)
            svd->user_vector[u * svd->stride + f] = (float)(sign * user_scale * user[u]);
        for (size_t i = 0; i < n_items; i++)
            svd->item_vector[i * svd->stride + f] = (float)(sign * item_scale * item[i]);
    }
    free(image);
}

static void decompose(struct rs_svd *svd) {
    const struct rs_matrix *matrix = svd->matrix;
    bool few_users = matrix->users.ids.n < matrix->items.ids.n;
    size_t n = few_users ? matrix->users.ids.n : matrix->items.ids.n, k = svd->options.factors;
    if (k > n) k = n;
    struct product product = {.few = rs_matrix_form(matrix, few_users),
                              .many = rs_matrix_form(matrix, !few_users),
                              .few_value = make_values(svd, few_users),
                              .many_value = make_values(svd, !few_users)};
    product.middle = rs_malloc(product.many->n_lines, sizeof *product.middle);
    for (uint64_t e = 0; e < matrix->n_ratings; e++)
        svd->total += product.few_value[e] * product.few_value[e];
    double *vector = rs_malloc(k * n, sizeof *vector);
    svd->singular = rs_calloc(k, sizeof *svd->singular);
    if (svd->total > 0) {
        const struct rs_lanczos_operator gram = {&product, apply};
        svd->factors = rs_lanczos(&gram, n, k, svd->options.seed, svd->singular, vector);
        for (size_t f = 0; f < svd->factors; f++) svd->singular[f] = sqrt(svd->singular[f]);
        svd->stride = rs_dense_padded(svd->factors);
        make_vectors(svd, &product, few_users, vector);
    }
    free(vector);
    free(product.few_value);
    free(product.many_value);
    free(product.middle);
}

bool rs_svd_fit(struct rs_svd *svd, const struct rs_matrix *matrix,
                const struct rs_svd_options *options, struct rs_error *err) {
    *svd = (struct rs_svd){.matrix = matrix,
                           .options = *options,
                           .preference = rs_preference_make(matrix, options->preference)};
    if (matrix->implicit && options->values == RS_SVD_RESIDUAL)
        return rs_fail(err, EX_DATAERR,
                       "the matrix holds counts, which have no residuals: take preferences");
    decompose(svd);
    if (svd->factors > 0) return true;
    rs_svd_free(svd);
    return rs_fail(err, EX_DATAERR, "every rating is what the baseline says: there are no factors");
}

void rs_svd_free(struct rs_svd *svd) {
    free(svd->singular);
    free(svd->user_vector);
    free(svd->item_vector);
    *svd = (struct rs_svd){0};
}

/* The file */

/* The items of greatest entries of factor F times SIGN. */
static void find_strongest(const struct rs_svd *svd, size_t f, float sign, uint64_t *keys,
                           uint32_t *item) {
    size_t n = svd->matrix->items.ids.n, shown = n < RS_SVD_SHOWN ? n : RS_SVD_SHOWN;
    for (uint32_t i = 0; i < n; i++)
        keys[i] = rs_topk_key(sign * svd->item_vector[i * svd->stride + f], i);
    rs_topk_partition(keys, n, shown);
    rs_topk_sort(keys, shown);
    for (size_t s = 0; s < RS_SVD_SHOWN; s++)
        item[s] = s < shown ? rs_topk_index(keys[s]) : RS_NONE;
}

void rs_svd_write(const struct rs_svd *svd, FILE *file, json_t *header) {
    size_t n_users = svd->matrix->users.ids.n, n_items = svd->matrix->items.ids.n;
    uint32_t *strongest = rs_malloc(svd->factors * 2 * RS_SVD_SHOWN, sizeof *strongest);
    uint64_t *keys = rs_malloc(n_items, sizeof *keys);
    for (size_t f = 0; f < svd->factors; f++) {
        find_strongest(svd, f, 1, keys, strongest + 2 * f * RS_SVD_SHOWN);
        find_strongest(svd, f, -1, keys, strongest + (2 * f + 1) * RS_SVD_SHOWN);
    }
    rs_factors_describe(header, "svd", svd->matrix);
    json_object_set_new(header, "factors", json_integer((json_int_t)svd->factors));
    json_object_set_new(header, "values", json_string(rs_svd_values_names[svd->options.values]));
    json_object_set_new(header, "total", json_real(svd->total));
    json_object_set_new(header, "preference", rs_preference_json(&svd->preference));
    struct rs_writer writer;
    rs_writer_init(&writer, file);
    rs_writer_begin(&writer, "factors", header);
    rs_writer_array(&writer, "user_vector",
                    (struct rs_array){RS_F32, n_users, svd->stride, svd->user_vector});
    rs_writer_array(&writer, "item_vector",
                    (struct rs_array){RS_F32, n_items, svd->stride, svd->item_vector});
    rs_writer_f64(&writer, "singular", svd->singular, svd->factors);
    rs_writer_array(&writer, "strongest",
                    (struct rs_array){RS_U32, svd->factors, 2 * RS_SVD_SHOWN, strongest});
    rs_writer_end(&writer, NULL);
    free(strongest);
    free(keys);
}
