#include "density.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/pages.h"

/* NUMBER[old] = the new number of those that occur, RS_NONE of others. Returns how many occur. */
static size_t number_those(const uint32_t *values, size_t n, size_t n_old, uint32_t *number) {
    memset(number, 0, n_old * sizeof *number);
    for (size_t i = 0; i < n; i++) number[values[i]] = 1;
    uint32_t next = 0;
    for (size_t i = 0; i < n_old; i++) number[i] = number[i] ? next++ : RS_NONE;
    return next;
}

/* START from counts: start[i] holds where line i begins, after it was filled in up to there. */
static uint64_t *starts_of(const uint32_t *lines, size_t n, size_t n_lines,
                           const uint32_t *number) {
    uint64_t *start = rs_calloc(n_lines + 2, sizeof *start);
    for (size_t i = 0; i < n; i++) start[(number ? number[lines[i]] : lines[i]) + 2]++;
    for (size_t l = 2; l < n_lines + 2; l++) start[l] += start[l - 1];
    return start;
}

/* Takes repeated others out of every line. */
static void drop_repeated(struct incidence *incidence) {
    uint32_t *seen = rs_malloc(incidence->n_others, sizeof *seen);
    memset(seen, 0xff, incidence->n_others * sizeof *seen);
    uint64_t kept = 0, begin = 0;
    for (size_t l = 0; l < incidence->n_lines; l++) {
        uint64_t end = incidence->line_start[l + 1];
        for (uint64_t e = begin; e < end; e++) {
            uint32_t other = incidence->other[e];
            if (seen[other] == (uint32_t)l) continue;
            seen[other] = (uint32_t)l;
            incidence->other[kept++] = other;
        }
        begin = end;
        incidence->line_start[l + 1] = kept;
    }
    incidence->n_repeated = incidence->n_pairs - kept;
    incidence->n_pairs = kept;
    free(seen);
}

static void transpose(struct incidence *incidence) {
    incidence->other_start =
        starts_of(incidence->other, incidence->n_pairs, incidence->n_others, NULL);
    incidence->line = rs_pages_new(incidence->capacity * sizeof *incidence->line);
    for (size_t l = 0; l < incidence->n_lines; l++)
        for (uint64_t e = incidence->line_start[l]; e < incidence->line_start[l + 1]; e++)
            incidence->line[incidence->other_start[incidence->other[e] + 1]++] = (uint32_t)l;
}

/* Of what was numbered: HELD[new number] = the old one. The caller frees it. */
static uint32_t *old_numbers(const uint32_t *number, size_t n_old, size_t n) {
    uint32_t *held = rs_malloc(n, sizeof *held);
    for (size_t i = 0; i < n_old; i++)
        if (number[i] != RS_NONE) held[number[i]] = (uint32_t)i;
    return held;
}

struct incidence incidence_make(const struct held *held, size_t n_others) {
    const uint32_t *lines = held->by_user ? held->user : held->item;
    const uint32_t *others = held->by_user ? held->item : held->user;
    uint32_t *line_number = rs_malloc(held->n_lines, sizeof *line_number);
    uint32_t *other_number = rs_malloc(n_others, sizeof *other_number);
    struct incidence incidence = {.n_pairs = held->n, .capacity = held->n};
    incidence.n_lines = number_those(lines, held->n, held->n_lines, line_number);
    incidence.n_others = number_those(others, held->n, n_others, other_number);
    incidence.line_start = starts_of(lines, held->n, incidence.n_lines, line_number);
    incidence.other = rs_pages_new(held->n * sizeof *incidence.other);
    for (size_t i = 0; i < held->n; i++)
        incidence.other[incidence.line_start[line_number[lines[i]] + 1]++] =
            other_number[others[i]];
    incidence.held_line = old_numbers(line_number, held->n_lines, incidence.n_lines);
    incidence.held_other = old_numbers(other_number, n_others, incidence.n_others);
    free(line_number);
    free(other_number);
    drop_repeated(&incidence);
    transpose(&incidence);
    return incidence;
}

void incidence_free(struct incidence *incidence) {
    free(incidence->line_start);
    free(incidence->other_start);
    rs_pages_free(incidence->other, incidence->capacity * sizeof *incidence->other);
    rs_pages_free(incidence->line, incidence->capacity * sizeof *incidence->line);
    free(incidence->held_line);
    free(incidence->held_other);
}

struct incidence incidence_turned(const struct incidence *incidence) {
    struct incidence turned = *incidence;
    turned.n_lines = incidence->n_others;
    turned.n_others = incidence->n_lines;
    turned.line_start = incidence->other_start;
    turned.other_start = incidence->line_start;
    turned.line = incidence->other;
    turned.other = incidence->line;
    turned.held_line = incidence->held_other;
    turned.held_other = incidence->held_line;
    return turned;
}

/* Cores */

/* Lines first, then others, under one numbering. */
enum state { THERE, DOOMED, TAKEN };
struct peeling {
    const struct incidence *incidence;
    uint32_t *degree;
    uint8_t *state; /* enum state */
    uint32_t *stack;
    size_t n_stack;
    struct core left;
};

static void doom_if_below(struct peeling *peeling, uint32_t node, uint32_t k) {
    if (peeling->state[node] != THERE || peeling->degree[node] >= k) return;
    peeling->state[node] = DOOMED;
    peeling->stack[peeling->n_stack++] = node;
}

static void take_away(struct peeling *peeling, uint32_t node, uint32_t k) {
    const struct incidence *incidence = peeling->incidence;
    size_t n_lines = incidence->n_lines;
    bool is_line = node < n_lines;
    size_t l = is_line ? node : node - n_lines;
    const uint64_t *start = is_line ? incidence->line_start : incidence->other_start;
    const uint32_t *adjacent = is_line ? incidence->other : incidence->line;
    peeling->state[node] = TAKEN;
    for (uint64_t e = start[l]; e < start[l + 1]; e++) {
        uint32_t neighbour = is_line ? adjacent[e] + (uint32_t)n_lines : adjacent[e];
        if (peeling->state[neighbour] == TAKEN) continue;
        peeling->left.pairs--;
        peeling->degree[neighbour]--;
        doom_if_below(peeling, neighbour, k);
    }
    if (is_line) {
        peeling->left.lines--;
    } else {
        peeling->left.others--;
    }
}

static void peel(struct peeling *peeling, uint32_t k) {
    size_t n = peeling->incidence->n_lines + peeling->incidence->n_others;
    for (uint32_t node = 0; node < n; node++) {
        doom_if_below(peeling, node, k);
        while (peeling->n_stack > 0) take_away(peeling, peeling->stack[--peeling->n_stack], k);
    }
}

void incidence_cores(const struct incidence *incidence, const uint32_t *k, size_t n_k,
                     struct core *cores) {
    size_t n = incidence->n_lines + incidence->n_others;
    struct peeling peeling = {
        .incidence = incidence,
        .degree = rs_malloc(n, sizeof *peeling.degree),
        .state = rs_calloc(n, sizeof *peeling.state),
        .stack = rs_malloc(n, sizeof *peeling.stack),
        .left = {incidence->n_lines, incidence->n_others, incidence->n_pairs},
    };
    for (size_t l = 0; l < incidence->n_lines; l++)
        peeling.degree[l] = (uint32_t)(incidence->line_start[l + 1] - incidence->line_start[l]);
    for (size_t o = 0; o < incidence->n_others; o++)
        peeling.degree[incidence->n_lines + o] =
            (uint32_t)(incidence->other_start[o + 1] - incidence->other_start[o]);
    for (size_t i = 0; i < n_k; i++) {
        peel(&peeling, k[i]);
        cores[i] = peeling.left;
    }
    free(peeling.degree);
    free(peeling.state);
    free(peeling.stack);
}

/* Overlap */

struct ranked {
    uint64_t hash;
    uint32_t line;
};

static int compare_hashes(const void *a, const void *b) {
    const struct ranked *first = a, *second = b;
    if (first->hash != second->hash) return first->hash < second->hash ? -1 : 1;
    return first->line < second->line ? -1 : first->line > second->line;
}

static uint64_t steps_of(const struct incidence *incidence, size_t line) {
    uint64_t steps = 0;
    for (uint64_t e = incidence->line_start[line]; e < incidence->line_start[line + 1]; e++) {
        uint32_t other = incidence->other[e];
        steps += incidence->other_start[other + 1] - incidence->other_start[other];
    }
    return steps;
}

/* Lines that have an other in common with LINE, itself left out. SEEN holds the last line that met
 * each one. */
static size_t meets(const struct incidence *incidence, uint32_t line, uint32_t *seen) {
    size_t met = 0;
    for (uint64_t e = incidence->line_start[line]; e < incidence->line_start[line + 1]; e++) {
        uint32_t other = incidence->other[e];
        for (uint64_t f = incidence->other_start[other]; f < incidence->other_start[other + 1];
             f++) {
            uint32_t found = incidence->line[f];
            met += seen[found] != line;
            seen[found] = line;
        }
    }
    return met > 0 ? met - 1 : 0;
}

/* The standard error of a mean over M of N sampled of N_ALL lines, of the share of those N that each
 * meets, which has the variance VARIANCE: both the lines examined and those they were held against
 * were drawn (Hoeffding's first projection of a U-statistic, Annals of Math. Statistics 1948, with
 * the corrections for finite populations). */
static double overlap_error(double variance, double m, double n, double n_all) {
    double drawn = (1 - m / n_all) / m + 3 * (1 - n / n_all) / n;
    return variance > 0 && drawn > 0 ? sqrt(variance * drawn) : 0;
}

struct overlap incidence_overlap(const struct incidence *incidence, const uint64_t *hash,
                                 size_t n_all, uint64_t steps) {
    struct overlap overlap = {.share = NAN, .error = NAN};
    size_t n = incidence->n_lines;
    if (n < 2) return overlap;
    struct ranked *order = rs_malloc(n, sizeof *order);
    uint32_t *seen = rs_malloc(n, sizeof *seen);
    for (size_t l = 0; l < n; l++)
        order[l] = (struct ranked){hash[incidence->held_line[l]], (uint32_t)l};
    memset(seen, 0xff, n * sizeof *seen);
    qsort(order, n, sizeof *order, compare_hashes);
    double sum = 0, squares = 0;
    for (size_t l = 0; l < n; l++) {
        uint64_t cost = steps_of(incidence, order[l].line);
        if (cost > steps && overlap.examined >= 2) break;
        steps = cost > steps ? 0 : steps - cost;
        double share = (double)meets(incidence, order[l].line, seen) / (double)(n - 1);
        sum += share;
        squares += share * share;
        overlap.examined++;
    }
    double m = (double)overlap.examined;
    overlap.exact = overlap.examined == n_all;
    overlap.share = sum / m;
    double variance = (squares - sum * sum / m) / (m - 1);
    overlap.error = overlap_error(variance, m, (double)n, (double)n_all);
    free(order);
    free(seen);
    return overlap;
}
