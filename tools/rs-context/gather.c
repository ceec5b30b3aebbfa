/* Finds the dimensions of context and the value of every rating in them. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/random.h"
#include "data.h"
#include "format/pairs.h"
#include "program/options.h"

/* A value counts that so many ratings, of so many users, have. */
enum { LEAST_RATINGS = 20, LEAST_USERS = 2 };

static struct rs_id id_of(const char *text) {
    return (struct rs_id){text, strlen(text)};
}

static bool is_wanted(const struct data_request *request, const char *name) {
    for (size_t i = 0; i < request->n_names; i++)
        if (strcmp(request->names[i], name) == 0) return true;
    return request->n_names == 0;
}

static bool is_there(const struct data *data, const char *name) {
    for (size_t c = 0; c < data->n_candidates; c++)
        if (strcmp(data->candidates[c].form.name, name) == 0) return true;
    return false;
}

static struct candidate *add(struct data *data, const char *name, enum rs_context_source source,
                             const char *column, bool initial) {
    if (data->n_candidates == RS_MAX_DIMENSIONS)
        rs_die(EX_USAGE, "more than %d dimensions: choose with --dimension", RS_MAX_DIMENSIONS);
    struct candidate *candidate = &data->candidates[data->n_candidates++];
    *candidate = (struct candidate){.form = {.name = rs_strdup(name),
                                             .source = source,
                                             .column = column == NULL ? NULL : rs_strdup(column),
                                             .initial = initial},
                                    .value = rs_malloc(data->n, 1)};
    rs_dict_init(&candidate->names);
    memset(candidate->value, RS_NO_VALUE, data->n);
    return candidate;
}

static void drop_last(struct data *data) {
    struct candidate *candidate = &data->candidates[--data->n_candidates];
    free((void *)(uintptr_t)candidate->form.name);
    free((void *)(uintptr_t)candidate->form.column);
    rs_dict_free(&candidate->names);
    free(candidate->value);
}

/* Which of a dimension's values count: the most frequent of those that are not too rare. CODES are
 * of every rating, in NAMES, RS_NONE where unknown. False if fewer than two are left. */
struct tally {
    uint64_t n;
    uint32_t users, last_user, code;
};

static int by_number(const void *a, const void *b) {
    const struct tally *one = a, *two = b;
    if (one->n != two->n) return one->n < two->n ? 1 : -1;
    return one->code < two->code ? -1 : 1;
}

static bool settle_values(const struct data *data, struct candidate *candidate,
                          const struct rs_ids *names, const uint32_t *codes) {
    struct tally *tally = rs_calloc(names->n, sizeof *tally);
    for (uint32_t c = 0; c < names->n; c++) tally[c] = (struct tally){0, 0, RS_NONE, c};
    for (size_t r = 0; r < data->n; r++) {
        if (codes[r] == RS_NONE || rs_ids_get(names, codes[r]).length == 0) continue;
        struct tally *mine = &tally[codes[r]];
        mine->n++;
        mine->users += mine->last_user != data->user[r];
        mine->last_user = data->user[r];
    }
    qsort(tally, names->n, sizeof *tally, by_number);
    uint8_t *value = rs_malloc(names->n, 1);
    memset(value, RS_NO_VALUE, names->n);
    struct rs_dict kept;
    rs_dict_init(&kept);
    for (size_t t = 0; t < names->n && kept.ids.n < RS_MAX_CONTEXT_VALUES; t++)
        if (tally[t].n >= LEAST_RATINGS && tally[t].users >= LEAST_USERS)
            rs_dict_add(&kept, rs_ids_get(names, tally[t].code));
    uint32_t *order = rs_ids_sorted(&kept.ids);
    for (size_t k = 0; k < kept.ids.n; k++)
        rs_dict_add(&candidate->names, rs_ids_get(&kept.ids, order[k]));
    for (size_t c = 0; c < names->n; c++) {
        uint32_t found = rs_dict_find(&candidate->names, rs_ids_get(names, c));
        if (found != RS_NONE) value[c] = (uint8_t)found;
    }
    for (size_t r = 0; r < data->n; r++)
        if (codes[r] != RS_NONE) candidate->value[r] = value[codes[r]];
    free(order);
    free(tally);
    free(value);
    rs_dict_free(&kept);
    return candidate->names.ids.n >= 2;
}

/* Time */

static void name_values(struct candidate *candidate) {
    enum rs_context_source source = candidate->form.source;
    for (unsigned v = 0; v < 24; v++) {
        char number[16];
        snprintf(number, sizeof number, "%u", source == RS_CONTEXT_MONTH ? v + 1 : v);
        const char *name = number;
        if (source == RS_CONTEXT_WEEKDAY) name = v < 7 ? rs_weekday_names[v] : NULL;
        if (source == RS_CONTEXT_MONTH && v >= 12) name = NULL;
        if (source == RS_CONTEXT_SEASON) name = v < 4 ? rs_season_names[v] : NULL;
        if (source >= RS_CONTEXT_USER_AGE) name = v < RS_AGES ? rs_age_names[v] : NULL;
        if (name != NULL) rs_dict_add(&candidate->names, id_of(name));
    }
}

/* An item that is there when the log begins appeared nobody knows when: that takes a hundredth of
 * the log to tell. */
static void find_beginnings(struct data *data, int64_t first, int64_t last) {
    data->user_began = rs_malloc(data->n_users, sizeof *data->user_began);
    data->item_appeared = rs_malloc(data->n_items, sizeof *data->item_appeared);
    for (size_t u = 0; u < data->n_users; u++) data->user_began[u] = RS_NO_TIME;
    for (size_t i = 0; i < data->n_items; i++) data->item_appeared[i] = RS_NO_TIME;
    for (size_t r = 0; r < data->n; r++) {
        int64_t when = data->time[r];
        if (when == RS_NO_TIME) continue;
        int64_t *began = &data->user_began[data->user[r]];
        int64_t *appeared = &data->item_appeared[data->item[r]];
        if (*began == RS_NO_TIME || when < *began) *began = when;
        if (*appeared == RS_NO_TIME || when < *appeared) *appeared = when;
    }
    for (size_t i = 0; i < data->n_items; i++)
        if (data->item_appeared[i] != RS_NO_TIME &&
            data->item_appeared[i] < first + (last - first) / 100)
            data->item_appeared[i] = RS_NO_TIME;
}

static void fill_time(struct data *data, struct candidate *candidate) {
    enum rs_context_source source = candidate->form.source;
    for (size_t r = 0; r < data->n; r++) {
        int64_t when = data->time[r];
        if (when == RS_NO_TIME) continue;
        if (source == RS_CONTEXT_USER_AGE) {
            candidate->value[r] = rs_age_of(data->user_began[data->user[r]], when);
        } else if (source == RS_CONTEXT_ITEM_AGE) {
            candidate->value[r] = rs_age_of(data->item_appeared[data->item[r]], when);
        } else {
            struct rs_local local =
                rs_zone_local(&data->zones[data->user_zone[data->user[r]]], when);
            candidate->value[r] = rs_context_time_value(source, &local);
        }
    }
}

/* What comes round cannot be told from a trend before it has come twice. */
static void add_times(struct data *data, const struct data_request *request) {
    static const int64_t days[RS_CONTEXT_N_TIMES] = {2, 14, 730, 730, 2, 2};
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (size_t r = 0; data->time != NULL && r < data->n; r++) {
        if (data->time[r] == RS_NO_TIME) continue;
        if (data->time[r] < first) first = data->time[r];
        if (data->time[r] > last) last = data->time[r];
    }
    bool timed = first <= last;
    if (timed) find_beginnings(data, first, last);
    for (int s = 0; s < RS_CONTEXT_N_TIMES; s++) {
        const char *name = rs_context_names[s];
        if (!is_wanted(request, name)) continue;
        if (!timed && request->n_names > 0)
            rs_die(EX_DATAERR, "%s: has no times, which the dimension %s needs (rs-matrix --times)",
                   data->matrix->file->name, name);
        if (!timed) continue;
        if ((last - first) / 86400000 < days[s]) {
            rs_note("%s: left out, the ratings span fewer than %lld days", name,
                    (long long)days[s]);
            continue;
        }
        struct candidate *candidate = add(data, name, (enum rs_context_source)s, NULL, false);
        name_values(candidate);
        fill_time(data, candidate);
    }
}

/* Time zones */

/* The zone that VALUE stands for; empty if for none. */
static struct rs_id zone_meant(const struct data_request *request, struct rs_id value) {
    if (request->n_places == 0) return value;
    for (size_t p = 0; p < request->n_places; p++) {
        struct rs_id place = id_of(request->places[p]);
        if (place.length > value.length && place.text[value.length] == '=' &&
            memcmp(place.text, value.text, value.length) == 0)
            return id_of(place.text + value.length + 1);
    }
    return (struct rs_id){"", 0};
}

/* The number of a zone by its name, which is loaded if it is new. */
static uint8_t zone_number(struct data *data, struct rs_dict *names, struct rs_id name,
                           const char *column) {
    uint32_t number = rs_dict_add(names, name);
    struct rs_error err;
    if (number < data->n_zones) return (uint8_t)number;
    if (number == RS_MAX_ZONES)
        rs_die(EX_DATAERR, "--timezone-of: more than %d time zones", RS_MAX_ZONES);
    char *text = rs_strndup(name.text, name.length);
    if (!rs_zone_load(&data->zones[number], text, &err))
        rs_die(EX_DATAERR, "--timezone-of %s: %s", column, err.text);
    free(text);
    data->n_zones++;
    return (uint8_t)number;
}

/* The column that tells a user's place: for "region" also the first character of a postal code. */
static struct rs_dimension find_place(const struct rs_table *table, const char *name) {
    if (rs_table_find(table, name) != NULL) return (struct rs_dimension){.column = name};
    for (size_t c = 0; c < table->n_columns && strcmp(name, "region") == 0; c++)
        if (rs_context_is_postal(table->columns[c].name))
            return (struct rs_dimension){.column = table->columns[c].name, .initial = true};
    rs_die(EX_USAGE, "--timezone-of: there is no '%s' among the columns of users", name);
}

static void find_zones(struct data *data, const struct data_request *request) {
    struct rs_error err;
    struct rs_dict names;
    size_t n_without = 0;
    data->user_zone = rs_calloc(data->n_users, 1);
    if (!rs_zone_load(&data->zones[0], request->zone, &err)) rs_die_error(&err);
    data->n_zones = 1;
    for (size_t p = 0; p < request->n_places; p++)
        if (strchr(request->places[p], '=') == NULL)
            rs_usage_error("--place: '%s' is not VALUE=ZONE", request->places[p]);
    if (request->n_places > 0 && request->zone_of == NULL)
        rs_usage_error("--place goes with --timezone-of");
    if (request->zone_of == NULL) return;
    struct rs_dimension place = find_place(&data->matrix->users.table, request->zone_of);
    rs_dict_init(&names);
    rs_dict_add(&names, id_of(request->zone));
    for (uint32_t u = 0; u < data->n_users; u++) {
        char room[64];
        struct rs_id value = rs_context_user_text(&place, data->matrix, u, room);
        struct rs_id zone = value.length == 0 ? value : zone_meant(request, value);
        n_without += zone.length == 0;
        if (zone.length > 0) data->user_zone[u] = zone_number(data, &names, zone, request->zone_of);
    }
    rs_dict_free(&names);
    if (n_without > 0)
        rs_warn("--timezone-of %s: tells no time zone of %zu of %zu users, who have %s",
                request->zone_of, n_without, data->n_users, request->zone);
}

/* Users */

static void add_user_column(struct data *data, const struct rs_table_column *column,
                            const char *name, bool initial) {
    struct candidate *candidate = add(data, name, RS_CONTEXT_USER, column->name, initial);
    /* Names of all users' values by a first, wide dimension of one name a user. */
    struct rs_dict names;
    rs_dict_init(&names);
    uint32_t *of_user = rs_malloc(data->n_users, sizeof *of_user);
    for (uint32_t u = 0; u < data->n_users; u++) {
        char room[64];
        struct rs_id text = rs_context_user_text(&candidate->form, data->matrix, u, room);
        of_user[u] = text.length == 0 ? RS_NONE : rs_dict_add(&names, text);
    }
    uint32_t *codes = rs_malloc(data->n, sizeof *codes);
    for (size_t r = 0; r < data->n; r++) codes[r] = of_user[data->user[r]];
    bool enough = settle_values(data, candidate, &names.ids, codes);
    free(codes);
    free(of_user);
    rs_dict_free(&names);
    if (enough) return;
    rs_note("%s: left out, fewer than two of its values are frequent enough", name);
    drop_last(data);
}

static void add_users(struct data *data, const struct data_request *request) {
    const struct rs_table *table = &data->matrix->users.table;
    for (size_t c = 0; c < table->n_columns; c++) {
        const struct rs_table_column *column = &table->columns[c];
        bool postal = rs_context_is_postal(column->name);
        const char *name = postal ? "region" : column->name;
        if (postal && rs_table_find(table, "region") != NULL) continue;
        if (!postal && column->kind != RS_CATEGORY) continue;
        if (column->kind == RS_SET || !is_wanted(request, name) || is_there(data, name)) continue;
        add_user_column(data, column, name, postal);
    }
}

/* Columns of the ratings */

/* Lines of a matrix by the numbers of a growing dictionary. */
struct lines {
    uint32_t *line;
    size_t n, capacity;
};

static void find_lines(struct lines *lines, const struct rs_ids *names, const struct rs_ids *ids) {
    rs_grow(&lines->line, &lines->capacity, names->n, sizeof *lines->line);
    for (; lines->n < names->n; lines->n++)
        lines->line[lines->n] = rs_ids_find(ids, rs_ids_get(names, lines->n));
}

size_t data_find(const struct data *data, uint32_t user, uint32_t item) {
    if (user == RS_NONE || item == RS_NONE) return SIZE_MAX;
    size_t low = data->matrix->rows.start[user], high = data->matrix->rows.start[user + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (data->item[middle] < item) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < data->matrix->rows.start[user + 1] && data->item[low] == item ? low : SIZE_MAX;
}

/* CODES[c]: the context c of every rating, RS_NONE where there is none. Returns how many of the
 * matrix's ratings the file holds. */
static size_t read_codes(struct data *data, struct rs_pairs_reader *reader, uint32_t **codes) {
    struct rs_error err;
    struct rs_pairs *batch;
    struct lines users = {0}, items = {0};
    size_t n_found = 0;
    while (true) {
        if (!rs_pairs_next(reader, &batch, &err)) rs_die_error(&err);
        if (batch == NULL) break;
        find_lines(&users, &reader->users.ids, &data->matrix->users.ids);
        find_lines(&items, &reader->items.ids, &data->matrix->items.ids);
        for (size_t c = 0; c < reader->n_contexts; c++) {
            if (codes[c] != NULL) continue;
            codes[c] = rs_malloc(data->n, sizeof **codes);
            memset(codes[c], 0xff, data->n * sizeof **codes);
        }
        for (size_t i = 0; i < batch->n; i++) {
            size_t at = data_find(data, users.line[batch->user[i]], items.line[batch->item[i]]);
            if (at == SIZE_MAX) continue;
            n_found++;
            for (size_t c = 0; c < reader->n_contexts; c++) codes[c][at] = batch->context[c][i];
        }
    }
    free(users.line);
    free(items.line);
    return n_found;
}

static void add_columns(struct data *data, const struct data_request *request) {
    struct rs_error err;
    struct rs_pairs_reader reader;
    uint32_t *codes[RS_MAX_CONTEXTS] = {0};
    const char *const paths[] = {request->ratings};
    if (!rs_pairs_open(&reader, paths, 1, "ratings", &err)) rs_die_error(&err);
    reader.skip_tables = true;
    if (read_codes(data, &reader, codes) < data->n)
        rs_die(EX_DATAERR, "%s: holds not all of the ratings of %s", request->ratings,
               data->matrix->file->name);
    for (size_t c = 0; c < reader.n_contexts; c++) {
        const char *name = reader.contexts[c].name;
        if (is_wanted(request, name)) {
            struct candidate *candidate = add(data, name, RS_CONTEXT_RATING, name, false);
            if (!settle_values(data, candidate, &reader.contexts[c].values.ids, codes[c])) {
                rs_note("%s: left out, fewer than two of its values are frequent enough", name);
                drop_last(data);
            }
        }
        free(codes[c]);
    }
    rs_pairs_close(&reader);
}

/* Everything */

static void check_names(const struct data *data, const struct data_request *request) {
    for (size_t i = 0; i < request->n_names; i++) {
        bool known = is_there(data, request->names[i]);
        for (int s = 0; s < RS_CONTEXT_N_TIMES; s++)
            known |= strcmp(request->names[i], rs_context_names[s]) == 0;
        if (!known)
            rs_die(EX_USAGE,
                   "--dimension: there is no '%s' among the columns of ratings and users%s",
                   request->names[i],
                   request->ratings == NULL ? " (--ratings names a file with columns)" : "");
    }
}

void data_gather(struct data *data, const struct rs_matrix *matrix,
                 const struct data_request *request) {
    *data = (struct data){.matrix = matrix,
                          .n = matrix->n_ratings,
                          .n_users = matrix->users.ids.n,
                          .n_items = matrix->items.ids.n,
                          .item = matrix->rows.other,
                          .time = matrix->time,
                          .zone_name = request->zone};
    data->user = rs_malloc(data->n, sizeof *data->user);
    data->fold = rs_malloc(data->n_users, 1);
    for (uint32_t u = 0; u < data->n_users; u++) {
        struct rs_id id = rs_ids_get(&matrix->users.ids, u);
        data->fold[u] =
            (uint8_t)(rs_random_hash(request->seed, id.text, id.length, "fold", 4) % N_FOLDS);
        for (uint64_t r = matrix->rows.start[u]; r < matrix->rows.start[u + 1]; r++)
            data->user[r] = u;
    }
    find_zones(data, request);
    if (request->ratings != NULL) add_columns(data, request);
    add_times(data, request);
    add_users(data, request);
    check_names(data, request);
    for (size_t c = 0; c < data->n_candidates; c++) {
        struct candidate *candidate = &data->candidates[c];
        candidate->form.values = candidate->names.ids;
        for (size_t r = 0; r < data->n; r++)
            candidate->n_known += candidate->value[r] != RS_NO_VALUE;
    }
}

void data_free(struct data *data) {
    while (data->n_candidates > 0) drop_last(data);
    free(data->user);
    free(data->fold);
    free(data->user_began);
    free(data->item_appeared);
    free(data->x);
    free(data->residual);
    for (size_t z = 0; z < data->n_zones; z++) rs_zone_free(&data->zones[z]);
    free(data->user_zone);
}
