#include "columns.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

enum role { ROLE_USER, ROLE_ITEM, ROLE_RATING, ROLE_TIME, N_ROLES };

static const char *const role_names[N_ROLES] = {"user", "item", "rating", "time"};

/* Names under which files of ratings have these columns, in lower case without punctuation; a name
 * that begins with "count" words also says that the feedback is implicit. */
static const char *const synonyms[N_ROLES][28] = {
    [ROLE_USER] = {"user", "userid", "uid", "reviewerid", "reviewer", "customerid", "customer",
                   "accountid", "visitorid", "profile", "profileid", "memberid", "personid",
                   "sessionid", "useridx"},
    [ROLE_ITEM] = {"item",     "itemid",  "iid",    "movieid", "movie",     "filmid",   "film",
                   "asin",     "parentasin", "productid", "product", "bookid", "isbn",  "artistid",
                   "trackid",  "songid",  "animeid", "businessid", "jokeid", "gameid", "recipeid",
                   "articleid", "itemidx", "show", "showid", "videoid"},
    [ROLE_RATING] = {"rating", "ratings", "stars", "star", "overall", "score", "value", "bookrating",
                     "starrating", "preference", "count", "counts", "weight", "plays", "playcount",
                     "listens", "clicks", "quantity", "views"},
    [ROLE_TIME] = {"time", "timestamp", "date", "datetime", "unixreviewtime", "reviewtime",
                   "createdat", "ratedat", "ts", "unixtime", "reviewdate", "when"},
};
static const char *const counted[] = {"count", "counts", "weight", "plays", "playcount", "listens",
                                      "clicks", "quantity", "views", NULL};

/* "Movie-ID" becomes "movieid". */
static void fold(const char *name, char *out, size_t size) {
    size_t n = 0;
    for (; *name != '\0' && n + 1 < size; name++)
        if (isalnum((unsigned char)*name)) out[n++] = (char)tolower((unsigned char)*name);
    out[n] = '\0';
}

static int role_of_name(const char *name) {
    char folded[64];
    fold(name, folded, sizeof folded);
    for (int role = 0; role < N_ROLES; role++)
        for (int i = 0; synonyms[role][i] != NULL; i++)
            if (strcmp(folded, synonyms[role][i]) == 0) return role;
    return N_ROLES;
}

static size_t *position(struct columns *columns, int role) {
    size_t *positions[N_ROLES] = {&columns->user, &columns->item, &columns->rating,
                                  &columns->time};
    return positions[role];
}

static bool says_counts(const char *name) {
    char folded[64];
    fold(name, folded, sizeof folded);
    for (int i = 0; counted[i] != NULL; i++)
        if (strcmp(folded, counted[i]) == 0) return true;
    return false;
}

/* By the names in the header; of several that fit the first counts, but the synonyms' order
 * breaks the tie between "date" and "unixReviewTime": a number is the better time. */
static void find_by_names(struct columns *columns, const struct rs_form *form) {
    for (size_t c = 0; c < form->n_columns; c++) {
        int role = role_of_name(form->names[c]);
        if (role == N_ROLES) continue;
        size_t *at = position(columns, role);
        char folded[64];
        fold(form->names[c], folded, sizeof folded);
        if (*at == NO_COLUMN || strcmp(folded, "unixreviewtime") == 0) *at = c;
    }
}

static bool find_by_place(struct columns *columns, const struct rs_form *form, const char *place,
                          struct rs_error *err) {
    if (form->n_columns < 2)
        return rs_fail(err, EX_DATAERR, "%s: has %zu column where a user and an item are needed",
                       place, form->n_columns);
    if (form->layout == RS_LAYOUT_JSON)
        return rs_fail(err, EX_DATAERR, "%s: finds no keys for user and item: name them as in "
                                        "--columns user=KEY,item=KEY,rating=KEY", place);
    if (form->header)
        return rs_fail(err, EX_DATAERR, "%s: its header names no user and item that are known: name "
                                        "them as in --columns user=%s,item=%s,rating=…",
                       place, form->names[0], form->names[1]);
    columns->user = 0;
    columns->item = 1;
    if (form->n_columns > 2) columns->rating = 2;
    if (form->n_columns > 3) columns->time = 3;
    return true;
}

static bool add_context(struct columns *columns, const char *name, size_t length, size_t at,
                        struct rs_error *err) {
    if (columns->n_contexts == RS_MAX_CONTEXTS)
        return rs_fail(err, EX_USAGE, "--columns: more than %d context columns", RS_MAX_CONTEXTS);
    columns->context[columns->n_contexts] = at;
    columns->context_name[columns->n_contexts++] = rs_strndup(name, length);
    return true;
}

static bool find_named(const struct rs_form *form, const char *name, size_t length, size_t *at,
                       struct rs_error *err) {
    for (size_t c = 0; form->names != NULL && c < form->n_columns; c++) {
        if (strlen(form->names[c]) != length || memcmp(form->names[c], name, length) != 0) continue;
        *at = c;
        return true;
    }
    return rs_fail(err, EX_USAGE, "--columns: there is no column '%.*s'%s", (int)length, name,
                   form->names == NULL ? " because there is no header" : "");
}

/* One entry of --columns: ROLE or a context's name by place, or either =NAME by the header's. */
static bool take_entry(struct columns *columns, const struct rs_form *form, const char *entry,
                       size_t length, size_t place, struct rs_error *err) {
    const char *equals = memchr(entry, '=', length);
    size_t word = equals == NULL ? length : (size_t)(equals - entry);
    size_t at = place;
    if (equals != NULL && !find_named(form, equals + 1, length - word - 1, &at, err)) return false;
    if (equals == NULL && form->layout == RS_LAYOUT_JSON)
        return rs_fail(err, EX_USAGE, "--columns: JSON has no places: write %.*s=KEY", (int)word,
                       entry);
    if (word == 1 && *entry == '-') return true;
    if (word == 1 && *entry == '*') {
        columns->first_item = at;
        return true;
    }
    for (int role = 0; role < N_ROLES; role++) {
        if (strlen(role_names[role]) != word || memcmp(role_names[role], entry, word) != 0) continue;
        *position(columns, role) = at;
        return true;
    }
    return word > 0 ? add_context(columns, entry, word, at, err)
                    : rs_fail(err, EX_USAGE, "--columns: an empty name; write '-' to ignore one");
}

static bool take_given(struct columns *columns, const struct rs_form *form, const char *given,
                       struct rs_error *err) {
    size_t place = 0;
    for (const char *entry = given; ; place++) {
        size_t length = strcspn(entry, ",");
        if (!take_entry(columns, form, entry, length, place, err)) return false;
        if (entry[length] == '\0') break;
        entry += length + 1;
    }
    return true;
}

/* A wide record: its items are the columns from first_item on. */
static bool find_wide(struct columns *columns, const struct rs_form *form, bool given,
                      const char *place, struct rs_error *err) {
    if (form->layout == RS_LAYOUT_JSON)
        return rs_fail(err, EX_USAGE, "--wide: JSON lines have no columns");
    if (!given) {
        columns->user = 0;
        columns->first_item = 1;
    }
    if (columns->first_item == NO_COLUMN)
        return rs_fail(err, EX_USAGE, "--wide: --columns needs '*' where the items begin");
    if (columns->first_item >= form->n_columns)
        return rs_fail(err, EX_DATAERR, "%s: has no item columns", place);
    columns->item_names = form->names;
    if (form->names == NULL) {
        columns->item_names = rs_calloc(form->n_columns, sizeof *columns->item_names);
        for (size_t c = columns->first_item; c < form->n_columns; c++)
            columns->item_names[c] = rs_format("%zu", c - columns->first_item + 1);
    }
    return true;
}

bool columns_find(struct columns *columns, const struct rs_form *form, const char *given,
                  bool wide, const char *place, struct rs_error *err) {
    *columns = (struct columns){.user = NO_COLUMN, .item = NO_COLUMN, .rating = NO_COLUMN,
                                .time = NO_COLUMN, .first_item = NO_COLUMN, .wide = wide,
                                .n_fields = form->n_columns};
    if (given != NULL && !take_given(columns, form, given, err)) return false;
    if (wide) return find_wide(columns, form, given != NULL, place, err);
    if (given == NULL) {
        if (form->names != NULL) find_by_names(columns, form);
        if ((columns->user == NO_COLUMN || columns->item == NO_COLUMN) &&
            !find_by_place(columns, form, place, err))
            return false;
    }
    if (columns->user == NO_COLUMN || columns->item == NO_COLUMN)
        return rs_fail(err, EX_USAGE, "--columns: needs both user and item");
    size_t last = columns->user > columns->item ? columns->user : columns->item;
    if (last >= form->n_columns)
        return rs_fail(err, EX_DATAERR, "%s: has %zu columns, too few for --columns %s", place,
                       form->n_columns, given);
    columns->looks_counted = columns->rating != NO_COLUMN && form->names != NULL &&
                             says_counts(form->names[columns->rating]);
    return true;
}

void columns_free(struct columns *columns, const struct rs_form *form) {
    for (size_t c = 0; c < columns->n_contexts; c++) free(columns->context_name[c]);
    if (columns->item_names != NULL && columns->item_names != form->names) {
        for (size_t c = 0; c < columns->n_fields; c++) free(columns->item_names[c]);
        free(columns->item_names);
    }
}
