#include "neighbours/levels.h"

#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "base/pages.h"

/* The levels of BLOCK others lie in a byte each of a cache line, those of the next BLOCK in the
 * other halves of these bytes: so a line's levels are read once for twice as many others as it has
 * bytes, and come in their order. */
enum { BLOCK = 64, PAIR = 2 * BLOCK };

static void put_level(uint8_t *line, uint32_t other, uint8_t level) {
    line[other / PAIR * BLOCK + other % BLOCK] |=
        (uint8_t)(other / BLOCK % 2 == 0 ? level : level << 4);
}

static bool is_long(const struct rs_sparse *form, uint32_t line) {
    return RS_LEVELS_SHARE * (form->start[line + 1] - form->start[line]) >= form->n_others;
}

/* Puts the values of a line into LEVEL, zeros before. False if one is no level: then it is all
 * zeros again. */
static bool spread_line(struct rs_levels *levels, const struct rs_sparse *form, uint32_t line,
                        bool ones, uint8_t *level) {
    uint8_t top = levels->top;
    for (uint64_t e = form->start[line]; e < form->start[line + 1]; e++) {
        uint8_t own;
        if (!rs_levels_of(levels, ones ? 1 : (double)form->rating[e], &own)) {
            memset(level, 0, levels->stride);
            return false;
        }
        put_level(level, form->other[e], own);
        top = own > top ? own : top;
    }
    levels->top = top;
    return true;
}

/* Looks at no more of the ratings than is kept: most of them may never have been read. */
static double find_unit(const struct rs_sparse *form, bool ones) {
    float greatest = 0;
    for (uint32_t line = 0; !ones && line < form->n_lines; line++)
        for (uint64_t e = form->start[line]; is_long(form, line) && e < form->start[line + 1]; e++)
            greatest = form->rating[e] > greatest ? form->rating[e] : greatest;
    return 2 * greatest <= RS_LEVELS_TOP ? 0.5 : 1;
}

void rs_levels_make(struct rs_levels *levels, const struct rs_sparse *form, bool ones) {
    *levels = (struct rs_levels){.n_others = form->n_others, .unit = find_unit(form, ones)};
    levels->stride = (form->n_others + PAIR - 1) / PAIR * BLOCK;
    levels->number = rs_malloc(form->n_lines, sizeof *levels->number);
    for (uint32_t line = 0; line < form->n_lines; line++) levels->n_long += is_long(form, line);
    levels->level = rs_pages_new((levels->n_long + 1) * levels->stride);
    for (uint32_t line = 0; line < form->n_lines; line++) {
        bool kept = is_long(form, line) && spread_line(levels, form, line, ones,
                                                       levels->level + levels->n * levels->stride);
        levels->number[line] = kept ? (uint32_t)levels->n++ : RS_NONE;
    }
}

void rs_levels_free(struct rs_levels *levels) {
    free(levels->number);
    rs_pages_free(levels->level, (levels->n_long + 1) * levels->stride);
    *levels = (struct rs_levels){0};
}

void rs_levels_fetch(const struct rs_levels *levels, uint32_t number) {
    const uint8_t *level = levels->level + number * levels->stride;
    for (size_t at = 0; at < levels->stride; at += BLOCK) __builtin_prefetch(level + at);
}

/* Products: of all the lines that are multiplied with the same level the levels are added first, in
 * bytes, several lines at once, and what comes of it is multiplied and goes to words of two bytes.
 * Before a byte or a word could overflow it is handed on. The sums of a stretch of the others stay
 * in the first cache. */

enum { STRETCH = 8192, SEVERAL = 8 };

struct sums {
    size_t n; /* others of the stretch */
    unsigned top;
    uint8_t bytes[STRETCH];
    uint16_t words[STRETCH];
    const uint8_t *several[SEVERAL];
    size_t n_several;
    unsigned in_bytes, in_words; /* levels of an other would be so many times the top at most */
    double unit;                 /* of a product */
};

/* Whole blocks: a line ends in zeros, and the sums have room for them. */
RS_CLONES static void add_several(uint8_t *restrict sum, size_t n, const uint8_t *const *lines) {
    const uint8_t *a = lines[0], *b = lines[1], *c = lines[2], *d = lines[3];
    const uint8_t *e = lines[4], *f = lines[5], *g = lines[6], *h = lines[7];
    for (size_t from = 0; from < n; from += PAIR) {
        uint8_t *low = sum + from, *high = low + BLOCK;
        for (size_t i = 0; i < BLOCK; i++) {
            size_t at = from / 2 + i;
            low[i] = (uint8_t)(low[i] + (a[at] & 15) + (b[at] & 15) + (c[at] & 15) + (d[at] & 15) +
                               (e[at] & 15) + (f[at] & 15) + (g[at] & 15) + (h[at] & 15));
            high[i] =
                (uint8_t)(high[i] + (a[at] >> 4) + (b[at] >> 4) + (c[at] >> 4) + (d[at] >> 4) +
                          (e[at] >> 4) + (f[at] >> 4) + (g[at] >> 4) + (h[at] >> 4));
        }
    }
}

RS_CLONES static void multiply(uint16_t *restrict words, size_t n, uint8_t *restrict bytes,
                               uint16_t level) {
    for (size_t i = 0; i < n; i++) words[i] = (uint16_t)(words[i] + bytes[i] * level);
    memset(bytes, 0, n);
}

RS_CLONES static void hand_over(uint16_t *restrict words, size_t n, double unit,
                                double *restrict sum) {
    for (size_t i = 0; i < n; i++) sum[i] += (double)words[i] * unit;
    memset(words, 0, n * sizeof *words);
}

static void empty_bytes(struct sums *sums, unsigned level, double *sum) {
    unsigned more = sums->in_bytes * level;
    if ((sums->in_words + more) * sums->top > UINT16_MAX) {
        hand_over(sums->words, sums->n, sums->unit, sum);
        sums->in_words = 0;
    }
    multiply(sums->words, sums->n, sums->bytes, (uint16_t)level);
    sums->in_words += more;
    sums->in_bytes = 0;
}

static void empty_several(struct sums *sums, unsigned level, double *sum) {
    if ((sums->in_bytes + sums->n_several) * sums->top > UINT8_MAX) empty_bytes(sums, level, sum);
    add_several(sums->bytes, sums->n, sums->several);
    sums->in_bytes += (unsigned)sums->n_several;
    sums->n_several = 0;
}

/* The terms of one level; SUM is that of the stretch, which begins at FROM. */
static void add_level(struct sums *sums, const struct rs_levels *levels,
                      const struct rs_levels_term *terms, size_t n_terms, unsigned level,
                      size_t from, double *sum) {
    const uint8_t *zeros = levels->level + levels->n * levels->stride;
    for (size_t t = 0; t < n_terms; t++) {
        if (terms[t].level != level) continue;
        sums->several[sums->n_several++] =
            levels->level + terms[t].number * levels->stride + from / 2;
        if (sums->n_several == SEVERAL) empty_several(sums, level, sum);
    }
    for (size_t i = sums->n_several; i < SEVERAL; i++) sums->several[i] = zeros;
    if (sums->n_several > 0) empty_several(sums, level, sum);
    empty_bytes(sums, level, sum);
}

/* The others from..from+n-1. */
static void add_stretch(const struct rs_levels *levels, const struct rs_levels_term *terms,
                        size_t n_terms, size_t from, size_t n, double *sum) {
    struct sums sums = {.n = n, .top = levels->top, .unit = levels->unit * levels->unit};
    uint64_t there = 0;
    for (size_t t = 0; t < n_terms; t++) there |= (uint64_t)1 << terms[t].level;
    for (unsigned level = 1; level <= RS_LEVELS_TOP; level++)
        if ((there >> level & 1) != 0)
            add_level(&sums, levels, terms, n_terms, level, from, sum + from);
    hand_over(sums.words, n, sums.unit, sum + from);
}

void rs_levels_add(const struct rs_levels *levels, const struct rs_levels_term *terms, size_t n,
                   double *sum) {
    for (size_t from = 0; n > 0 && from < levels->n_others; from += STRETCH) {
        size_t left = levels->n_others - from;
        add_stretch(levels, terms, n, from, left < STRETCH ? left : STRETCH, sum);
    }
}

/* Weighted: a level counts for what it is times the unit, a power of 2, and so does the weight;
 * what is multiplied with 0 adds nothing. */

/* The others that a vector is for, of a block. */
enum { LANES = 16 };
typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4)));
typedef int32_t whole __attribute__((vector_size(4 * LANES)));
typedef uint8_t halves __attribute__((vector_size(LANES), aligned(1)));

RS_CLONES static void weigh_few(float *sum, size_t n, const uint8_t *const *line,
                                const float *weight) {
    for (size_t from = 0; from < n; from += PAIR)
        for (size_t i = from; i < from + BLOCK; i += LANES) {
            lanes low = *(lanes *)(sum + i), high = *(lanes *)(sum + i + BLOCK);
            for (size_t l = 0; l < RS_LEVELS_FEW; l++) {
                halves both = *(const halves *)(line[l] + from / 2 + i % BLOCK);
                low += weight[l] *
                       __builtin_convertvector(__builtin_convertvector(both & 15, whole), lanes);
                high += weight[l] *
                        __builtin_convertvector(__builtin_convertvector(both >> 4, whole), lanes);
            }
            *(lanes *)(sum + i) = low;
            *(lanes *)(sum + i + BLOCK) = high;
        }
}

void rs_levels_weigh(const struct rs_levels *levels, const uint32_t *number, const float *weight,
                     size_t n, float *sum) {
    const uint8_t *line[RS_LEVELS_FEW];
    float all[RS_LEVELS_FEW] = {0}, last[PAIR] = {0};
    size_t whole_pairs = levels->n_others / PAIR * PAIR, left = levels->n_others - whole_pairs;
    if (n == 0) return;
    for (size_t i = 0; i < RS_LEVELS_FEW; i++) {
        line[i] = levels->level + number[i < n ? i : 0] * levels->stride;
        if (i < n) all[i] = weight[i] * (float)levels->unit;
    }
    weigh_few(sum, whole_pairs, line, all);
    for (size_t i = 0; i < RS_LEVELS_FEW; i++) line[i] += whole_pairs / 2;
    memcpy(last, sum + whole_pairs, left * sizeof *last);
    weigh_few(last, left, line, all);
    memcpy(sum + whole_pairs, last, left * sizeof *last);
}
