/* Simulated users of rs-serve, on this machine alone: they arrive, read what is recommended, look
 * at items and at their neighbours, and rate; prints how fast they were answered and how
 * recommendations followed what they said.
 *
 *     simulate --port N [--sessions N] [--seconds S] [--connections N] [--rate R] [--seed N]
 * [--only KIND]
 *
 * Sessions arrive by a Poisson process of R a second, or with R = 0 as soon as a connection is
 * free. A session is of a user of the model (nine of ten) or a new one. Its steps: read the list;
 * perhaps read it again; perhaps look at an entry and what is like it; rate an entry, the sooner
 * the higher it stands; read the list once more and see what became of it; then on, or away, by
 * chance. What is drawn depends on the seed and the session's number alone. --only KIND measures
 * one kind of request instead: "uncached" lists, each of another user, of a server without a
 * cache, or "feedback". */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 1024, MAX_USERS = 20000, LIST = 10, ID = 128, BUFFER = 1 << 20 };
enum kind { READ, AGAIN, ITEM, NEIGHBOURS, RATE, FOLLOW, N_KINDS };
static const char *const kinds[] = {"list",       "list again", "item",
                                    "neighbours", "feedback",   "list after feedback"};

static int port, connections = 32;
static long sessions = 2000;
static double seconds = 30, rate = 0;
static uint64_t seed = 1;
static const char *only = "";

static char (*users)[ID];
static size_t n_users;
static double scale_min, scale_max;
static bool implicit;
static atomic_long next_session, n_failed;
static double began;

/* What one connection saw. */
struct visitor {
    int fd;
    uint64_t random;
    char *buffer;
    float *times[N_KINDS];
    size_t n[N_KINDS], capacity[N_KINDS];
    size_t rated, gone, changed, high, high_named, low, low_named, fresh;
    pthread_t thread;
};

static _Noreturn void die(int code, const char *text) {
    fprintf(stderr, "simulate: %s\n", text);
    exit(code);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Drawing: splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators. 2014) */

static uint64_t draw(struct visitor *visitor) {
    uint64_t z = visitor->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static double chance(struct visitor *visitor) {
    return (double)(draw(visitor) >> 11) / 9007199254740992.;
}

/* HTTP */

static void join(struct visitor *visitor) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    struct timeval limit = {.tv_sec = 10};
    visitor->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (visitor->fd < 0 || connect(visitor->fd, (struct sockaddr *)&address, sizeof address) != 0)
        die(EX_UNAVAILABLE, "nobody listens at that port");
    setsockopt(visitor->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(visitor->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

static bool send_all(int fd, const char *bytes, size_t n) {
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes += sent;
        n -= (size_t)sent;
    }
    return true;
}

/* Reads one answer; its body is left in the buffer, ending in 0. Returns the body or NULL. */
static char *receive(struct visitor *visitor, int *status) {
    size_t filled = 0;
    char *head_end = NULL;
    while (head_end == NULL && filled < BUFFER - 1) {
        ssize_t got = recv(visitor->fd, visitor->buffer + filled, BUFFER - 1 - filled, 0);
        if (got <= 0) return NULL;
        filled += (size_t)got;
        visitor->buffer[filled] = '\0';
        head_end = strstr(visitor->buffer, "\r\n\r\n");
    }
    if (head_end == NULL || sscanf(visitor->buffer, "HTTP/1.1 %d", status) != 1) return NULL;
    const char *length = strcasestr(visitor->buffer, "\r\nContent-Length:");
    size_t n = length == NULL || length > head_end ? 0 : strtoul(length + 17, NULL, 10);
    char *body = head_end + 4;
    size_t whole = (size_t)(body - visitor->buffer) + n;
    if (whole >= BUFFER) return NULL;
    while (filled < whole) {
        ssize_t got = recv(visitor->fd, visitor->buffer + filled, whole - filled, 0);
        if (got <= 0) return NULL;
        filled += (size_t)got;
    }
    visitor->buffer[whole] = '\0';
    return body;
}

static void note(struct visitor *visitor, enum kind kind, double took) {
    size_t *n = &visitor->n[kind], *capacity = &visitor->capacity[kind];
    if (*n == *capacity) {
        *capacity = *capacity == 0 ? 1024 : 2 * *capacity;
        visitor->times[kind] = realloc(visitor->times[kind], *capacity * sizeof(float));
        if (visitor->times[kind] == NULL) die(EX_OSERR, "out of memory");
    }
    visitor->times[kind][(*n)++] = (float)took;
}

/* Asks and takes the time. The body of the answer, or NULL unless it is a 200. */
static char *ask(struct visitor *visitor, enum kind kind, const char *path, const char *content) {
    char request[2048];
    int status = 0, n;
    if (content == NULL)
        n = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    else
        n = snprintf(request, sizeof request,
                     "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n\r\n%s",
                     path, strlen(content), content);
    if (n < 0 || (size_t)n >= sizeof request) return NULL;
    double start = now();
    char *body = send_all(visitor->fd, request, (size_t)n) ? receive(visitor, &status) : NULL;
    if (body == NULL) {
        close(visitor->fd);
        join(visitor);
    }
    if (body == NULL || status != 200) {
        atomic_fetch_add(&n_failed, 1);
        return NULL;
    }
    note(visitor, kind, now() - start);
    return body;
}

static void encode(char *to, const char *id) {
    for (; *id != '\0'; id++) {
        if (strchr("-_.~", *id) != NULL || (*id >= '0' && *id <= '9') ||
            ((*id | 32) >= 'a' && (*id | 32) <= 'z'))
            *to++ = *id;
        else
            to += snprintf(to, 4, "%%%02X", (unsigned char)*id);
    }
    *to = '\0';
}

/* Sessions */

struct list {
    size_t n;
    char id[LIST][ID];
    bool names[LIST]; /* the item asked about among the reasons */
};

static bool read_list(struct visitor *visitor, enum kind kind, const char *user, const char *about,
                      struct list *list) {
    char path[512], id[3 * ID + 1];
    encode(id, user);
    snprintf(path, sizeof path, "/api/recommend/%s?n=%d", id, LIST);
    char *body = ask(visitor, kind, path, NULL);
    list->n = 0;
    if (body == NULL) return false;
    json_t *entries = json_loads(body, 0, NULL), *entry, *reason;
    size_t i, r;
    json_array_foreach(entries, i, entry) {
        const char *name = json_string_value(json_object_get(entry, "Id"));
        if (name == NULL || strlen(name) >= ID || list->n == LIST) continue;
        list->names[list->n] = false;
        json_array_foreach(json_object_get(entry, "Because"), r, reason) {
            const char *of = json_string_value(json_object_get(reason, "Id"));
            if (about != NULL && of != NULL && strcmp(of, about) == 0) list->names[list->n] = true;
        }
        snprintf(list->id[list->n++], ID, "%s", name);
    }
    json_decref(entries);
    return list->n > 0;
}

static void look_at(struct visitor *visitor, const char *item) {
    char path[512], id[3 * ID + 1];
    encode(id, item);
    snprintf(path, sizeof path, "/api/item/%s", id);
    ask(visitor, ITEM, path, NULL);
    snprintf(path, sizeof path, "/api/item/%s/neighbors?n=10", id);
    ask(visitor, NEIGHBOURS, path, NULL);
}

static bool give(struct visitor *visitor, const char *user, const char *item, double value) {
    json_t *events = json_pack("[{s:s, s:s, s:f}]", "UserId", user, "ItemId", item, "Value", value);
    char *content = json_dumps(events, JSON_COMPACT);
    char *body = content == NULL ? NULL : ask(visitor, RATE, "/api/feedback", content);
    free(content);
    json_decref(events);
    return body != NULL;
}

/* What a rating did to the list. */
static void compare(struct visitor *visitor, const struct list *before, const struct list *after,
                    const char *item, bool high) {
    size_t fresh = 0, named = 0;
    bool gone = true;
    for (size_t i = 0; i < after->n; i++) {
        bool known = false;
        for (size_t b = 0; b < before->n; b++) known |= strcmp(before->id[b], after->id[i]) == 0;
        fresh += !known;
        named += after->names[i];
        gone &= strcmp(after->id[i], item) != 0;
    }
    visitor->rated++;
    visitor->gone += gone;
    visitor->fresh += fresh;
    visitor->changed += fresh > 1;
    *(high ? &visitor->high : &visitor->low) += 1;
    *(high ? &visitor->high_named : &visitor->low_named) += named > 0;
}

static void visit(struct visitor *visitor, long session) {
    struct list list, after;
    char user[ID];
    visitor->random = seed * 0x2545f4914f6cdd1du + (uint64_t)session;
    if (chance(visitor) < 0.1) {
        snprintf(user, sizeof user, "visitor-%llu-%ld", (unsigned long long)seed, session);
    } else { /* some come often */
        double often = chance(visitor);
        snprintf(user, sizeof user, "%s", users[(size_t)(often * often * (double)n_users)]);
    }
    if (!read_list(visitor, READ, user, NULL, &list)) return;
    do {
        if (chance(visitor) < 0.5) read_list(visitor, AGAIN, user, NULL, &list);
        if (list.n == 0) return;
        size_t at = 0;
        while (at + 1 < list.n && chance(visitor) < 0.6) at++;
        char item[ID];
        snprintf(item, sizeof item, "%s", list.id[at]);
        if (chance(visitor) < 0.5) look_at(visitor, item);
        bool high = chance(visitor) < 0.6;
        double top = implicit ? 1 + floor(5 * chance(visitor)) : scale_max;
        if (!give(visitor, user, item, high || implicit ? top : scale_min)) return;
        if (!read_list(visitor, FOLLOW, user, item, &after)) return;
        compare(visitor, &list, &after, item, high || implicit);
        list = after;
    } while (chance(visitor) < 0.7);
}

/* One kind of request only */

static void ask_uncached(struct visitor *visitor, long session) {
    char path[512], id[3 * ID + 1];
    encode(id, users[(size_t)session % n_users]);
    snprintf(path, sizeof path, "/api/recommend/%s?n=%d", id, LIST);
    ask(visitor, READ, path, NULL);
}

static void give_feedback(struct visitor *visitor, long session) {
    char item[32];
    visitor->random = seed + (uint64_t)session;
    snprintf(item, sizeof item, "%llu", (unsigned long long)(draw(visitor) % 1000 + 1));
    give(visitor, users[(size_t)(chance(visitor) * (double)n_users)], item,
         implicit || chance(visitor) < 0.5 ? scale_max : scale_min);
}

static void *stay(void *memory) {
    struct visitor *visitor = memory;
    join(visitor);
    while (true) {
        long session = atomic_fetch_add(&next_session, 1);
        double arrives = began;
        if (rate > 0) { /* the sum of that many gaps, near enough: a gap is drawn about its mean */
            visitor->random = seed ^ (uint64_t)session << 20;
            arrives += ((double)session - log(1 - chance(visitor))) / rate;
            double wait = arrives - now();
            if (wait > 0 && wait < seconds) usleep((useconds_t)(wait * 1e6));
        }
        if (session >= sessions || now() - began > seconds) break;
        if (strcmp(only, "uncached") == 0)
            ask_uncached(visitor, session);
        else if (strcmp(only, "feedback") == 0)
            give_feedback(visitor, session);
        else
            visit(visitor, session);
    }
    close(visitor->fd);
    return NULL;
}

/* Beginning and end */

static json_t *fetch(struct visitor *visitor, const char *path) {
    char *body = ask(visitor, READ, path, NULL);
    json_t *json = body == NULL ? NULL : json_loads(body, 0, NULL);
    if (json == NULL) die(EX_PROTOCOL, "the server does not answer as rs-serve does");
    return json;
}

static void get_to_know(struct visitor *visitor) {
    json_t *model = fetch(visitor, "/api/model"), *scale = json_object_get(model, "Scale");
    implicit = json_is_true(json_object_get(model, "Implicit"));
    scale_min = scale == NULL ? 1 : json_number_value(json_object_get(scale, "Min"));
    scale_max = scale == NULL ? 5 : json_number_value(json_object_get(scale, "Max"));
    json_decref(model);
    users = calloc(MAX_USERS, sizeof *users);
    char path[128] = "/api/users?n=1000";
    while (users != NULL && n_users < MAX_USERS) {
        json_t *page = fetch(visitor, path), *user;
        size_t i;
        json_array_foreach(json_object_get(page, "Users"), i, user) {
            const char *id = json_string_value(json_object_get(user, "UserId"));
            if (id != NULL && strlen(id) < ID && n_users < MAX_USERS)
                snprintf(users[n_users++], ID, "%s", id);
        }
        const char *cursor = json_string_value(json_object_get(page, "Cursor"));
        bool more = cursor != NULL && *cursor != '\0' && strlen(cursor) < 32;
        if (more) snprintf(path, sizeof path, "/api/users?n=1000&cursor=%s", cursor);
        json_decref(page);
        if (!more) break;
    }
    if (n_users == 0) die(EX_DATAERR, "the model has no users");
}

static double counted(struct visitor *visitor, const char *result) {
    char name[64];
    char *body = ask(visitor, READ, "/metrics", NULL);
    snprintf(name, sizeof name, "\nrs_cache_requests_total{result=\"%s\"} ", result);
    char *line = body == NULL ? NULL : strstr(body, name);
    return line == NULL ? 0 : strtod(line + strlen(name), NULL);
}

static int ascending(const void *a, const void *b) {
    float first = *(const float *)a, second = *(const float *)b;
    return first < second ? -1 : first > second;
}

static void print_kind(const struct visitor *visitors, enum kind kind, double took) {
    size_t n = 0;
    for (int c = 0; c < connections; c++) n += visitors[c].n[kind];
    if (n == 0) return;
    float *all = malloc(n * sizeof *all);
    size_t at = 0;
    for (int c = 0; all != NULL && c < connections; c++)
        for (size_t i = 0; i < visitors[c].n[kind]; i++) all[at++] = visitors[c].times[kind][i];
    qsort(all, n, sizeof *all, ascending);
    printf("%-20s %9zu %10.0f %9.3f %9.3f %9.3f %9.3f\n", kinds[kind], n, (double)n / took,
           1e3 * (double)all[n / 2], 1e3 * (double)all[n * 9 / 10], 1e3 * (double)all[n * 99 / 100],
           1e3 * (double)all[n - 1]);
    free(all);
}

static double percent(size_t part, size_t whole) {
    return whole == 0 ? 0 : 100. * (double)part / (double)whole;
}

static void report(struct visitor *visitors, struct visitor *clerk, double took,
                   const double before[3]) {
    static const char *const results[] = {"hit", "joined", "miss"};
    struct visitor sum = {0};
    double found[3], all = 0;
    size_t n = 0;
    for (int r = 0; r < 3; r++) all += found[r] = counted(clerk, results[r]) - before[r];
    for (int c = 0; c < connections; c++) {
        for (int k = 0; k < N_KINDS; k++) n += visitors[c].n[k];
        sum.rated += visitors[c].rated;
        sum.gone += visitors[c].gone;
        sum.changed += visitors[c].changed;
        sum.fresh += visitors[c].fresh;
        sum.high += visitors[c].high;
        sum.high_named += visitors[c].high_named;
        sum.low += visitors[c].low;
        sum.low_named += visitors[c].low_named;
    }
    long came = atomic_load(&next_session) - connections;
    printf("%ld sessions over %d connections in %.2f s: %.0f requests/s, %ld failed\n\n",
           came < sessions ? came : sessions, connections, took, (double)n / took,
           atomic_load(&n_failed));
    printf("%-20s %9s %10s %9s %9s %9s %9s\n", "", "requests", "a second", "p50 ms", "p90 ms",
           "p99 ms", "max ms");
    for (int k = 0; k < N_KINDS; k++) print_kind(visitors, (enum kind)k, took);
    if (all > 0)
        printf("\ncache: %.1f %% found, %.1f %% waited for another's, %.1f %% computed\n",
               100 * found[0] / all, 100 * found[1] / all, 100 * found[2] / all);
    if (sum.rated == 0) return;
    printf("\nThe very next list after a rating (%zu):\n", sum.rated);
    printf("  %5.1f %% without the item just rated\n", percent(sum.gone, sum.rated));
    printf("  %5.1f %% changed beyond the one that took its place: %.2f of %d are new on average\n",
           percent(sum.changed, sum.rated), (double)sum.fresh / (double)sum.rated, LIST);
    printf("  %5.1f %% give it as a reason where the rating was high",
           percent(sum.high_named, sum.high));
    if (sum.low > 0) printf(", %.1f %% where it was low", percent(sum.low_named, sum.low));
    printf("\n");
}

static double positive(const char *text) {
    char *end;
    double value = strtod(text, &end);
    if (*text == '\0' || *end != '\0' || !(value >= 0) || !(value < 1e12))
        die(EX_USAGE, "that is no number");
    return value;
}

static void read_options(int argc, char **argv) {
    static const struct option options[] = {
        {"port", 1, NULL, 'p'},    {"sessions", 1, NULL, 'n'},
        {"seconds", 1, NULL, 's'}, {"connections", 1, NULL, 'c'},
        {"rate", 1, NULL, 'r'},    {"seed", 1, NULL, 'd'},
        {"only", 1, NULL, 'o'},    {0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'p':
            port = (int)positive(optarg);
            break;
        case 'n':
            sessions = (long)positive(optarg);
            break;
        case 's':
            seconds = positive(optarg);
            break;
        case 'c':
            connections = (int)positive(optarg);
            break;
        case 'r':
            rate = positive(optarg);
            break;
        case 'd':
            seed = (uint64_t)positive(optarg);
            break;
        case 'o':
            only = optarg;
            break;
        default:
            exit(EX_USAGE);
        }
    }
    if (port < 1 || port > 65535) die(EX_USAGE, "--port is missing");
    if (connections < 1 || connections > MAX_CONNECTIONS)
        die(EX_USAGE, "--connections is 1 to 1024");
    if (*only != '\0' && strcmp(only, "uncached") != 0 && strcmp(only, "feedback") != 0)
        die(EX_USAGE, "--only is uncached or feedback");
}

int main(int argc, char **argv) {
    read_options(argc, argv);
    struct visitor *visitors = calloc((size_t)connections + 1, sizeof *visitors);
    for (int c = 0; visitors != NULL && c <= connections; c++) {
        visitors[c].buffer = malloc(BUFFER);
        if (visitors[c].buffer == NULL) die(EX_OSERR, "out of memory");
    }
    if (visitors == NULL) die(EX_OSERR, "out of memory");
    struct visitor *clerk = &visitors[connections];
    join(clerk);
    get_to_know(clerk);
    const double before[3] = {counted(clerk, "hit"), counted(clerk, "joined"),
                              counted(clerk, "miss")};
    began = now();
    for (int c = 0; c < connections; c++)
        if (pthread_create(&visitors[c].thread, NULL, stay, &visitors[c]) != 0)
            die(EX_OSERR, "no thread");
    for (int c = 0; c < connections; c++) pthread_join(visitors[c].thread, NULL);
    close(clerk->fd); /* idle so long, it may have been hung up on */
    join(clerk);
    report(visitors, clerk, now() - began, before);
    for (int c = 0; c <= connections; c++) {
        for (int k = 0; k < N_KINDS; k++) free(visitors[c].times[k]);
        free(visitors[c].buffer);
    }
    close(clerk->fd);
    free(visitors);
    free(users);
    return atomic_load(&n_failed) == 0 ? 0 : EX_UNAVAILABLE;
}
