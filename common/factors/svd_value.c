/* What is decomposed, apart from the decomposing: who answers by singular vectors needs the one, and
 * not what the other takes to be linked. */
#include "factors/svd.h"

const char *const rs_svd_values_names[] = {"preference", "residual", NULL};

double rs_svd_value(const struct rs_svd *svd, uint32_t item, double user_bias, float rating) {
    const struct rs_matrix *matrix = svd->matrix;
    if (svd->options.values == RS_SVD_PREFERENCE)
        return (double)rs_preference_of(&svd->preference, rating);
    return (double)rating - matrix->mean - user_bias - matrix->items.bias[item];
}
