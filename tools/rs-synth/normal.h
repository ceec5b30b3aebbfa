/* Normal deviates by inversion: one word of randomness a draw. */
#ifndef SYNTH_NORMAL_H
#define SYNTH_NORMAL_H

#include "base/random.h"

/* The standard normal deviate that lies below it with probability P in (0, 1). Wichura: Algorithm
 * AS 241, the percentage points of the normal distribution, Applied Statistics 1988, routine PPND7,
 * relative error 1e-7. */
double normal_quantile(double p);

/* Standard normal; the most extreme are +-6.3. */
static inline double normal_draw(struct rs_random *random) {
    return normal_quantile(((double)rs_random_u32(random) + 0.5) * 0x1p-32);
}

#endif
