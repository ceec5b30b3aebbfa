#include "factors/gibbs_kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/memory.h"

/* Sums of floating-point products in the order in which they are written here; whether product and
 * sum round once or twice depends on the processor. */
#ifdef __clang__
#pragma clang fp contract(fast)
#else
#pragma GCC optimize("fp-contract=fast")
#endif

#define PASTE(a, b)  a##b
#define PASTE2(a, b) PASTE(a, b)
#define KERNEL(name) PASTE2(name, SUFFIX)

/* A vector wider than the processor's would be taken apart in memory, at a third of the speed. */
#define SUFFIX _portable
#define TARGET
#define LANES     4
#define REGISTERS 12
#include "factors/gibbs_vectors.h"
#undef SUFFIX
#undef TARGET
#undef LANES
#undef REGISTERS

#ifdef __x86_64__
#define SUFFIX    _avx2
#define TARGET    __attribute__((target("avx2,fma")))
#define LANES     8
#define REGISTERS 12
#include "factors/gibbs_vectors.h"
#undef SUFFIX
#undef TARGET
#undef LANES
#undef REGISTERS

#ifdef __clang__ /* which takes the width from the types of the vectors */
#define TARGET __attribute__((target("avx512f,fma")))
#else
#define TARGET __attribute__((target("avx512f,fma,prefer-vector-width=512")))
#endif
#define SUFFIX    _avx512
#define LANES     16
#define REGISTERS 16
#include "factors/gibbs_vectors.h"
#undef SUFFIX
#undef TARGET
#undef LANES
#undef REGISTERS
#endif

/* The kernels of one set of instructions. */
struct kernels {
    void (*fill_record)(const struct rs_gibbs_turn *turn, size_t u,
                        const struct rs_gibbs_scratch *scratch);
    void (*draw_feature)(const struct rs_gibbs_turn *turn, const struct rs_gibbs_feature *feature,
                         const struct rs_gibbs_scratch *scratch);
    void (*draw_own)(const struct rs_gibbs_turn *turn, size_t u, float *value, const float *mean,
                     const float *precision, const float *normal,
                     const struct rs_gibbs_scratch *scratch);
    void (*update_residuals)(const struct rs_gibbs_turn *turn, size_t u, const float *set_change,
                             float scale);
    void (*solve)(size_t width, float *a, float *b, const float *normal, float *draw);
};

#define KERNELS(suffix)                                                                            \
    {                                                                                              \
        run_fill_record##suffix, run_draw_feature##suffix, run_draw_own##suffix,                   \
            run_update_residuals##suffix, run_solve##suffix                                        \
    }

/* Those that this processor has. */
static const struct kernels *kernels(void) {
    static const struct kernels all[] = {
        [RS_CPU_PORTABLE] = KERNELS(_portable),
#ifdef __x86_64__
        [RS_CPU_AVX2] = KERNELS(_avx2),
        [RS_CPU_AVX512] = KERNELS(_avx512),
#endif
    };
    return &all[rs_cpu_vectors()];
}

void rs_gibbs_fill_record(const struct rs_gibbs_turn *turn, size_t u,
                          const struct rs_gibbs_scratch *scratch) {
    kernels()->fill_record(turn, u, scratch);
}

void rs_gibbs_draw_feature(const struct rs_gibbs_turn *turn, const struct rs_gibbs_feature *feature,
                           const struct rs_gibbs_scratch *scratch) {
    kernels()->draw_feature(turn, feature, scratch);
}

void rs_gibbs_draw_own(const struct rs_gibbs_turn *turn, size_t u, float *value, const float *mean,
                       const float *precision, const float *normal,
                       const struct rs_gibbs_scratch *scratch) {
    kernels()->draw_own(turn, u, value, mean, precision, normal, scratch);
}

void rs_gibbs_update_residuals(const struct rs_gibbs_turn *turn, size_t u, const float *set_change,
                               float scale) {
    kernels()->update_residuals(turn, u, set_change, scale);
}

void rs_gibbs_solve(size_t width, float *a, float *b, const float *normal, float *draw) {
    kernels()->solve(width, a, b, normal, draw);
}

struct rs_gibbs_scratch rs_gibbs_scratch_new(size_t width, size_t n) {
    return (struct rs_gibbs_scratch){rs_aligned(n * width, sizeof(float)),
                                     rs_aligned(3 * n, sizeof(float)),
                                     rs_aligned(width * width, sizeof(float))};
}

void rs_gibbs_scratch_free(struct rs_gibbs_scratch *scratch) {
    free(scratch->x);
    free(scratch->weight);
    free(scratch->square);
}
