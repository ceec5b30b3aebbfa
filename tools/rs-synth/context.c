#include "context.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "normal.h"
#include "program/options.h"
#include "streams.h"

static const struct {
    const char *name;
    enum context_source source;
    size_t n_values;
} known[] = {{"hour", FROM_HOUR, 24},
             {"weekday", FROM_WEEKDAY, 7},
             {"month", FROM_MONTH, 12},
             {"region", FROM_REGION, 50}};
enum { N_KNOWN = sizeof known / sizeof *known };

static void set_key(struct context *context, const char *text, const char *key, size_t key_length,
                    const char *value, size_t length) {
    static const char *const kinds[] = {"taste", "item", "bias"};
    double number;
    bool is_number = rs_number_parse(value, length, &number);
    if (key_length == 8 && memcmp(key, "strength", 8) == 0 && is_number && number >= 0 &&
        number < 1) {
        context->strength = number;
        return;
    }
    if (key_length == 6 && memcmp(key, "values", 6) == 0 && is_number && number >= 2 &&
        number <= MAX_VALUES && number == floor(number) && context->source >= FROM_REGION) {
        context->n_values = (size_t)number;
        return;
    }
    for (int k = 0; k < 3 && key_length == 4 && memcmp(key, "kind", 4) == 0; k++) {
        if (strlen(kinds[k]) != length || memcmp(kinds[k], value, length) != 0) continue;
        context->kind = (enum context_kind)k;
        return;
    }
    rs_usage_error(
        "--context: '%s': '%.*s=%.*s' is none of strength=0...0.99, kind=taste|item|bias "
        "and, for a column, values=2...%d",
        text, (int)key_length, key, (int)length, value, MAX_VALUES);
}

static bool good_name(const char *name) {
    static const char *const taken[] = {"user", "item", "rating", "count", "timestamp"};
    for (size_t t = 0; t < sizeof taken / sizeof *taken; t++)
        if (strcmp(name, taken[t]) == 0) return false;
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return length > 0 && length < 32 && name[length] == '\0';
}

/* Time of day rises to nine in the evening, weekends count a third more, the first values of a
 * column are the most frequent. */
static void set_shares(struct context *context) {
    double sum = 0;
    for (size_t v = 0; v < context->n_values; v++) {
        double weight = 1;
        if (context->source == FROM_HOUR) weight = 1 + 0.85 * cos(2 * M_PI * ((double)v - 21) / 24);
        if (context->source == FROM_WEEKDAY) weight = v >= 5 ? 4 : 3;
        if (context->source >= FROM_REGION) weight = 1 / sqrt((double)v + 1);
        context->share[v] = weight;
        sum += weight;
    }
    for (size_t v = 0; v < context->n_values; v++) context->share[v] /= sum;
}

void context_parse(struct context *context, const char *text) {
    size_t length = strcspn(text, ":");
    *context = (struct context){.name = rs_strndup(text, length),
                                .source = FROM_SESSION,
                                .kind = MOVES_TASTE,
                                .strength = 0.05,
                                .n_values = 4};
    if (!good_name(context->name))
        rs_usage_error("--context: '%s' can't be the name of a context", context->name);
    for (size_t k = 0; k < N_KNOWN; k++) {
        if (strcmp(context->name, known[k].name) != 0) continue;
        context->source = known[k].source;
        context->n_values = known[k].n_values;
    }
    const char *part = text[length] == '\0' ? NULL : text + length + 1;
    while (part != NULL) {
        size_t part_length = strcspn(part, ",");
        const char *equals = memchr(part, '=', part_length);
        size_t key_length = equals == NULL ? part_length : (size_t)(equals - part);
        const char *value = equals == NULL ? "" : equals + 1;
        set_key(context, text, part, key_length, value,
                equals == NULL ? 0 : part_length - key_length - 1);
        part = part[part_length] == '\0' ? NULL : part + part_length + 1;
    }
    set_shares(context);
}

/* Takes the mean, weighted by share, from the n_values numbers at VALUE, STRIDE apart. */
static void centre(const struct context *context, float *value, size_t stride) {
    double mean = 0;
    for (size_t v = 0; v < context->n_values; v++)
        mean += context->share[v] * (double)value[v * stride];
    for (size_t v = 0; v < context->n_values; v++) value[v * stride] -= (float)mean;
}

/* Neighbouring hours and months are alike: two waves of random phase a day or year. */
static void draw_factor(struct context *context, uint32_t number, size_t f, size_t stride,
                        uint64_t seed) {
    struct rs_random random = rs_random_stream(seed, STREAM_CONTEXT, number, (uint32_t)f);
    bool cyclic = context->source == FROM_HOUR || context->source == FROM_MONTH;
    double a[4];
    for (int k = 0; k < 4; k++) a[k] = normal_draw(&random);
    for (size_t v = 0; v < context->n_values; v++) {
        double angle = 2 * M_PI * (double)v / (double)context->n_values;
        double wave = a[0] * cos(angle) + a[1] * sin(angle) +
                      0.5 * (a[2] * cos(2 * angle) + a[3] * sin(2 * angle));
        context->effect[v * stride + f] = (float)(cyclic ? wave : normal_draw(&random));
    }
    centre(context, context->effect + f, stride);
}

static double variance_of(const struct context *context, const struct context_ground *ground,
                          size_t item) {
    double sum = 0;
    for (size_t v = 0; v < context->n_values; v++) {
        double effect = 0;
        if (context->kind == MOVES_ALL) effect = (double)context->effect[v];
        if (context->kind == MOVES_ITEMS)
            effect = (double)context->effect[item * context->n_values + v];
        if (context->kind == MOVES_TASTE)
            for (size_t f = 0; f < ground->n_factors; f++)
                effect += (double)context->effect[v * ground->stride + f] *
                          (double)ground->item_factors[item * ground->stride + f];
        sum += context->share[v] * effect * effect;
    }
    return sum;
}

static void draw_item_effects(struct context *context, uint32_t number,
                              const struct context_ground *ground) {
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < ground->n_items; i++) {
        struct rs_random random =
            rs_random_stream(ground->seed, STREAM_CONTEXT_ITEM, number, (uint32_t)i);
        float *row = context->effect + i * context->n_values;
        for (size_t v = 0; v < context->n_values; v++) row[v] = (float)normal_draw(&random);
        centre(context, row, 1);
    }
}

void context_plant(struct context *context, uint32_t number, double variance,
                   const struct context_ground *ground) {
    size_t rows = context->kind == MOVES_ITEMS ? ground->n_items : 1;
    size_t width = context->kind == MOVES_TASTE ? ground->stride : 1;
    size_t n = rows * context->n_values * width;
    context->effect = rs_aligned(n, sizeof *context->effect);
    memset(context->effect, 0, n * sizeof *context->effect);
    if (variance <= 0) return;
    if (context->kind == MOVES_ITEMS) {
        draw_item_effects(context, number, ground);
    } else {
        size_t n_columns = context->kind == MOVES_TASTE ? ground->n_factors : 1;
        for (size_t f = 0; f < n_columns; f++) draw_factor(context, number, f, width, ground->seed);
    }
    double drawn = 0;
    for (size_t i = 0; i < ground->n_items; i++)
        drawn += ground->weight[i] * variance_of(context, ground, i);
    float factor = drawn > 0 ? (float)sqrt(variance / drawn) : 0;
    for (size_t k = 0; k < n; k++) context->effect[k] *= factor;
}

/* Howard Hinnant: chrono-compatible low-level date algorithms, civil_from_days. */
unsigned context_month(int64_t day) {
    day += 719468;
    int64_t era = (day >= 0 ? day : day - 146096) / 146097;
    unsigned of_era = (unsigned)(day - era * 146097);
    unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
    unsigned from_march = (5 * of_year + 2) / 153;
    return (from_march + 2) % 12;
}
