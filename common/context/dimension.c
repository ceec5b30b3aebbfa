#include "context/dimension.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "format/pairs.h"

const char *const rs_context_names[RS_CONTEXT_N_TIMES] = {"hour",   "weekday",  "month",
                                                          "season", "user-age", "item-age"};
const char *const rs_weekday_names[7] = {"monday", "tuesday",  "wednesday", "thursday",
                                         "friday", "saturday", "sunday"};
const char *const rs_season_names[4] = {"winter", "spring", "summer", "autumn"};
const char *const rs_age_names[RS_AGES] = {"0", "1", "7", "30", "90", "365", "1000"};

uint8_t rs_age_of(int64_t since, int64_t when) {
    static const int64_t least[RS_AGES] = {0, 1, 7, 30, 90, 365, 1000};
    if (since == RS_NO_TIME || when == RS_NO_TIME || when < since) return RS_NO_VALUE;
    int64_t days = (when - since) / 86400000;
    uint8_t age = 0;
    while (age + 1 < RS_AGES && days >= least[age + 1]) age++;
    return age;
}

uint8_t rs_context_time_value(enum rs_context_source source, const struct rs_local *local) {
    if (source == RS_CONTEXT_HOUR) return (uint8_t)local->hour;
    if (source == RS_CONTEXT_WEEKDAY) return (uint8_t)local->weekday;
    if (source == RS_CONTEXT_MONTH) return (uint8_t)local->month;
    return (uint8_t)((local->month + 1) % 12 / 3); /* SEASON: winter begins in December */
}

bool rs_context_is_postal(const char *column) {
    static const char *const names[] = {"zip", "zipcode", "zip_code", "postcode", "postal_code"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(column, names[i]) == 0) return true;
    return false;
}

uint8_t rs_context_value(const struct rs_dimension *dimension, struct rs_id name) {
    for (size_t v = 0; v < dimension->values.n; v++)
        if (rs_id_compare(rs_ids_get(&dimension->values, v), name) == 0) return (uint8_t)v;
    return RS_NO_VALUE;
}

/* The first character of a postal code, whole if it takes more than a byte. */
static struct rs_id initial_of(struct rs_id text) {
    size_t length = text.length > 0 ? 1 : 0;
    while (length > 0 && length < text.length && (text.text[length] & 0xc0) == 0x80) length++;
    return (struct rs_id){text.text, length};
}

struct rs_id rs_context_user_text(const struct rs_dimension *dimension,
                                  const struct rs_matrix *matrix, uint32_t user, char room[64]) {
    const struct rs_table_column *column = rs_table_find(&matrix->users.table, dimension->column);
    struct rs_id text = {"", 0};
    if (user == RS_NONE || column == NULL) return text;
    if (column->kind == RS_TEXT) text = rs_ids_get(&column->text, user);
    if (column->kind == RS_CATEGORY && column->code[user] != RS_NONE)
        text = rs_ids_get(&column->text, column->code[user]);
    if (column->kind == RS_NUMBER && isfinite(column->number[user]))
        text = (struct rs_id){room, (size_t)snprintf(room, 64, "%.15g", column->number[user])};
    return dimension->initial ? initial_of(text) : text;
}

uint8_t rs_context_user_value(const struct rs_dimension *dimension, const struct rs_matrix *matrix,
                              uint32_t user) {
    char room[64];
    struct rs_id text = rs_context_user_text(dimension, matrix, user, room);
    return text.length == 0 ? RS_NO_VALUE : rs_context_value(dimension, text);
}
