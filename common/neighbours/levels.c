#include "neighbours/levels.h"

#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "base/pages.h"

enum { CACHE_LINE = 64 };

static bool is_long(const struct rs_sparse *form, uint32_t line) {
    return RS_LEVELS_SHARE * (form->start[line + 1] - form->start[line]) >= form->n_others;
}

/* Puts the values of a line at LEVEL, zeros before. False if one is no level: then it is all zeros
 * again. */
static bool spread_line(struct rs_levels *levels, const struct rs_sparse *form, uint32_t line,
                        bool ones, uint8_t *level) {
    uint8_t top = levels->top;
    for (uint64_t e = form->start[line]; e < form->start[line + 1]; e++) {
        uint8_t own;
        if (!rs_levels_of(ones ? 1 : (double)form->rating[e], &own)) {
            memset(level, 0, levels->stride);
            return false;
        }
        level[form->other[e]] = own;
        top = own > top ? own : top;
    }
    levels->top = top;
    return true;
}

void rs_levels_make(struct rs_levels *levels, const struct rs_sparse *form, bool ones) {
    *levels = (struct rs_levels){.n_others = form->n_others};
    levels->stride = (form->n_others + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
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
    for (size_t at = 0; at < levels->n_others; at += CACHE_LINE) __builtin_prefetch(level + at);
}

/* Products: of all the lines that are multiplied with the same level the bytes are added first, a
 * few lines at once, and what comes of it is multiplied and goes to words of two bytes. Before a
 * byte or a word could overflow it is handed on. The sums of a stretch of the others stay in the
 * first cache. */

enum { STRETCH = 8192 };

struct sums {
    size_t n; /* others of the stretch */
    unsigned top;
    uint8_t bytes[STRETCH];
    uint16_t words[STRETCH];
    const uint8_t *few[RS_LEVELS_FEW];
    size_t n_few;
    unsigned in_bytes, in_words; /* levels of an other would be so many times the top at most */
};

RS_CLONES static void add_four(uint8_t *restrict sum, size_t n, const uint8_t *restrict a,
                               const uint8_t *restrict b, const uint8_t *restrict c,
                               const uint8_t *restrict d) {
    for (size_t i = 0; i < n; i++) sum[i] = (uint8_t)(sum[i] + a[i] + b[i] + c[i] + d[i]);
}

RS_CLONES static void multiply(uint16_t *restrict words, size_t n, uint8_t *restrict bytes,
                               uint16_t level) {
    for (size_t i = 0; i < n; i++) words[i] = (uint16_t)(words[i] + bytes[i] * level);
    memset(bytes, 0, n);
}

RS_CLONES static void hand_over(uint16_t *restrict words, size_t n, double *restrict sum) {
    for (size_t i = 0; i < n; i++) sum[i] += (double)words[i] * (RS_LEVELS_UNIT * RS_LEVELS_UNIT);
    memset(words, 0, n * sizeof *words);
}

static void empty_bytes(struct sums *sums, unsigned level, double *sum) {
    unsigned more = sums->in_bytes * level;
    if ((sums->in_words + more) * sums->top > UINT16_MAX) {
        hand_over(sums->words, sums->n, sum);
        sums->in_words = 0;
    }
    multiply(sums->words, sums->n, sums->bytes, (uint16_t)level);
    sums->in_words += more;
    sums->in_bytes = 0;
}

static void empty_few(struct sums *sums, unsigned level, double *sum) {
    if ((sums->in_bytes + sums->n_few) * sums->top > UINT8_MAX) empty_bytes(sums, level, sum);
    add_four(sums->bytes, sums->n, sums->few[0], sums->few[1], sums->few[2], sums->few[3]);
    sums->in_bytes += (unsigned)sums->n_few;
    sums->n_few = 0;
}

/* The terms of one level; SUM is that of the stretch, which begins at FROM. */
static void add_level(struct sums *sums, const struct rs_levels *levels,
                      const struct rs_levels_term *terms, size_t n_terms, unsigned level,
                      size_t from, double *sum) {
    const uint8_t *zeros = levels->level + levels->n * levels->stride;
    for (size_t t = 0; t < n_terms; t++) {
        if (terms[t].level != level) continue;
        sums->few[sums->n_few++] = levels->level + terms[t].number * levels->stride + from;
        if (sums->n_few == RS_LEVELS_FEW) empty_few(sums, level, sum);
    }
    for (size_t i = sums->n_few; i < RS_LEVELS_FEW; i++) sums->few[i] = zeros;
    if (sums->n_few > 0) empty_few(sums, level, sum);
    empty_bytes(sums, level, sum);
}

/* The others from..from+n-1. */
static void add_stretch(const struct rs_levels *levels, const struct rs_levels_term *terms,
                        size_t n_terms, size_t from, size_t n, double *sum) {
    struct sums sums = {.n = n, .top = levels->top};
    uint64_t there = 0;
    for (size_t t = 0; t < n_terms; t++) there |= (uint64_t)1 << terms[t].level;
    for (unsigned level = 1; level <= RS_LEVELS_TOP; level++)
        if ((there >> level & 1) != 0)
            add_level(&sums, levels, terms, n_terms, level, from, sum + from);
    hand_over(sums.words, n, sum + from);
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

RS_CLONES static void weigh_four(float *restrict sum, size_t n, const uint8_t *restrict a,
                                 const uint8_t *restrict b, const uint8_t *restrict c,
                                 const uint8_t *restrict d, const float weight[RS_LEVELS_FEW]) {
    float x = weight[0], y = weight[1], z = weight[2], w = weight[3];
    for (size_t i = 0; i < n; i++) {
        float total = sum[i] + x * (float)(int32_t)a[i];
        total += y * (float)(int32_t)b[i];
        total += z * (float)(int32_t)c[i];
        sum[i] = total + w * (float)(int32_t)d[i];
    }
}

void rs_levels_weigh(const struct rs_levels *levels, const uint32_t *number, const float *weight,
                     size_t n, float *sum) {
    const uint8_t *line[RS_LEVELS_FEW];
    float all[RS_LEVELS_FEW] = {0};
    if (n == 0) return;
    for (size_t i = 0; i < RS_LEVELS_FEW; i++) {
        line[i] = levels->level + number[i < n ? i : 0] * levels->stride;
        if (i < n) all[i] = weight[i] * (float)RS_LEVELS_UNIT;
    }
    weigh_four(sum, levels->n_others, line[0], line[1], line[2], line[3], all);
}
