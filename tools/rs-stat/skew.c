#include "skew.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

enum { TAIL_LEAST = 50, TAIL_BOUNDS = 60 };

double skew_gini(const uint64_t *ascending, size_t n) {
    double weighted = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        weighted += (2 * ((double)i + 1) - (double)n - 1) * (double)ascending[i];
        sum += (double)ascending[i];
    }
    return sum > 0 ? weighted / ((double)n * sum) : NAN;
}

/* The law that fits what begins at position BEGIN. LOGS[i] is the sum of the logarithms from i on.
 */
static struct tail fit(const uint64_t *ascending, size_t n, size_t begin, const double *logs) {
    size_t in_tail = n - begin;
    double lower = (double)ascending[begin] - 0.5;
    double excess = logs[begin] - (double)in_tail * log(lower);
    struct tail tail = {.from = ascending[begin], .n = in_tail, .distance = 1};
    if (excess <= 0) return (struct tail){.exponent = NAN, .distance = 1};
    tail.exponent = 1 + (double)in_tail / excess;
    double distance = 0;
    for (size_t i = begin; i < n; i++) {
        if (i > begin && ascending[i] == ascending[i - 1]) continue;
        double law = pow(((double)ascending[i] - 0.5) / lower, 1 - tail.exponent);
        distance = fmax(distance, fabs((double)(n - i) / (double)in_tail - law));
    }
    tail.distance = distance;
    return tail;
}

struct tail skew_tail(const uint64_t *ascending, size_t n) {
    struct tail best = {.exponent = NAN, .distance = 2};
    double *logs = rs_malloc(n + 1, sizeof *logs);
    logs[n] = 0;
    for (size_t i = n; i-- > 0;) logs[i] = logs[i + 1] + log((double)ascending[i]);
    /* Bounds in geometric steps of how many they leave. */
    size_t last = n + 1;
    for (int b = 0; b < TAIL_BOUNDS && n >= TAIL_LEAST; b++) {
        double share = pow((double)TAIL_LEAST / (double)n, (double)b / (TAIL_BOUNDS - 1));
        size_t begin = n - (size_t)nearbyint((double)n * share);
        while (begin > 0 && ascending[begin - 1] == ascending[begin]) begin--;
        if (begin == last || ascending[begin] == ascending[n - 1]) continue;
        last = begin;
        struct tail tail = fit(ascending, n, begin, logs);
        if (!isnan(tail.exponent) && tail.distance < best.distance) best = tail;
    }
    free(logs);
    return best;
}
