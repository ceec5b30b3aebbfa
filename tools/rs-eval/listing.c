#include "listing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "measures/exposure.h"

static bool popularity_known(const struct shelf *shelf, const struct answers *answers) {
    for (size_t i = 0; i < answers->lists.n; i++)
        if (shelf->fold->item_count.v[answers->lists.item.v[i]] == RS_NONE) return false;
    return true;
}

bool listing_possible(const struct shelf *shelf, const struct answers *answers,
                      const struct request *request) {
    if (answers->file[TASK_TOP] == NULL) return false;
    const struct facts *facts = &shelf->fold->facts;
    switch (request->measure) {
    case CATALOGUE_COVERAGE:
    case GINI:
        return answers_catalogue(answers) > 0;
    case EFD:
        return facts->train_ratings > 0 && popularity_known(shelf, answers);
    case NOVELTY:
    case EPC:
        return facts->train_users > 0 && popularity_known(shelf, answers);
    case POPULARITY:
    case POPULARITY_LIFT:
        return popularity_known(shelf, answers);
    case TAIL:
        return shelf->tail != NULL;
    case DIVERSITY:
    case CALIBRATION:
        return shelf->categories->column != NULL;
    case DISSIMILARITY:
        return shelf->similarity->graph != NULL;
    case STABILITY:
        return shelf->reference != NULL;
    default:
        return true;
    }
}

/* One list and what is needed to look at it; one a thread. */
struct look {
    const struct shelf *shelf;
    uint32_t user;
    const uint32_t *item;
    size_t n;
    struct profile profile;
    double *wanted, *listed; /* shares of categories, of the profile and of the list */
    bool profile_has_categories;
    uint32_t *place; /* in the list by item, from 1; 0: not in it */
};

static double popularity_of(const struct look *look, uint32_t item) {
    uint32_t count = look->shelf->fold->item_count.v[item];
    return count == RS_NONE ? 0 : count;
}

static double mean_popularity(const struct look *look, const uint32_t *items, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += popularity_of(look, items[i]);
    return sum / (double)n;
}

/* Shares of the categories in items, an item's weight spread evenly over its own. False if they
 * have none. */
static bool count_categories(const struct categories *categories, const uint32_t *items, size_t n,
                             double *shares) {
    double total = 0;
    memset(shares, 0, categories->n * sizeof *shares);
    for (size_t i = 0; i < n; i++) {
        const uint64_t *bits = categories->bits + items[i] * categories->words;
        int members = 0;
        for (size_t w = 0; w < categories->words; w++) members += __builtin_popcountll(bits[w]);
        if (members == 0) continue;
        total++;
        for (size_t w = 0; w < categories->words; w++)
            for (uint64_t rest = bits[w]; rest != 0; rest &= rest - 1)
                shares[64 * w + (size_t)__builtin_ctzll(rest)] += 1.0 / members;
    }
    for (size_t c = 0; c < categories->n; c++) shares[c] /= total > 0 ? total : 1;
    return total > 0;
}

/* Mean of 1 - Jaccard over the pairs of items that both have categories; negative without any. */
static double diversity(const struct look *look, size_t n) {
    const struct categories *categories = look->shelf->categories;
    double sum = 0, pairs = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            const uint64_t *a = categories->bits + look->item[i] * categories->words;
            const uint64_t *b = categories->bits + look->item[j] * categories->words;
            double likeness = rs_set_jaccard(a, b, categories->words);
            if (likeness < 0) continue;
            sum += 1 - likeness;
            pairs++;
        }
    return pairs > 0 ? sum / pairs : -1;
}

/* Mean of 1 - similarity over the pairs. A graph that keeps the nearest only may have a pair in one
 * of its two lines, or in none: then the items are not similar. */
static double dissimilarity(struct look *look, size_t n) {
    if (n < 2) return -1;
    const struct similarity *similarity = look->shelf->similarity;
    const struct rs_graph *graph = similarity->graph;
    double *found = rs_calloc(n * n, sizeof *found), sum = 0;
    for (size_t i = 0; i < n; i++) look->place[look->item[i]] = (uint32_t)i + 1;
    for (size_t i = 0; i < n; i++) {
        uint32_t line = similarity->line[look->item[i]];
        if (line == RS_NONE) continue;
        for (uint64_t e = graph->start[line]; e < graph->start[line + 1]; e++) {
            uint32_t other = similarity->position[graph->other[e]];
            uint32_t place = other == RS_NONE ? 0 : look->place[other];
            if (place > 0) found[i * n + place - 1] = (double)graph->similarity[e];
        }
    }
    for (size_t i = 0; i < n; i++) look->place[look->item[i]] = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            double one = found[i * n + j], two = found[j * n + i];
            sum += 1 - (fabs(one) > fabs(two) ? one : two);
        }
    free(found);
    return sum / ((double)n * (double)(n - 1) / 2);
}

/* The list of the model that others are compared with for the same user; 0 items without one. */
static size_t reference_list(const struct look *look, uint32_t user, const uint32_t **item) {
    const struct lists *lists = look->shelf->reference;
    size_t low = 0, high = lists->n_lists;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (lists->user.v[lists->start[middle]] < user) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == lists->n_lists || lists->user.v[lists->start[low]] != user) return 0;
    *item = lists->item.v + lists->start[low];
    return lists->start[low + 1] - lists->start[low];
}

/* Rank-biased overlap with the list of reference; negative if there is none. */
static double stability(struct look *look, size_t n, uint32_t k) {
    const uint32_t *other;
    size_t n_other = reference_list(look, look->user, &other);
    if (n_other == 0) return -1;
    for (size_t i = 0; i < n; i++) look->place[look->item[i]] = (uint32_t)i + 1;
    double overlap = rs_overlap_biased(look->place, n, other, n_other < k ? n_other : k, 0.9);
    for (size_t i = 0; i < n; i++) look->place[look->item[i]] = 0;
    return overlap;
}

/* Mean information, in bits, of what the first N items are among OF: what is not there at all
 * counts as if it were there once. */
static double surprise(const struct look *look, size_t n, double of) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double count = popularity_of(look, look->item[i]);
        sum -= log2((count > 1 ? count : 1) / of);
    }
    return sum / (double)n;
}

static bool measure_list(struct look *look, const struct request *request, double *value) {
    size_t n = look->n < request->k ? look->n : request->k;
    const struct facts *facts = &look->shelf->fold->facts;
    double users = (double)facts->train_users, sum = 0, own;
    *value = 0;
    switch (request->measure) {
    case NOVELTY:
        *value = surprise(look, n, users);
        return true;
    case EFD:
        *value = surprise(look, n, (double)facts->train_ratings);
        return true;
    case EPC:
        *value = 1 - mean_popularity(look, look->item, n) / users;
        return true;
    case POPULARITY:
        *value = mean_popularity(look, look->item, n);
        return true;
    case POPULARITY_LIFT:
        own = look->profile.n > 0 ? mean_popularity(look, look->profile.item, look->profile.n) : 0;
        if (own > 0) *value = mean_popularity(look, look->item, n) / own - 1;
        return own > 0;
    case TAIL:
        for (size_t i = 0; i < n; i++) sum += look->shelf->tail[look->item[i]];
        *value = sum / (double)n;
        return true;
    case DIVERSITY:
        *value = diversity(look, n);
        return *value >= 0;
    case DISSIMILARITY:
        *value = dissimilarity(look, n);
        return n >= 2;
    case STABILITY:
        *value = stability(look, n, request->k);
        return *value >= 0;
    case CALIBRATION:
        if (!look->profile_has_categories ||
            !count_categories(look->shelf->categories, look->item, n, look->listed))
            return false;
        *value = rs_divergence(look->wanted, look->listed, look->shelf->categories->n, 0.01);
        return true;
    default: /* FILLED */
        *value = (double)n / request->k;
        return true;
    }
}

static void open_look(struct look *look, const struct shelf *shelf, size_t n_items) {
    size_t n = shelf->categories->n;
    *look = (struct look){.shelf = shelf,
                          .wanted = rs_calloc(n, sizeof(double)),
                          .listed = rs_calloc(n, sizeof(double)),
                          .place = rs_calloc(n_items, sizeof(uint32_t))};
}

static void close_look(struct look *look) {
    profile_free(&look->profile);
    free(look->wanted);
    free(look->listed);
    free(look->place);
}

void listing_add(struct tally *tally, const struct evidence *evidence, const struct shelf *shelf,
                 const struct answers *answers, const struct requests *requests) {
    const struct lists *lists = &answers->lists;
    bool *possible = rs_calloc(requests->n, sizeof *possible);
    for (size_t r = 0; r < requests->n; r++)
        possible[r] = measures[requests->all[r].measure].basis == BASIS_LISTS &&
                      listing_possible(shelf, answers, &requests->all[r]);
#pragma omp parallel
    {
        struct look look;
        open_look(&look, shelf, evidence->n_items);
#pragma omp for schedule(dynamic, 64)
        for (size_t l = 0; l < lists->n_lists;
             l++) { /* lists are of different users: no two meet */
            uint32_t user = look.user = lists->user.v[lists->start[l]];
            look.item = lists->item.v + lists->start[l];
            look.n = lists->start[l + 1] - lists->start[l];
            profile_read(&look.profile, shelf->training, shelf->fold, user);
            look.profile_has_categories =
                count_categories(shelf->categories, look.profile.item, look.profile.n, look.wanted);
            for (size_t r = 0; r < requests->n; r++) {
                double value;
                if (!possible[r] || !measure_list(&look, &requests->all[r], &value)) continue;
                size_t at = r * tally->n_users + user;
                tally->num[at] += value;
                tally->den[at] += 1;
                tally->count[at]++;
            }
        }
        close_look(&look);
    }
    free(possible);
}

struct figure listing_exposure(const struct evidence *evidence, const struct answers *answers,
                               const struct request *request) {
    const struct lists *lists = &answers->lists;
    struct figure figure = {0, lists->n_lists};
    size_t n = evidence->n_items, n_shown = 0;
    uint32_t *counts = rs_calloc(n, sizeof *counts);
    for (size_t i = 0; i < lists->n; i++)
        if (lists->rank.v[i] <= request->k) n_shown += counts[lists->item.v[i]]++ == 0;
    uint64_t catalogue = answers_catalogue(answers) > 0 ? (uint64_t)answers_catalogue(answers) : n;
    if (request->measure == CATALOGUE_COVERAGE) {
        figure.value = (double)n_shown / (double)catalogue;
    } else if (request->measure == GINI) {
        figure.value = rs_exposure_gini(counts, n, catalogue);
    } else if (request->measure == ENTROPY) {
        figure.value = rs_exposure_entropy(counts, n);
    } else {
        figure.value = 1 - rs_exposure_overlap(counts, n, lists->n_lists) / request->k;
    }
    free(counts);
    if (request->measure == PERSONALISATION && lists->n_lists < 2) figure.n = 0;
    return figure;
}
