#include "measures/ranks.h"

#include <math.h>
#include <stdlib.h>

static int compare_ties(const void *a, const void *b) {
    const struct rs_tie *first = a, *second = b;
    if (first->above != second->above) return first->above < second->above ? -1 : 1;
    /* Gains are added in an order that does not depend on the input's. */
    return first->gain < second->gain ? -1 : first->gain > second->gain;
}

static void sort_ties(struct rs_tie *ties, size_t n) {
    enum { FEW = 24 };
    if (n > FEW) {
        qsort(ties, n, sizeof *ties, compare_ties);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        struct rs_tie tie = ties[i];
        size_t at = i;
        for (; at > 0 && compare_ties(&ties[at - 1], &tie) > 0; at--) ties[at] = ties[at - 1];
        ties[at] = tie;
    }
}

bool rs_ties_merge(struct rs_tie *ties, size_t n, size_t *n_merged) {
    sort_ties(ties, n);
    size_t last = 0, members = 1;
    for (size_t i = 1; i < n; i++) {
        if (ties[i].above != ties[last].above) {
            if ((uint64_t)ties[last].above + ties[last].tied > ties[i].above) return false;
            ties[++last] = ties[i];
            members = 1;
            continue;
        }
        if (ties[i].tied != ties[last].tied || ++members > ties[last].tied) return false;
        ties[last].relevant += ties[i].relevant;
        ties[last].gain += ties[i].gain;
    }
    *n_merged = n == 0 ? 0 : last + 1;
    return true;
}

/* How many of the tie's positions are among the first K. */
static uint32_t inside(const struct rs_tie *tie, uint32_t k) {
    if (tie->above >= k) return 0;
    return k - tie->above < tie->tied ? k - tie->above : tie->tied;
}

double rs_ranks_hits(const struct rs_tie *ties, size_t n, uint32_t k) {
    double hits = 0;
    for (size_t i = 0; i < n && ties[i].above < k; i++)
        hits += (double)ties[i].relevant * inside(&ties[i], k) / ties[i].tied;
    return hits;
}

/* No relevant one among the first m of t positions that hold r relevant ones in random order:
 * C(t - r, m) / C(t, m) = product over j < r of (t - m - j) / (t - j). */
static double miss(uint32_t t, uint32_t r, uint32_t m) {
    double probability = 1;
    for (uint32_t j = 0; j < r; j++) {
        if (t - j <= m) return 0;
        probability *= (double)(t - m - j) / (t - j);
    }
    return probability;
}

double rs_ranks_hit(const struct rs_tie *ties, size_t n, uint32_t k) {
    double missed = 1;
    for (size_t i = 0; i < n && ties[i].above < k && missed > 0; i++)
        missed *= miss(ties[i].tied, ties[i].relevant, inside(&ties[i], k));
    return 1 - missed;
}

double rs_ranks_reciprocal(const struct rs_tie *ties, size_t n, uint32_t k) {
    size_t i = 0;
    while (i < n && ties[i].relevant == 0) i++;
    if (i == n) return 0;
    /* The first of r relevant ones stands at j of t with probability
     * C(t - j, r - 1) / C(t, r); from one j to the next by (t - j - r + 1) / (t - j). */
    double t = ties[i].tied, r = ties[i].relevant, probability = r / t, sum = 0;
    uint32_t last = inside(&ties[i], k);
    for (uint32_t j = 1; j <= last && probability > 0; j++) {
        sum += probability / ((double)ties[i].above + j);
        if (j < ties[i].tied) probability *= (t - j - r + 1) / (t - j);
    }
    return sum;
}

double rs_ranks_precisions(const struct rs_tie *ties, size_t n, uint32_t k) {
    double sum = 0, before = 0;
    for (size_t i = 0; i < n && ties[i].above < k; i++) {
        double t = ties[i].tied, r = ties[i].relevant;
        if (r == 0) continue;
        double others = t > 1 ? (r - 1) / (t - 1) : 0; /* relevant, of those that stand before */
        uint32_t last = inside(&ties[i], k);
        double inner = 0;
        for (uint32_t j = 1; j <= last; j++)
            inner += (before + 1 + (j - 1) * others) / ((double)ties[i].above + j);
        sum += r / t * inner;
        before += r;
    }
    return sum;
}

double rs_ranks_discounted(const struct rs_tie *ties, size_t n, uint32_t k, const double *sums) {
    double sum = 0;
    for (size_t i = 0; i < n && ties[i].above < k; i++) {
        uint32_t above = ties[i].above;
        sum += ties[i].gain / ties[i].tied * (sums[above + inside(&ties[i], k)] - sums[above]);
    }
    return sum;
}

double rs_ranks_ideal(const double *descending, size_t n, uint32_t k, const double *sums) {
    double sum = 0;
    for (size_t i = 0; i < n && i < k; i++) sum += descending[i] * (sums[i + 1] - sums[i]);
    return sum;
}

void rs_discounts_log(double *sums, uint32_t k) {
    sums[0] = 0;
    for (uint32_t p = 1; p <= k; p++) sums[p] = sums[p - 1] + 1 / log2((double)p + 1);
}

void rs_discounts_geometric(double *sums, uint32_t k, double patience) {
    double discount = 1 - patience;
    sums[0] = 0;
    for (uint32_t p = 1; p <= k; p++) {
        sums[p] = sums[p - 1] + discount;
        discount *= patience;
    }
}

double rs_ranks_auc(double behind, uint64_t n_found, uint64_t n_relevant, uint64_t candidates) {
    if (n_relevant == 0 || candidates <= n_found) return -1;
    double found = (double)n_found, others = (double)(candidates - n_found);
    /* Of two relevant ones the lower counts the higher (or both count half): so much of BEHIND
     * is not about the others. */
    double losses = behind - found * (found - 1) / 2;
    return (found * others - losses) / ((double)n_relevant * others);
}
