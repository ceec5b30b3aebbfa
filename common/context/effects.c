#include "context/effects.h"

#include <math.h>
#include <string.h>

#include "linear/dense.h"

/* Adds FACTOR times the mean over the user's shares of the rows of VECTORS. */
static void add_shares(const struct rs_dimension *dimension, uint32_t user, size_t width,
                       const float *vectors, double factor, double *sum) {
    if (user == RS_NONE || dimension->user_start == NULL) return;
    for (uint64_t e = dimension->user_start[user]; e < dimension->user_start[user + 1]; e++) {
        const float *vector = vectors + dimension->user_value[e] * width;
        double share = factor * (double)dimension->user_share[e];
        for (size_t k = 0; k < width; k++) sum[k] += share * (double)vector[k];
    }
}

/* What x_i is multiplied with for ratings, apart from dimensions whose value depends on the item.
 */
static void combine_effects(const struct rs_context_model *context,
                            const struct rs_situation *situation, const struct rs_profile *profile,
                            double *sum) {
    double own[RS_MAX_CONTEXT_WIDTH], n = (double)profile->n;
    memset(sum, 0, context->width * sizeof *sum);
    memset(own, 0, context->width * sizeof *own);
    for (size_t d = 0; d < context->n; d++) {
        const struct rs_dimension *dimension = &context->dimensions[d];
        uint8_t v = situation->value[d];
        if (!dimension->predicts || v == RS_NO_VALUE) continue;
        const float *effect = dimension->effect + v * context->width;
        for (size_t k = 0; k < context->width; k++) sum[k] += (double)effect[k];
        add_shares(dimension, profile->user, context->width, dimension->effect, 1, own);
    }
    for (size_t k = 0; k < context->width; k++) {
        double known = n * (double)context->known[k];
        sum[k] -= known / (1 + known) * own[k];
    }
}

/* The product of a vector with an item's, whose elements lie a row of all items apart. */
static double dot(const struct rs_context_model *context, const double *sum, uint32_t item) {
    const float *x = context->item_trait + item;
    double product = 0;
    for (size_t k = 0; k < context->width; k++)
        product += sum[k] * (double)x[k * context->matrix->items.ids.n];
    return product;
}

/* What a dimension whose value depends on the item does to it. */
static double by_age(const struct rs_context_model *context, const struct rs_dimension *dimension,
                     int64_t when, uint32_t item) {
    uint8_t v = rs_age_of(context->item_appeared[item], when);
    if (v == RS_NO_VALUE) return 0;
    const float *effect = dimension->effect + v * context->width;
    double sum[RS_MAX_CONTEXT_WIDTH];
    for (size_t k = 0; k < context->width; k++) sum[k] = (double)effect[k];
    double shift = dot(context, sum, item);
    if (dimension->cell != NULL)
        shift += (double)dimension->cell[v * context->matrix->items.ids.n + item];
    return shift;
}

/* What the factorisation makes of EXPECTED, of a user and an item that it knows. */
static double camf_shift(const struct rs_context_model *context,
                         const struct rs_situation *situation, const struct rs_profile *profile,
                         uint32_t item, double expected) {
    double added[RS_MAX_CONTEXT_WIDTH], own[RS_MAX_CONTEXT_WIDTH], n = (double)profile->n;
    memset(added, 0, context->width * sizeof *added); /* all of it takes longer than the rest */
    memset(own, 0, context->width * sizeof *own);
    for (size_t d = 0; d < context->n; d++) {
        const struct rs_dimension *dimension = &context->dimensions[d];
        uint8_t v = situation->value[d];
        if (rs_situation_by_item(context, d, situation))
            v = rs_age_of(context->item_appeared[item], situation->time);
        if (dimension->camf == NULL || v == RS_NO_VALUE) continue;
        const float *row = dimension->camf + v * context->width;
        for (size_t k = 0; k < context->width; k++) added[k] += (double)row[k];
        add_shares(dimension, profile->user, context->width, dimension->camf, 1, own);
    }
    const float *user = context->camf_user + profile->user * context->width;
    const float *row = context->camf_item + item * context->width;
    double taste = (double)user[0] + (double)row[0], moved = 0, effect = 0;
    for (size_t k = 0; k < context->width; k++) {
        double x = k == 0 ? 1 : (double)row[k], known = n * (double)context->camf_known[k];
        if (k > 0) taste += (double)user[k] * x;
        moved += added[k] * x;
        effect += (added[k] - known / (1 + known) * own[k]) * x;
    }
    double camf = context->camf_mean + context->camf_unit * (taste + moved);
    return context->camf_weight * (camf - expected) +
           context->camf_effect * context->camf_unit * effect;
}

double rs_context_shift(const struct rs_context_model *context,
                        const struct rs_situation *situation, const struct rs_profile *profile,
                        uint32_t item, double expected) {
    double sum[RS_MAX_CONTEXT_WIDTH];
    if (context->camf_user != NULL && profile->user != RS_NONE && item != RS_NONE)
        return camf_shift(context, situation, profile, item, expected);
    combine_effects(context, situation, profile, sum);
    if (item == RS_NONE) return sum[0];
    double shift = dot(context, sum, item);
    for (size_t d = 0; d < context->n; d++) {
        const struct rs_dimension *dimension = &context->dimensions[d];
        if (!dimension->predicts) continue;
        if (situation->value[d] != RS_NO_VALUE && dimension->cell != NULL)
            shift +=
                (double)dimension->cell[situation->value[d] * context->matrix->items.ids.n + item];
        if (rs_situation_by_item(context, d, situation))
            shift += by_age(context, dimension, situation->time, item);
    }
    return shift;
}

static void add_row(float *to, const float *row, size_t n, float factor) {
    for (size_t i = 0; i < n; i++) to[i] += factor * row[i];
}

static void multiply_vectors(const struct rs_context_model *context, const double *sum,
                             float *out) {
    size_t n_items = context->matrix->items.ids.n;
    memset(out, 0, n_items * sizeof *out);
    for (size_t k = 0; k < context->width; k++)
        if (sum[k] != 0) add_row(out, context->item_trait + k * n_items, n_items, (float)sum[k]);
}

/* Adds how much better items are liked in the situation. What its usual values do for the user's
 * taste the lifts have taken off. */
static void add_liking(const struct rs_context_model *context, const struct rs_situation *situation,
                       float *lifts) {
    float taste[RS_MAX_CONTEXT_WIDTH] = {0};
    if (context->camf_item == NULL || context->camf_rank == 0) return;
    for (size_t d = 0; d < context->n; d++) {
        const struct rs_dimension *dimension = &context->dimensions[d];
        uint8_t v = situation->value[d];
        if (!dimension->ranks || dimension->camf == NULL || v == RS_NO_VALUE) continue;
        for (size_t k = 1; k < context->width; k++)
            taste[k] += (float)(context->camf_rank * context->camf_unit) *
                        dimension->camf[v * context->width + k];
    }
    for (size_t i = 0; i < context->matrix->items.ids.n; i++)
        lifts[i] += rs_dense_dot(taste, context->camf_item + i * context->width, context->width);
}

void rs_context_lifts(const struct rs_context_model *context, const struct rs_situation *situation,
                      const struct rs_profile *profile, float *lifts) {
    double sum[RS_MAX_CONTEXT_WIDTH] = {0};
    size_t n_items = context->matrix->items.ids.n;
    for (size_t d = 0; d < context->n; d++) {
        const struct rs_dimension *dimension = &context->dimensions[d];
        uint8_t v = situation->value[d];
        if (!dimension->ranks || v == RS_NO_VALUE) continue;
        const float *affinity = dimension->affinity + v * context->width;
        for (size_t k = 0; k < context->width; k++)
            sum[k] += dimension->weight * (double)affinity[k];
        add_shares(dimension, profile->user, context->width, dimension->affinity,
                   dimension->of_user, sum);
    }
    multiply_vectors(context, sum, lifts);
    for (size_t d = 0; d < context->n; d++) {
        const struct rs_dimension *dimension = &context->dimensions[d];
        uint8_t v = situation->value[d];
        if (dimension->ranks && v != RS_NO_VALUE && dimension->count != NULL)
            add_row(lifts, dimension->count + v * n_items, n_items, (float)dimension->weight);
    }
    add_liking(context, situation, lifts);
}

/* asinh to within 3e-7 of its size or so, in operations that processors do on many numbers at once:
 * the logarithm of |z| + sqrt(z^2 + 1), by exponent and a series of the mantissa's (m - 1) / (m +
 * 1). */
static inline float quick_asinh(float z) {
    float size = fabsf(z), y = size + sqrtf(size * size + 1);
    uint32_t bits, sign;
    memcpy(&bits, &y, sizeof bits);
    uint32_t exponent = (bits - 0x3f3504f3u) >> 23; /* y = 2^exponent m, m from sqrt(1/2); y >= 1 */
    bits -= exponent << 23;
    float m;
    memcpy(&m, &bits, sizeof m);
    float r = (m - 1) / (m + 1), q = r * r;
    float series = 2 * r * (1 + q * (1 / 3.f + q * (1 / 5.f + q * (1 / 7.f + q * (1 / 9.f)))));
    float value = (float)exponent * 0.69314718056f + series;
    memcpy(&sign, &z, sizeof sign);
    return sign >> 31 ? -value : value;
}

/* As rs_standardise, but for its sums in eight parts. */
void rs_context_rank(const struct rs_profile *profile, size_t n_items, const float *lifts,
                     float *scores) {
    enum { PARTS = 8 };
    double sum[PARTS] = {0}, squares[PARTS] = {0}, mean = 0, variance = 0;
    size_t whole = n_items / PARTS * PARTS, n = n_items - profile->n;
    for (size_t i = 0; i < whole; i += PARTS)
        for (size_t p = 0; p < PARTS; p++) sum[p] += (double)scores[i + p];
    for (size_t i = whole; i < n_items; i++) sum[0] += (double)scores[i];
    for (size_t e = 0; e < profile->n; e++) sum[0] -= (double)scores[profile->item[e]];
    for (size_t p = 0; p < PARTS; p++) mean += n > 0 ? sum[p] / (double)n : 0;
    for (size_t i = 0; i < whole; i += PARTS)
        for (size_t p = 0; p < PARTS; p++) {
            double off = (double)scores[i + p] - mean;
            squares[p] += off * off;
        }
    for (size_t i = whole; i < n_items; i++)
        squares[0] += ((double)scores[i] - mean) * ((double)scores[i] - mean);
    for (size_t e = 0; e < profile->n; e++) {
        double off = (double)scores[profile->item[e]] - mean;
        squares[0] -= off * off;
    }
    for (size_t p = 0; p < PARTS; p++) variance += n > 0 ? squares[p] / (double)n : 0;
    double deviation = variance > 0 ? sqrt(variance) : 0;
    bool alike = !(deviation > 1e-9 * (1 + fabs(mean)));
    float scale = alike ? 0 : (float)(1 / deviation), middle = (float)mean;
    for (size_t i = 0; i < n_items; i++)
        scores[i] = quick_asinh((scores[i] - middle) * scale) + lifts[i];
}
