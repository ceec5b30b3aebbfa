#include "columns.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

static const char *const role_names[N_ROLES] = {"user", "item", "rating", "time"};

/* Names under which files of ratings have these columns, in lower case and without punctuation; of
 * two in a file the one that stands earlier here is taken. */
static const char *const synonyms[N_ROLES] = {
    [ROLE_USER] = " user userid useridx uid reviewerid customerid accountid visitorid profileid "
                  "memberid personid clientid readerid listenerid subscriberid username reviewer "
                  "customer profile member sessionid ",
    [ROLE_ITEM] = " item itemid itemidx iid movieid filmid productid bookid isbn asin parentasin "
                  "artistid trackid songid animeid businessid jokeid gameid recipeid articleid "
                  "showid videoid beerid appid titleid contentid courseid newsid venueid sku "
                  "stockcode goodsid movie film product book artist track song show ",
    [ROLE_RATING] = " rating ratings stars star overall bookrating starrating score value "
                    "preference count counts weight plays playcount listens clicks quantity views ",
    [ROLE_TIME] = " unixreviewtime unixtime timestamp ts time datetime date createdat ratedat "
                  "reviewtime reviewdate invoicedate orderdate when ",
};
static const char counted_names[] =
    " count counts weight plays playcount listens clicks quantity views ";
static const char side_names[] = " id title name genre genres category categories tags year age "
                                 "sex gender occupation zip zipcode country city ";

enum { NAME_SIZE = 64 };

/* "Movie-ID" becomes " movieid ". */
static const char *fold(const char *name, size_t length, char out[NAME_SIZE]) {
    size_t n = 0;
    out[n++] = ' ';
    for (size_t i = 0; i < length && n + 2 < NAME_SIZE; i++)
        if (isalnum((unsigned char)name[i])) out[n++] = (char)tolower((unsigned char)name[i]);
    out[n++] = ' ';
    out[n] = '\0';
    return out;
}

/* Where the name stands in a list, or NULL. */
static const char *listed(const char *list, const char *name, size_t length) {
    char folded[NAME_SIZE];
    return strlen(fold(name, length, folded)) > 2 ? strstr(list, folded) : NULL;
}

bool columns_is_role(const char *name, enum role role) {
    return listed(synonyms[role], name, strlen(name)) != NULL;
}

bool columns_is_name(const char *text, size_t length) {
    for (int role = 0; role < N_ROLES; role++)
        if (listed(synonyms[role], text, length) != NULL) return true;
    return listed(side_names, text, length) != NULL;
}

static void find_by_names(struct columns *columns, const struct rs_form *form) {
    for (int role = 0; role < N_ROLES; role++) {
        const char *best = NULL;
        for (size_t c = 0; c < form->n_columns; c++) {
            const char *found = listed(synonyms[role], form->names[c], strlen(form->names[c]));
            if (found == NULL || (best != NULL && found >= best)) continue;
            best = found;
            columns->at[role] = c;
        }
    }
}

static bool is_taken(const struct columns *columns, size_t c) {
    for (int role = 0; role < N_ROLES; role++)
        if (columns->at[role] == c) return true;
    return false;
}

/* What the names left open: user, item, rating and time stand in this order where few columns are
 * left for them. Without a header all do, but a rating and a time must look like one. */
static bool find_by_place(struct columns *columns, const struct rs_form *form, const char *place,
                          struct rs_error *err) {
    static const char advice[] = "name them as in --columns user=";
    size_t most = form->header ? 4 : 8;
    if (form->n_columns < 2)
        return rs_fail(err, EX_DATAERR, "%s: has %zu column where a user and an item are needed",
                       place, form->n_columns);
    if (form->layout == RS_LAYOUT_JSON)
        return rs_fail(err, EX_DATAERR,
                       "%s: finds no keys for user and item among '%s', '%s' …: %sKEY,item=KEY,"
                       "rating=KEY",
                       place, form->names[0], form->names[1], advice);
    if (form->n_columns > most && form->header)
        return rs_fail(err, EX_DATAERR,
                       "%s: its header names no user and item that are known: %s%s,item=%s,…",
                       place, advice, form->names[0], form->names[1]);
    if (form->n_columns > most)
        return rs_fail(err, EX_DATAERR,
                       "%s: has %zu columns and no header: say which is which with --columns, or "
                       "--wide if a row is a user and a column an item",
                       place, form->n_columns);
    size_t c = 0;
    for (int role = 0; role < N_ROLES; role++) {
        if (columns->at[role] != NO_COLUMN) continue;
        while (c < form->n_columns && is_taken(columns, c)) c++;
        if (c == form->n_columns) break;
        if (role == ROLE_TIME && !form->is_time[c]) break;
        columns->at[role] = c;
    }
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

/* A column by its name in the header or, where none has it, by its number from 1. */
static bool find_column(const struct rs_form *form, const char *name, size_t length, size_t *at,
                        struct rs_error *err) {
    for (size_t c = 0; form->names != NULL && c < form->n_columns; c++) {
        if (strlen(form->names[c]) != length || memcmp(form->names[c], name, length) != 0) continue;
        *at = c;
        return true;
    }
    size_t number = 0;
    for (size_t i = 0; i < length && number <= form->n_columns; i++)
        number = isdigit((unsigned char)name[i]) ? 10 * number + (size_t)(name[i] - '0')
                                                 : form->n_columns + 1;
    if (number >= 1 && number <= form->n_columns && form->layout != RS_LAYOUT_JSON) {
        *at = number - 1;
        return true;
    }
    return rs_fail(err, EX_USAGE, "--columns: there is no column '%.*s'%s", (int)length, name,
                   form->names == NULL ? " because there is no header" : "");
}

/* One entry of --columns: ROLE or a context's name by place, or either =COLUMN. */
static bool take_entry(struct columns *columns, const struct rs_form *form, const char *entry,
                       size_t length, size_t place, struct rs_error *err) {
    const char *equals = memchr(entry, '=', length);
    size_t word = equals == NULL ? length : (size_t)(equals - entry);
    size_t at = place;
    if (equals != NULL && !find_column(form, equals + 1, length - word - 1, &at, err)) return false;
    if (equals == NULL && form->layout == RS_LAYOUT_JSON)
        return rs_fail(err, EX_USAGE, "--columns: JSON has no places: write %.*s=KEY", (int)word,
                       entry);
    if (word == 1 && *entry == '-') return true;
    if (word == 1 && *entry == '*') {
        columns->first_item = at;
        return true;
    }
    for (int role = 0; role < N_ROLES; role++) {
        if (strlen(role_names[role]) != word || memcmp(role_names[role], entry, word) != 0)
            continue;
        columns->at[role] = at;
        return true;
    }
    return word > 0 ? add_context(columns, entry, word, at, err)
                    : rs_fail(err, EX_USAGE, "--columns: an empty name; write '-' to ignore one");
}

static bool take_given(struct columns *columns, const struct rs_form *form, const char *given,
                       struct rs_error *err) {
    size_t place = 0;
    for (const char *entry = given;; place++) {
        size_t length = strcspn(entry, ",");
        if (!take_entry(columns, form, entry, length, place, err)) return false;
        if (entry[length] == '\0') return true;
        entry += length + 1;
    }
}

static bool check_item_names(const struct columns *columns, const char *place,
                             struct rs_error *err) {
    for (size_t c = columns->first_item; c < columns->n_fields; c++) {
        const char *name = columns->item_names[c];
        size_t length = strlen(name);
        if (length == 0 || length > RS_ID_MAX || !rs_utf8_valid(name, length))
            return rs_fail(err, EX_DATAERR, "%s: column %zu has no usable name for an item", place,
                           c + 1);
    }
    return true;
}

/* A wide record: its items are the columns from first_item on. */
static bool find_wide(struct columns *columns, const struct rs_form *form, bool given,
                      const char *place, struct rs_error *err) {
    if (form->layout == RS_LAYOUT_JSON)
        return rs_fail(err, EX_USAGE, "--wide: JSON lines have no columns");
    if (!given) {
        columns->at[ROLE_USER] = 0;
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
    return check_item_names(columns, place, err);
}

/* Every position must be one that a record has. */
static bool check_places(const struct columns *columns, const char *given, const char *place,
                         struct rs_error *err) {
    size_t last = 0;
    for (int role = 0; role < N_ROLES; role++)
        if (columns->at[role] != NO_COLUMN && columns->at[role] > last) last = columns->at[role];
    for (size_t c = 0; c < columns->n_contexts; c++)
        if (columns->context[c] > last) last = columns->context[c];
    if (last < columns->n_fields) return true;
    return rs_fail(err, EX_DATAERR, "%s: has %zu column%s, too few for --columns %s", place,
                   columns->n_fields, columns->n_fields == 1 ? "" : "s", given);
}

static bool find_all(struct columns *columns, const struct rs_form *form, const char *given,
                     bool wide, const char *place, struct rs_error *err) {
    if (given != NULL &&
        !(take_given(columns, form, given, err) && check_places(columns, given, place, err)))
        return false;
    if (wide) return find_wide(columns, form, given != NULL, place, err);
    if (given == NULL) {
        if (form->names != NULL) find_by_names(columns, form);
        if ((columns->at[ROLE_USER] == NO_COLUMN || columns->at[ROLE_ITEM] == NO_COLUMN) &&
            !find_by_place(columns, form, place, err))
            return false;
    }
    if (columns->first_item != NO_COLUMN)
        return rs_fail(err, EX_USAGE, "--columns: '*' is for --wide");
    if (columns->at[ROLE_USER] == NO_COLUMN || columns->at[ROLE_ITEM] == NO_COLUMN)
        return rs_fail(err, EX_USAGE, "--columns: needs both user and item");
    return true;
}

bool columns_find(struct columns *columns, const struct rs_form *form, const char *given, bool wide,
                  const char *place, struct rs_error *err) {
    *columns = (struct columns){.first_item = NO_COLUMN, .wide = wide, .n_fields = form->n_columns};
    for (int role = 0; role < N_ROLES; role++) columns->at[role] = NO_COLUMN;
    if (!find_all(columns, form, given, wide, place, err)) {
        columns_free(columns, form);
        return false;
    }
    size_t rating = columns->at[ROLE_RATING];
    columns->counted =
        !wide && (rating == NO_COLUMN ||
                  (form->names != NULL && listed(counted_names, form->names[rating],
                                                 strlen(form->names[rating])) != NULL));
    return true;
}

void columns_free(struct columns *columns, const struct rs_form *form) {
    for (size_t c = 0; c < columns->n_contexts; c++) free(columns->context_name[c]);
    if (columns->item_names != NULL && columns->item_names != form->names) {
        for (size_t c = 0; c < columns->n_fields; c++) free(columns->item_names[c]);
        free(columns->item_names);
    }
    *columns = (struct columns){0};
}

void columns_describe(const struct columns *columns, const struct rs_form *form, char *out,
                      size_t size) {
    size_t used = 0;
    for (int role = 0; role < N_ROLES && used < size; role++) {
        size_t at = columns->at[role];
        const char *comma = used > 0 ? ", " : "";
        if (at == NO_COLUMN) continue;
        used +=
            (size_t)(form->names != NULL ? snprintf(out + used, size - used, "%s%s is '%s'", comma,
                                                    role_names[role], form->names[at])
                                         : snprintf(out + used, size - used, "%s%s is column %zu",
                                                    comma, role_names[role], at + 1));
    }
    if (columns->wide && used < size)
        snprintf(out + used, size - used, "%sitems from column %zu on", used > 0 ? ", " : "",
                 columns->first_item + 1);
}
