#include "neighbours/wanted.h"

#include "base/cpu.h"

RS_CLONES bool rs_wanted_similarities(const float *similarity, float threshold_x,
                                      const float *threshold, uint8_t *passed) {
    uint32_t any = 0;
    for (size_t i = 0; i < RS_PAIRS; i++)
        any |= (uint32_t)rs_wanted(similarity[i], threshold_x, threshold[i]);
    for (size_t i = 0; i < RS_PAIRS && any != 0; i++)
        passed[i] = rs_wanted(similarity[i], threshold_x, threshold[i]);
    return any != 0;
}

RS_CLONES bool rs_wanted_cosines(const int32_t *sums, const float *inverse_root, float root,
                                 float threshold_x, const float *threshold, uint8_t *passed) {
    float above = root * 0.99999f, above_x = threshold_x * above;
    uint32_t any = 0;
    for (size_t i = 0; i < RS_PAIRS; i++)
        any |= (uint32_t)rs_wanted((float)sums[i] * inverse_root[i], above_x, threshold[i] * above);
    for (size_t i = 0; i < RS_PAIRS && any != 0; i++)
        passed[i] = rs_wanted((float)sums[i] * inverse_root[i], above_x, threshold[i] * above);
    return any != 0;
}

/* n / of >= threshold, without the division */
static inline bool may_overlap(double n, double n_both, float threshold_x, float threshold) {
    float least = threshold < threshold_x ? threshold : threshold_x;
    return n > 0 && n >= 0.99999 * (double)least * (n_both - n);
}

RS_CLONES bool rs_wanted_overlaps(const int32_t *sums, const double *n, double n_x,
                                  float threshold_x, const float *threshold, uint8_t *passed) {
    uint32_t any = 0;
    for (size_t i = 0; i < RS_PAIRS; i++)
        any |= (uint32_t)may_overlap((double)sums[i], n_x + n[i], threshold_x, threshold[i]);
    for (size_t i = 0; i < RS_PAIRS && any != 0; i++)
        passed[i] = may_overlap((double)sums[i], n_x + n[i], threshold_x, threshold[i]);
    return any != 0;
}

RS_CLONES bool rs_wanted_weights(const int32_t *n, float shrink, float threshold_x,
                                 const float *threshold) {
    uint32_t any = 0;
    for (size_t i = 0; i < RS_PAIRS; i++) {
        float counted = (float)n[i];
        float least = threshold[i] < threshold_x ? threshold[i] : threshold_x;
        any |= (uint32_t)(n[i] > 0) & (uint32_t)(counted >= 0.99999f * least * (counted + shrink));
    }
    return any != 0;
}
