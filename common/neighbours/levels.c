#include "neighbours/levels.h"

#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "base/pages.h"

enum { CACHE_LINE = 64 };

/* Whether all values of a line are levels; these go to LEVEL, by other, unless it is NULL. */
static bool spread_line(const struct rs_sparse *form, uint32_t line, bool ones, uint8_t *level) {
    for (uint64_t e = form->start[line]; e < form->start[line + 1]; e++) {
        uint8_t own;
        if (!rs_levels_of(ones ? 1 : (double)form->rating[e], &own)) return false;
        if (level != NULL) level[form->other[e]] = own;
    }
    return true;
}

void rs_levels_make(struct rs_levels *levels, const struct rs_sparse *form, bool ones) {
    *levels = (struct rs_levels){.n_others = form->n_others};
    levels->stride = (form->n_others + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    levels->number = rs_malloc(form->n_lines, sizeof *levels->number);
    for (uint32_t line = 0; line < form->n_lines; line++) {
        uint64_t n = form->start[line + 1] - form->start[line];
        bool kept = RS_LEVELS_SHARE * n >= form->n_others && spread_line(form, line, ones, NULL);
        levels->number[line] = kept ? (uint32_t)levels->n++ : RS_NONE;
    }
    levels->level = rs_pages_new(levels->n * levels->stride);
    for (uint32_t line = 0; line < form->n_lines; line++)
        if (levels->number[line] != RS_NONE)
            spread_line(form, line, ones, levels->level + levels->number[line] * levels->stride);
}

void rs_levels_free(struct rs_levels *levels) {
    free(levels->number);
    rs_pages_free(levels->level, levels->n * levels->stride);
    *levels = (struct rs_levels){0};
}

void rs_levels_fetch(const struct rs_levels *levels, uint32_t number) {
    const uint8_t *level = levels->level + number * levels->stride;
    for (size_t at = 0; at < levels->n_others; at += CACHE_LINE) __builtin_prefetch(level + at);
}

/* Products: sums of a stretch of the others stay in the first cache, in words of two bytes; before
 * one could overflow they are handed over. */

enum { STRETCH = 8192, MOST = UINT16_MAX / RS_LEVELS_TOP };

RS_CLONES static void add_four(uint16_t *restrict sum, size_t n, const uint8_t *restrict a,
                               const uint8_t *restrict b, const uint8_t *restrict c,
                               const uint8_t *restrict d, const uint8_t level[RS_LEVELS_FEW]) {
    uint16_t x = level[0], y = level[1], z = level[2], w = level[3];
    for (size_t i = 0; i < n; i++)
        sum[i] = (uint16_t)(sum[i] + a[i] * x + b[i] * y + c[i] * z + d[i] * w);
}

RS_CLONES static void hand_over(uint16_t *restrict words, size_t n, double *restrict sum) {
    for (size_t i = 0; i < n; i++) sum[i] += (double)words[i] * (RS_LEVELS_UNIT * RS_LEVELS_UNIT);
    memset(words, 0, n * sizeof *words);
}

/* The others from..from+n-1. */
static void add_stretch(const struct rs_levels *levels, const struct rs_levels_term *terms,
                        size_t n_terms, size_t from, size_t n, double *sum) {
    uint16_t words[STRETCH] = {0};
    unsigned total = 0;
    for (size_t t = 0; t < n_terms; t += RS_LEVELS_FEW) {
        const uint8_t *line[RS_LEVELS_FEW];
        uint8_t level[RS_LEVELS_FEW] = {0};
        unsigned more = 0;
        for (size_t i = 0; i < RS_LEVELS_FEW; i++) {
            bool there = t + i < n_terms; /* else something that is multiplied with 0 */
            line[i] = levels->level + terms[there ? t + i : t].number * levels->stride + from;
            if (there) level[i] = terms[t + i].level;
            more += level[i];
        }
        if (total + more > MOST) {
            hand_over(words, n, sum + from);
            total = 0;
        }
        total += more;
        add_four(words, n, line[0], line[1], line[2], line[3], level);
    }
    hand_over(words, n, sum + from);
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
