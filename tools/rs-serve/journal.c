#include "journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/message.h"
#include "seen.h"
#include "segment.h"

enum { MAX_GROUP = 32768, NAME_SIZE = 16, DIGITS = 8 };

struct journal {
    struct journal_target target;
    pthread_t thread;
    pthread_mutex_t lock; /* of the queue and the figures */
    pthread_cond_t arrived;
    struct submission *first, **last; /* waiting */
    bool stopping;
    char *path; /* of the folder; NULL: in memory only */
    int folder, file;
    uint64_t number; /* of the file */
    size_t size, file_bytes;
    struct seen seen;
    struct journal_figures figures;
};

void submission_free(struct submission *submission) {
    if (submission == NULL) return;
    json_decref(submission->json);
    free(submission->memory);
    free(submission->events);
    free(submission);
}

/* Files */

static void file_name(char name[NAME_SIZE], uint64_t number) {
    snprintf(name, NAME_SIZE, "%0*llu.rs", DIGITS, (unsigned long long)number % 100000000);
}

/* The number of a file of the journal; 0 for others. */
static uint64_t file_number(const char *name) {
    if (strspn(name, "0123456789") != DIGITS || strcmp(name + DIGITS, ".rs") != 0) return 0;
    return strtoull(name, NULL, 10);
}

static bool begin_file(struct journal *journal, struct rs_error *err) {
    char name[NAME_SIZE];
    file_name(name, journal->number + 1);
    journal->file =
        openat(journal->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0640);
    if (journal->file < 0) return rs_fail_errno(err, EX_CANTCREAT, "%s/%s", journal->path, name);
    if (fsync(journal->folder) != 0) return rs_fail_errno(err, EX_IOERR, "%s", journal->path);
    journal->number++;
    journal->size = 0;
    return true;
}

static void end_file(struct journal *journal) {
    if (journal->file >= 0) close(journal->file);
    journal->file = -1;
}

static bool write_whole(int file, const char *bytes, size_t n) {
    while (n > 0) {
        ssize_t written = write(file, bytes, n);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes += written;
        n -= (size_t)written;
    }
    return true;
}

/* Puts bytes on disk, or leaves the file as it was. */
static bool append(struct journal *journal, const char *bytes, size_t n, struct rs_error *err) {
    if (journal->file >= 0 && journal->size >= journal->file_bytes) end_file(journal);
    if (journal->file < 0 && !begin_file(journal, err)) return false;
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    if (write_whole(journal->file, bytes, n) && fdatasync(journal->file) == 0) {
        clock_gettime(CLOCK_MONOTONIC, &end);
        journal->size += n;
        pthread_mutex_lock(&journal->lock);
        journal->figures.bytes += n;
        journal->figures.sync_seconds +=
            (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
        pthread_mutex_unlock(&journal->lock);
        return true;
    }
    rs_fail_errno(err, EX_IOERR, "%s: can't write to the journal", journal->path);
    /* What a failed sync leaves in the file is unknown: go on in another one. */
    if (ftruncate(journal->file, (off_t)journal->size) != 0)
        rs_warn("%s: can't cut off what was not accepted", journal->path);
    end_file(journal);
    return false;
}

/* A group */

static bool same(struct rs_id a, struct rs_id b) {
    return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

/* What the pair's count is before the event at INDEX of LAST: in the group, else as it is served.
 */
static float value_before(struct journal *journal, const struct snapshot *snapshot,
                          const struct submission *group, const struct submission *last,
                          size_t index) {
    const struct event *event = &last->events[index].event;
    float value = 0;
    if (!users_value(journal->target.users, snapshot, event->user, event->item, &value)) value = 0;
    for (const struct submission *s = group;; s = s->next) {
        for (size_t i = 0; i < (s == last ? index : s->n); i++) {
            const struct event *earlier = &s->events[i].event;
            if (s->events[i].repeated || !same(earlier->user, event->user) ||
                !same(earlier->item, event->item))
                continue;
            value = earlier->removed ? 0 : earlier->value;
        }
        if (s == last) return value;
    }
}

/* Sees which events are new and what the sums of counts are. Returns how many are to be written. */
static size_t resolve(struct journal *journal, const struct snapshot *snapshot,
                      struct submission *group) {
    size_t n = 0;
    for (struct submission *s = group; s != NULL; s = s->next) {
        s->n_new = 0;
        for (size_t i = 0; i < s->n; i++) {
            struct submitted *submitted = &s->events[i];
            submitted->repeated =
                submitted->id.length > 0 && !seen_add(&journal->seen, submitted->id);
            if (submitted->repeated) continue;
            if (submitted->adds)
                submitted->event.value += value_before(journal, snapshot, group, s, i);
            s->n_new++;
            n++;
        }
    }
    return n;
}

static void apply(struct journal *journal, const struct submission *group) {
    pthread_mutex_lock(journal->target.lock);
    const struct snapshot *snapshot = current_pin(journal->target.current, journal->target.worker);
    for (const struct submission *s = group; s != NULL; s = s->next)
        for (size_t i = 0; i < s->n; i++)
            if (!s->events[i].repeated)
                users_apply(journal->target.users, snapshot, &s->events[i].event);
    current_unpin(journal->target.current, journal->target.worker);
    pthread_mutex_unlock(journal->target.lock);
}

static void forget(struct journal *journal, struct submission *group) {
    for (struct submission *s = group; s != NULL; s = s->next) {
        s->failed = true;
        for (size_t i = 0; i < s->n; i++)
            if (!s->events[i].repeated && s->events[i].id.length > 0)
                seen_remove(&journal->seen, s->events[i].id);
    }
}

static bool record(struct journal *journal, struct submission *group, size_t *n_events) {
    const struct snapshot *snapshot = current_pin(journal->target.current, journal->target.worker);
    bool implicit = snapshot->matrix->implicit;
    *n_events = resolve(journal, snapshot, group);
    current_unpin(journal->target.current, journal->target.worker);
    if (*n_events == 0 || journal->path == NULL) return true;
    size_t n;
    struct rs_error err;
    char *bytes = segment_write(group, implicit, &n);
    bool ok = append(journal, bytes, n, &err);
    free(bytes);
    if (!ok) rs_warn("%s", err.text);
    return ok;
}

static void process(struct journal *journal, struct submission *group) {
    size_t n_events, n_all = 0;
    for (struct submission *s = group; s != NULL; s = s->next) n_all += s->n;
    bool ok = record(journal, group, &n_events);
    if (ok) {
        apply(journal, group);
    } else {
        forget(journal, group);
    }
    pthread_mutex_lock(&journal->lock);
    journal->figures.n_groups++;
    journal->figures.n_events += ok ? n_events : 0;
    journal->figures.n_repeated += n_all - n_events;
    journal->figures.n_failed += ok ? 0 : n_events;
    pthread_mutex_unlock(&journal->lock);
    for (struct submission *next; group != NULL; group = next) {
        next = group->next;
        group->done(group);
    }
}

/* Takes what is waiting, as much as a group holds. */
static struct submission *take_group(struct journal *journal) {
    struct submission *group = journal->first, **end = &journal->first;
    size_t n = 0;
    while (*end != NULL && (n == 0 || n + (*end)->n <= MAX_GROUP)) {
        n += (*end)->n;
        end = &(*end)->next;
    }
    if (group == NULL) return NULL;
    journal->first = *end;
    if (*end == NULL) journal->last = &journal->first;
    *end = NULL;
    return group;
}

static void *run(void *data) {
    struct journal *journal = data;
    while (true) {
        pthread_mutex_lock(&journal->lock);
        while (journal->first == NULL && !journal->stopping)
            pthread_cond_wait(&journal->arrived, &journal->lock);
        struct submission *group = take_group(journal);
        pthread_mutex_unlock(&journal->lock);
        if (group == NULL) return NULL;
        process(journal, group);
    }
}

/* The start */

static void replay_event(void *data, const struct event *event, struct rs_id id) {
    struct journal *journal = data;
    if (id.length > 0 && !seen_add(&journal->seen, id)) return;
    users_apply(journal->target.users, atomic_load(&journal->target.current->snapshot), event);
    journal->figures.n_replayed++;
}

static bool replay_bytes(struct journal *journal, int file, const char *name, size_t n,
                         size_t *whole, struct rs_error *err) {
    *whole = 0;
    if (n == 0) return true;
    void *bytes = mmap(NULL, n, PROT_READ, MAP_PRIVATE, file, 0);
    if (bytes == MAP_FAILED) return rs_fail_errno(err, EX_IOERR, "%s", name);
    bool ok = segments_read(bytes, n, name, replay_event, journal, whole, err);
    munmap(bytes, n);
    return ok;
}

static bool replay_file(struct journal *journal, uint64_t number, struct rs_error *err) {
    char name[NAME_SIZE];
    file_name(name, number);
    char *place = rs_format("%s/%s", journal->path, name);
    int file = openat(journal->folder, name, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    struct stat status;
    size_t whole = 0;
    bool ok = file >= 0 && fstat(file, &status) == 0;
    if (!ok) {
        rs_fail_errno(err, rs_open_code(errno), "%s", place);
    } else {
        size_t n = (size_t)status.st_size;
        ok = replay_bytes(journal, file, place, n, &whole, err);
        if (ok && whole < n) {
            rs_warn("%s: cut off %zu bytes behind the last whole group of events", place,
                    n - whole);
            ok = (ftruncate(file, (off_t)whole) == 0 && fdatasync(file) == 0) ||
                 rs_fail_errno(err, EX_IOERR, "%s", place);
        }
    }
    free(place);
    if (file >= 0) end_file(journal);
    journal->file = file;
    journal->number = number;
    journal->size = whole;
    return ok;
}

static int compare_numbers(const void *a, const void *b) {
    const uint64_t *first = a, *second = b;
    return *first < *second ? -1 : *first > *second;
}

static bool replay(struct journal *journal, struct rs_error *err) {
    uint64_t *numbers = NULL;
    size_t n = 0, capacity = 0;
    DIR *folder = opendir(journal->path);
    if (folder == NULL) return rs_fail_errno(err, rs_open_code(errno), "%s", journal->path);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        uint64_t number = file_number(entry->d_name);
        if (number == 0) continue;
        rs_grow(&numbers, &capacity, n + 1, sizeof *numbers);
        numbers[n++] = number;
    }
    closedir(folder);
    if (n > 1) qsort(numbers, n, sizeof *numbers, compare_numbers);
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) ok = replay_file(journal, numbers[i], err);
    free(numbers);
    return ok;
}

static bool open_folder(struct journal *journal, struct rs_error *err) {
    journal->folder = open(journal->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (journal->folder < 0) return rs_fail_errno(err, rs_open_code(errno), "%s", journal->path);
    if (flock(journal->folder, LOCK_EX | LOCK_NB) != 0)
        return rs_fail(err, EX_TEMPFAIL, "%s: another server keeps its journal there",
                       journal->path);
    return replay(journal, err);
}

static void free_journal(struct journal *journal) {
    end_file(journal);
    if (journal->folder >= 0) close(journal->folder);
    seen_free(&journal->seen);
    pthread_mutex_destroy(&journal->lock);
    pthread_cond_destroy(&journal->arrived);
    free(journal->path);
    free(journal);
}

struct journal *journal_open(const char *path, size_t file_bytes,
                             const struct journal_target *target, struct rs_error *err) {
    struct journal *journal = rs_calloc(1, sizeof *journal);
    journal->target = *target;
    journal->last = &journal->first;
    journal->folder = journal->file = -1;
    journal->file_bytes = file_bytes;
    journal->path = path == NULL ? NULL : rs_strdup(path);
    pthread_mutex_init(&journal->lock, NULL);
    pthread_cond_init(&journal->arrived, NULL);
    bool ok = path == NULL || open_folder(journal, err);
    if (ok && (errno = pthread_create(&journal->thread, NULL, run, journal)) != 0)
        ok = rs_fail_errno(err, EX_OSERR, "can't start a thread");
    if (ok) return journal;
    free_journal(journal);
    return NULL;
}

void journal_submit(struct journal *journal, struct submission *submission) {
    submission->next = NULL;
    pthread_mutex_lock(&journal->lock);
    *journal->last = submission;
    journal->last = &submission->next;
    pthread_cond_signal(&journal->arrived);
    pthread_mutex_unlock(&journal->lock);
}

void journal_close(struct journal *journal) {
    if (journal == NULL) return;
    pthread_mutex_lock(&journal->lock);
    journal->stopping = true;
    pthread_cond_signal(&journal->arrived);
    pthread_mutex_unlock(&journal->lock);
    pthread_join(journal->thread, NULL);
    free_journal(journal);
}

struct journal_figures journal_figures(struct journal *journal) {
    pthread_mutex_lock(&journal->lock);
    struct journal_figures figures = journal->figures;
    pthread_mutex_unlock(&journal->lock);
    return figures;
}
