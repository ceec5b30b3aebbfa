#include "prometheus.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "connections.h"

static void head(struct body *body, const char *name, const char *type, const char *help) {
    body_format(body, "# HELP rs_%s %s\n# TYPE rs_%s %s\n", name, help, name, type);
}

static void single(struct body *body, const char *name, const char *type, const char *help,
                   double value) {
    head(body, name, type, help);
    body_format(body, "rs_%s ", name);
    body_double(body, value);
    body_text(body, "\n");
}

static void print_requests(struct body *body, const struct figures *total,
                           const char *(*route_name)(unsigned route)) {
    head(body, "requests_total", "counter", "Requests answered.");
    for (unsigned r = 0; route_name(r) != NULL; r++)
        for (unsigned c = 0; c < N_CLASSES; c++)
            if (total->requests[r][c] > 0)
                body_format(body, "rs_requests_total{api=\"%s\",status=\"%uxx\"} %llu\n",
                            route_name(r), c, (unsigned long long)total->requests[r][c]);
    head(body, "request_seconds", "histogram", "Time from a request's headers to its answer.");
    for (unsigned r = 0; route_name(r) != NULL; r++) {
        uint64_t n = 0;
        for (unsigned c = 0; c < N_CLASSES; c++) n += total->requests[r][c];
        if (n == 0) continue;
        const char *name = route_name(r);
        uint64_t so_far = 0;
        for (size_t b = 0; b < N_BUCKETS - 1; b++) {
            so_far += total->buckets[r][b];
            body_format(body, "rs_request_seconds_bucket{api=\"%s\",le=\"%g\"} %llu\n", name,
                        metrics_buckets[b] / 1e6, (unsigned long long)so_far);
        }
        body_format(body, "rs_request_seconds_bucket{api=\"%s\",le=\"+Inf\"} %llu\n", name,
                    (unsigned long long)n);
        body_format(body, "rs_request_seconds_sum{api=\"%s\"} %.9f\n", name,
                    (double)total->nanoseconds[r] / 1e9);
        body_format(body, "rs_request_seconds_count{api=\"%s\"} %llu\n", name,
                    (unsigned long long)n);
    }
}

static void print_cache(const struct server *server, struct body *body,
                        const struct figures *total) {
    static const char *const names[] = {
        [CACHE_HIT] = "hit", [CACHE_JOINED] = "joined", [CACHE_MISS] = "miss"};
    size_t bytes, answers;
    uint64_t evicted;
    cache_size(server->cache, &bytes, &answers, &evicted);
    head(body, "cache_requests_total", "counter",
         "Answers found, waited for while another request computed them, or computed.");
    for (int f = 0; f < 3; f++)
        body_format(body, "rs_cache_requests_total{result=\"%s\"} %llu\n", names[f],
                    (unsigned long long)total->found[f]);
    single(body, "cache_bytes", "gauge", "Bytes of the answers kept.", (double)bytes);
    single(body, "cache_answers", "gauge", "Answers kept.", (double)answers);
    single(body, "cache_evicted_total", "counter", "Answers dropped for others.", (double)evicted);
}

static void print_listed(struct body *body, const struct figures *total) {
    static const char *const names[] = {"computed", "ready"};
    head(body, "lists_total", "counter", "Lists taken from those ready in the model, or computed.");
    for (int l = 0; l < 2; l++)
        body_format(body, "rs_lists_total{from=\"%s\"} %llu\n", names[l],
                    (unsigned long long)total->listed[l]);
}

static void print_feedback(const struct server *server, struct body *body) {
    struct journal_figures figures = journal_figures(server->journal);
    size_t n_users, n_events;
    users_size(server->users, &n_users, &n_events);
    head(body, "feedback_events_total", "counter", "Events of feedback.");
    const struct {
        const char *name;
        uint64_t n;
    } results[] = {{"accepted", figures.n_events},
                   {"repeated", figures.n_repeated},
                   {"failed", figures.n_failed},
                   {"replayed", figures.n_replayed}};
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        body_format(body, "rs_feedback_events_total{result=\"%s\"} %llu\n", results[i].name,
                    (unsigned long long)results[i].n);
    single(body, "feedback_users", "gauge", "Users with feedback since the start.",
           (double)n_users);
    single(body, "feedback_kept", "gauge", "Events in memory that the model does not know.",
           (double)n_events);
    single(body, "journal_groups_total", "counter", "Groups of events, each one write.",
           (double)figures.n_groups);
    single(body, "journal_bytes_total", "counter", "Bytes written to the journal.",
           (double)figures.bytes);
    single(body, "journal_sync_seconds_total", "counter", "Time spent writing and syncing.",
           figures.sync_seconds);
}

static double resident_bytes(void) {
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) return 0;
    if (fscanf(file, "%*u %llu", &pages) != 1) pages = 0;
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void print_model(const struct metrics *metrics, const struct snapshot *snapshot,
                        struct body *body) {
    single(body, "model_swaps_total", "counter", "Models taken into use.",
           (double)metrics->n_swaps);
    single(body, "model_swaps_failed_total", "counter", "Models refused for being broken.",
           (double)metrics->n_failed_swaps);
    head(body, "model_info", "gauge", "The model in use.");
    body_format(body, "rs_model_info{digest=\"%s\"} 1\n", snapshot->folder->digest);
    single(body, "model_opened_seconds", "gauge", "When the model was opened, seconds since 1970.",
           (double)snapshot->opened / 1000);
    single(body, "model_users", "gauge", "Users of the model.",
           (double)snapshot->matrix->users.ids.n);
    single(body, "model_items", "gauge", "Items of the model.",
           (double)snapshot->matrix->items.ids.n);
    single(body, "model_ratings", "gauge", "Ratings of the model.",
           (double)snapshot->matrix->n_ratings);
}

void prometheus_print(struct server *server, const struct snapshot *snapshot,
                      const char *(*route_name)(unsigned route), struct body *body) {
    struct metrics *metrics = &server->metrics;
    struct figures *total = rs_calloc(1, sizeof *total);
    metrics_sum(metrics, total);
    print_requests(body, total, route_name);
    print_cache(server, body, total);
    print_listed(body, total);
    print_feedback(server, body);
    if (metrics->connections != NULL) {
        single(body, "connections", "gauge", "Connections open.",
               (double)connections_open(metrics->connections));
        single(body, "late_connections_total", "counter", "Connections shut down for being slow.",
               (double)connections_late(metrics->connections));
        single(body, "malformed_requests_total", "counter",
               "What could not be read as HTTP, or was longer than anything may be.",
               (double)connections_malformed(metrics->connections));
    }
    print_model(metrics, snapshot, body);
    single(body, "resident_bytes", "gauge", "Memory resident.", resident_bytes());
    free(total);
}
