#include "profiles.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/message.h"
#include "format/pairs.h"

struct given {
    uint32_t user, item;
    float rating;
    uint64_t order;
};

static int compare_given(const void *a, const void *b) {
    const struct given *first = a, *second = b;
    if (first->user != second->user) return first->user < second->user ? -1 : 1;
    if (first->item != second->item) return first->item < second->item ? -1 : 1;
    return first->order < second->order ? -1 : 1;
}

static struct given *read_given(struct profiles *profiles, const char *path, size_t *n) {
    struct rs_pairs_reader reader;
    struct rs_pairs *batch;
    struct rs_error err;
    struct given *given = NULL;
    size_t capacity = 0;
    *n = 0;
    if (!rs_pairs_open(&reader, &path, 1, "ratings", &err)) rs_die_error(&err);
    while (true) {
        if (!rs_pairs_next(&reader, &batch, &err)) rs_die_error(&err);
        if (batch == NULL) break;
        if (batch->rating == NULL) rs_die(EX_DATAERR, "%s: a batch has no ratings", path);
        for (size_t i = 0; i < batch->n; i++) {
            struct rs_id item = rs_ids_get(&reader.items.ids, batch->item[i]);
            uint32_t line = rs_ids_find(&profiles->matrix->items.ids, item);
            uint32_t user =
                rs_dict_add(&profiles->users, rs_ids_get(&reader.users.ids, batch->user[i]));
            profiles->n_unknown += line == RS_NONE;
            if (line == RS_NONE) continue;
            rs_grow(&given, &capacity, *n + 1, sizeof *given);
            given[*n] = (struct given){user, line, batch->rating[i], *n};
            ++*n;
        }
    }
    rs_pairs_close(&reader);
    return given;
}

void profiles_open(struct profiles *profiles, const struct rs_matrix *matrix, const char *path) {
    *profiles = (struct profiles){.matrix = matrix};
    rs_dict_init(&profiles->users);
    if (path == NULL) return;
    size_t n, kept = 0;
    struct given *given = read_given(profiles, path, &n);
    qsort(given, n, sizeof *given, compare_given);
    size_t n_users = profiles->users.ids.n;
    profiles->start = rs_calloc(n_users + 1, sizeof *profiles->start);
    profiles->item = rs_malloc(n, sizeof *profiles->item);
    profiles->rating = rs_malloc(n, sizeof *profiles->rating);
    for (size_t i = 0; i < n; i++) {
        bool last =
            i + 1 == n || given[i + 1].user != given[i].user || given[i + 1].item != given[i].item;
        if (!last) continue;
        profiles->item[kept] = given[i].item;
        profiles->rating[kept++] = given[i].rating;
        profiles->start[given[i].user + 1] = kept;
    }
    for (size_t u = 0; u < n_users; u++)
        if (profiles->start[u + 1] < profiles->start[u])
            profiles->start[u + 1] = profiles->start[u]; /* nothing but unknown items */
    free(given);
    if (profiles->n_unknown > 0)
        rs_warn("%s: %llu rating%s of items that the matrix does not know", path,
                (unsigned long long)profiles->n_unknown,
                profiles->n_unknown == 1 ? " is" : "s are");
}

void profiles_close(struct profiles *profiles) {
    rs_dict_free(&profiles->users);
    free(profiles->start);
    free(profiles->item);
    free(profiles->rating);
}

struct rs_profile profiles_get(const struct profiles *profiles, struct rs_id name, uint32_t line,
                               struct profile_room *room) {
    struct rs_profile known = rs_profile_of(profiles->matrix, line);
    uint32_t user = profiles->start == NULL ? RS_NONE : rs_dict_find(&profiles->users, name);
    if (user == RS_NONE) return known;
    uint64_t at = profiles->start[user], end = profiles->start[user + 1];
    size_t n = 0, e = 0, most = known.n + (size_t)(end - at);
    rs_grow(&room->item, &room->item_capacity, most, sizeof *room->item);
    rs_grow(&room->rating, &room->rating_capacity, most, sizeof *room->rating);
    bool changed = false;
    while (e < known.n || at < end) {
        bool given = at < end && (e == known.n || profiles->item[at] <= known.item[e]);
        bool again = given && e < known.n && profiles->item[at] == known.item[e];
        if (given) changed |= !again || profiles->rating[at] != known.rating[e];
        e += again;
        room->item[n] = given ? profiles->item[at] : known.item[e];
        room->rating[n++] = given ? profiles->rating[at++] : known.rating[e++];
    }
    if (!changed && line != RS_NONE) return known;
    return rs_profile_from(profiles->matrix, line, n, room->item, room->rating);
}

void profile_room_free(struct profile_room *room) {
    free(room->item);
    free(room->rating);
}
