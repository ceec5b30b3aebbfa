#include "users.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "format/pairs.h"

enum { N_SHARDS = 64 };

/* The last word about an item. */
struct change {
    uint32_t item; /* in users.items */
    uint32_t line; /* in the matrix of the model numbered `generation`, or RS_NONE */
    uint64_t generation;
    int64_t time;
    float value;
    bool removed;
};

struct user {
    uint64_t version;
    uint64_t counted_version, counted_generation; /* for which n_rated holds */
    size_t n_rated;                               /* items of the model */
    struct change *changes;
    size_t n, capacity;
};

struct shard {
    pthread_mutex_t lock;
    struct rs_dict names;
    struct user *users; /* by the number of the name */
    size_t capacity;
} __attribute__((aligned(64)));

struct users {
    struct shard shards[N_SHARDS];
    pthread_rwlock_t items_lock;
    struct rs_dict items;
    atomic_uint_fast64_t n_changes;
};

struct users *users_new(void) {
    struct users *users = rs_aligned(1, sizeof *users);
    memset(users, 0, sizeof *users);
    for (size_t s = 0; s < N_SHARDS; s++) {
        pthread_mutex_init(&users->shards[s].lock, NULL);
        rs_dict_init(&users->shards[s].names);
    }
    pthread_rwlock_init(&users->items_lock, NULL);
    rs_dict_init(&users->items);
    return users;
}

void users_free(struct users *users) {
    for (size_t s = 0; s < N_SHARDS; s++) {
        struct shard *shard = &users->shards[s];
        for (size_t u = 0; u < shard->names.ids.n; u++) free(shard->users[u].changes);
        free(shard->users);
        rs_dict_free(&shard->names);
        pthread_mutex_destroy(&shard->lock);
    }
    rs_dict_free(&users->items);
    pthread_rwlock_destroy(&users->items_lock);
    free(users);
}

static struct shard *shard_of(struct users *users, struct rs_id name) {
    return &users->shards[rs_id_hash(name) % N_SHARDS];
}

/* Under the shard's lock; NULL for somebody who has said nothing. */
static struct user *find(struct shard *shard, struct rs_id name) {
    uint32_t u = shard->names.ids.n == 0 ? RS_NONE : rs_dict_find(&shard->names, name);
    return u == RS_NONE ? NULL : &shard->users[u];
}

/* Brings the line of a change up to the model. */
static uint32_t line_of(struct users *users, const struct snapshot *snapshot,
                        struct change *change) {
    if (change->generation == snapshot->generation) return change->line;
    pthread_rwlock_rdlock(&users->items_lock);
    struct rs_id name = rs_ids_get(&users->items.ids, change->item);
    change->line = rs_ids_find(&snapshot->matrix->items.ids, name);
    pthread_rwlock_unlock(&users->items_lock);
    change->generation = snapshot->generation;
    return change->line;
}

/* The entry of an item in a user's line of the matrix, or false. */
static bool in_matrix(const struct rs_matrix *matrix, uint32_t user, uint32_t item,
                      uint64_t *entry) {
    if (user == RS_NONE || item == RS_NONE) return false;
    uint64_t from = matrix->rows.start[user], to = matrix->rows.start[user + 1], end = to;
    while (from < to) {
        uint64_t middle = from + (to - from) / 2;
        if (matrix->rows.other[middle] < item) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    *entry = from;
    return from < end && matrix->rows.other[from] == item;
}

/* Where the user's change of an item is, or would be: changes ascend by item. */
static size_t place_of(const struct user *user, uint32_t item) {
    size_t from = 0, to = user->n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (user->changes[middle].item < item) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

static struct change *change_of(const struct user *user, uint32_t item) {
    size_t place = place_of(user, item);
    return place < user->n && user->changes[place].item == item ? &user->changes[place] : NULL;
}

static struct change *add_change(struct user *user, struct change change) {
    size_t place = place_of(user, change.item);
    rs_grow(&user->changes, &user->capacity, user->n + 1, sizeof *user->changes);
    memmove(&user->changes[place + 1], &user->changes[place],
            (user->n++ - place) * sizeof *user->changes);
    user->changes[place] = change;
    return &user->changes[place];
}

static struct user *add_user(struct shard *shard, struct rs_id name) {
    uint32_t n_before = (uint32_t)shard->names.ids.n, number = rs_dict_add(&shard->names, name);
    if (number == n_before) {
        rs_grow(&shard->users, &shard->capacity, n_before + 1, sizeof *shard->users);
        shard->users[number] = (struct user){0};
    }
    return &shard->users[number];
}

void users_apply(struct users *users, const struct snapshot *snapshot, const struct event *event) {
    const struct rs_matrix *matrix = snapshot->matrix;
    uint64_t entry;
    pthread_rwlock_wrlock(&users->items_lock);
    uint32_t item = rs_dict_add(&users->items, event->item);
    pthread_rwlock_unlock(&users->items_lock);
    uint32_t row = rs_ids_find(&matrix->users.ids, event->user);
    struct shard *shard = shard_of(users, event->user);
    pthread_mutex_lock(&shard->lock);
    struct user *user = add_user(shard, event->user);
    struct change *change = change_of(user, item);
    bool said_before = change != NULL && !change->removed, is_new = change == NULL;
    if (is_new) change = add_change(user, (struct change){.item = item, .generation = UINT64_MAX});
    uint32_t line = line_of(users, snapshot, change);
    if (is_new) said_before = in_matrix(matrix, row, line, &entry);
    change->value = event->value;
    change->time = event->time;
    change->removed = event->removed;
    user->version++;
    if (line != RS_NONE) snapshot_count(snapshot, line, (int)!event->removed - (int)said_before);
    pthread_mutex_unlock(&shard->lock);
    atomic_fetch_add(&users->n_changes, 1);
}

/* True if the matrix says the same already. */
static bool is_known(const struct snapshot *snapshot, uint32_t user, const struct change *change) {
    uint64_t entry;
    bool there = in_matrix(snapshot->matrix, user, change->line, &entry);
    if (change->removed) return !there && change->line != RS_NONE;
    return there &&
           snapshot->matrix->rows.rating[entry] == snapshot_rating(snapshot, change->value);
}

static void count_user(struct users *users, const struct snapshot *snapshot, struct rs_id name,
                       struct user *user) {
    uint32_t row = rs_ids_find(&snapshot->matrix->users.ids, name);
    uint64_t entry;
    for (size_t c = 0; c < user->n; c++) {
        struct change *change = &user->changes[c];
        uint32_t line = line_of(users, snapshot, change);
        bool there = in_matrix(snapshot->matrix, row, line, &entry);
        if (line != RS_NONE) snapshot_count(snapshot, line, (int)!change->removed - (int)there);
    }
}

static void forget_of_user(struct users *users, const struct snapshot *snapshot, struct rs_id name,
                           struct user *user) {
    uint32_t row = rs_ids_find(&snapshot->matrix->users.ids, name);
    size_t kept = 0;
    for (size_t c = 0; c < user->n; c++) {
        line_of(users, snapshot, &user->changes[c]);
        if (!is_known(snapshot, row, &user->changes[c])) user->changes[kept++] = user->changes[c];
    }
    user->n = kept;
}

static void for_each(struct users *users, const struct snapshot *snapshot,
                     void (*act)(struct users *users, const struct snapshot *snapshot,
                                 struct rs_id name, struct user *user)) {
    for (size_t s = 0; s < N_SHARDS; s++) {
        struct shard *shard = &users->shards[s];
        pthread_mutex_lock(&shard->lock);
        for (size_t u = 0; u < shard->names.ids.n; u++)
            act(users, snapshot, rs_ids_get(&shard->names.ids, u), &shard->users[u]);
        pthread_mutex_unlock(&shard->lock);
    }
}

void users_count(struct users *users, const struct snapshot *snapshot) {
    for_each(users, snapshot, count_user);
}

void users_forget(struct users *users, const struct snapshot *snapshot) {
    for_each(users, snapshot, forget_of_user);
}

/* How many items of the model the user has rated, of N_LINE in the matrix; counted once a change.
 */
static size_t count_rated(struct users *users, const struct snapshot *snapshot, struct user *user,
                          uint32_t row, size_t n_line) {
    uint64_t entry;
    if (user->counted_version == user->version && user->counted_generation == snapshot->generation)
        return user->n_rated;
    user->n_rated = n_line;
    for (size_t c = 0; c < user->n; c++) {
        uint32_t line = line_of(users, snapshot, &user->changes[c]);
        if (line == RS_NONE) continue;
        bool there = in_matrix(snapshot->matrix, row, line, &entry);
        user->n_rated += (size_t)!user->changes[c].removed - (size_t)there;
    }
    user->counted_version = user->version;
    user->counted_generation = snapshot->generation;
    return user->n_rated;
}

struct standing users_standing(struct users *users, const struct snapshot *snapshot,
                               struct rs_id name) {
    const struct rs_matrix *matrix = snapshot->matrix;
    uint32_t row = rs_ids_find(&matrix->users.ids, name);
    struct standing standing = {.known = row != RS_NONE};
    if (row != RS_NONE)
        standing.n_rated = (size_t)(matrix->rows.start[row + 1] - matrix->rows.start[row]);
    struct shard *shard = shard_of(users, name);
    pthread_mutex_lock(&shard->lock);
    struct user *user = find(shard, name);
    if (user != NULL) {
        standing.changed = user->n > 0;
        standing.known |= standing.changed;
        standing.version = user->version;
        standing.n_rated = count_rated(users, snapshot, user, row, standing.n_rated);
    }
    pthread_mutex_unlock(&shard->lock);
    return standing;
}

uint64_t users_changes(const struct users *users) {
    return atomic_load(&users->n_changes);
}

void users_size(struct users *users, size_t *n_users, size_t *n_events) {
    *n_users = *n_events = 0;
    for (size_t s = 0; s < N_SHARDS; s++) {
        struct shard *shard = &users->shards[s];
        pthread_mutex_lock(&shard->lock);
        *n_users += shard->names.ids.n;
        for (size_t u = 0; u < shard->names.ids.n; u++) *n_events += shard->users[u].n;
        pthread_mutex_unlock(&shard->lock);
    }
}

/* Profiles */

void profile_room_free(struct profile_room *room) {
    free(room->item);
    free(room->rating);
    free(room->changes);
}

static int compare_changes(const void *a, const void *b) {
    const struct change *first = a, *second = b;
    if (first->line != second->line) return first->line < second->line ? -1 : 1;
    return first->item < second->item ? -1 : first->item > second->item;
}

/* Copies the user's changes, by line, those of unknown items (RS_NONE) last. */
static size_t copy_changes(struct users *users, const struct snapshot *snapshot, struct rs_id name,
                           struct profile_room *room) {
    struct shard *shard = shard_of(users, name);
    size_t n = 0;
    pthread_mutex_lock(&shard->lock);
    struct user *user = find(shard, name);
    if (user != NULL) {
        rs_grow(&room->changes, &room->change_capacity, user->n, sizeof *room->changes);
        for (; n < user->n; n++) {
            line_of(users, snapshot, &user->changes[n]);
            room->changes[n] = user->changes[n];
        }
    }
    pthread_mutex_unlock(&shard->lock);
    if (n > 1) qsort(room->changes, n, sizeof *room->changes, compare_changes);
    return n;
}

/* Merges a line of the matrix with N changes, by item: returns the number of ratings. *differs
 * tells whether anything is other than in the matrix. */
static size_t merge(const struct rs_profile *line, const struct snapshot *snapshot,
                    struct profile_room *room, size_t n_changes, bool *differs) {
    size_t n = 0, e = 0, c = 0;
    *differs = false;
    while (e < line->n || c < n_changes) {
        const struct change *change = c < n_changes ? &room->changes[c] : NULL;
        if (change == NULL || (e < line->n && line->item[e] < change->line)) {
            room->item[n] = line->item[e];
            room->rating[n++] = line->rating[e++];
            continue;
        }
        bool there = e < line->n && line->item[e] == change->line;
        float rating = snapshot_rating(snapshot, change->value);
        *differs |= change->removed ? there : !there || line->rating[e] != rating;
        if (!change->removed) {
            room->item[n] = change->line;
            room->rating[n++] = rating;
        }
        e += there;
        c++;
    }
    return n;
}

struct rs_profile users_profile(struct users *users, const struct snapshot *snapshot,
                                struct rs_id name, struct profile_room *room, bool *known) {
    const struct rs_matrix *matrix = snapshot->matrix;
    uint32_t user = rs_ids_find(&matrix->users.ids, name);
    struct rs_profile line = rs_profile_of(matrix, user);
    size_t n_changes = copy_changes(users, snapshot, name, room);
    *known = user != RS_NONE || n_changes > 0;
    while (n_changes > 0 && room->changes[n_changes - 1].line == RS_NONE) n_changes--;
    if (n_changes == 0) return line;
    rs_grow(&room->item, &room->item_capacity, line.n + n_changes, sizeof *room->item);
    rs_grow(&room->rating, &room->rating_capacity, line.n + n_changes, sizeof *room->rating);
    bool differs;
    size_t n = merge(&line, snapshot, room, n_changes, &differs);
    return differs ? rs_profile_from(matrix, user, n, room->item, room->rating) : line;
}

void users_visit(struct users *users, const struct snapshot *snapshot, struct rs_id name,
                 void (*visit)(void *data, const struct said *said), void *data) {
    const struct rs_matrix *matrix = snapshot->matrix;
    struct profile_room room = {0};
    struct rs_profile line = rs_profile_of(matrix, rs_ids_find(&matrix->users.ids, name));
    size_t n_changes = copy_changes(users, snapshot, name, &room), e = 0, c = 0;
    pthread_rwlock_rdlock(&users->items_lock);
    while (e < line.n || c < n_changes) {
        const struct change *change = c < n_changes ? &room.changes[c] : NULL;
        struct said said;
        if (change == NULL || (e < line.n && line.item[e] < change->line)) {
            said = (struct said){rs_ids_get(&matrix->items.ids, line.item[e]), line.item[e],
                                 snapshot_value(snapshot, line.rating[e]),
                                 line.time == NULL ? RS_NO_TIME : line.time[e]};
            visit(data, &said);
            e++;
            continue;
        }
        said = (struct said){rs_ids_get(&users->items.ids, change->item), change->line,
                             change->value, change->time};
        if (!change->removed) visit(data, &said);
        e += e < line.n && line.item[e] == change->line;
        c++;
    }
    pthread_rwlock_unlock(&users->items_lock);
    profile_room_free(&room);
}

bool users_value(struct users *users, const struct snapshot *snapshot, struct rs_id user_name,
                 struct rs_id item_name, float *value) {
    const struct rs_matrix *matrix = snapshot->matrix;
    uint64_t entry;
    pthread_rwlock_rdlock(&users->items_lock);
    uint32_t item = users->items.ids.n == 0 ? RS_NONE : rs_dict_find(&users->items, item_name);
    pthread_rwlock_unlock(&users->items_lock);
    struct shard *shard = shard_of(users, user_name);
    pthread_mutex_lock(&shard->lock);
    struct user *user = item == RS_NONE ? NULL : find(shard, user_name);
    const struct change *change = user == NULL ? NULL : change_of(user, item);
    bool found = change != NULL, removed = found && change->removed;
    if (found) *value = change->value;
    pthread_mutex_unlock(&shard->lock);
    if (found) return !removed;
    if (!in_matrix(matrix, rs_ids_find(&matrix->users.ids, user_name),
                   rs_ids_find(&matrix->items.ids, item_name), &entry))
        return false;
    *value = snapshot_value(snapshot, matrix->rows.rating[entry]);
    return true;
}
