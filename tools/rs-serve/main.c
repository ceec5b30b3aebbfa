/* rs-serve: recommendations over HTTP from a model folder, with feedback that counts at once.
 *
 * In: a model folder (rs-model), a folder for the journal of feedback. Out: JSON over HTTP, and the
 * journal, a ratings stream for rs-clean. Holds the pages of the model that are in use, finished
 * answers up to --cache, and the feedback that the model does not know. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/message.h"
#include "http.h"
#include "listen.h"
#include "page.h"
#include "process.h"
#include "program/options.h"
#include "program/output.h"
#include "server.h"
#include "watch.h"

static const char *model_path, *journal_path, *keys_path, *user_name, *port_path;
static const char *listen_address = "127.0.0.1:8087";
static int64_t journal_bytes = 64 << 20, cache_bytes = 64 << 20, body_bytes_limit = 1 << 20;
static int64_t n_connections = 1024, n_seconds = 30, max_n = 1000;
static bool refuse_unknown = false, print_openapi = false;

static const struct rs_option options[] = {
    {"model", 'm', RS_STRING, "DIR", &model_path, 0, 0, NULL, false,
     "the model folder, or a symlink to it: one that is put in its place later is checked and "
     "taken into use without a pause"},
    {"listen", 'l', RS_STRING, "HOST:PORT", &listen_address, 0, 0, NULL, false,
     "where to listen; port 0 is any that is free. Beyond this machine only with --keys"},
    {"port-file", 0, RS_STRING, "FILE", &port_path, 0, 0, NULL, false,
     "write the port to FILE when ready"},
    {.kind = RS_HEADING, .help = "Feedback:"},
    {"journal", 'j', RS_STRING, "DIR", &journal_path, 0, 0, NULL, false,
     "keep feedback in this folder, on disk before it is acknowledged, and read at the start; "
     "without it feedback lasts as long as the server"},
    {"journal-file", 0, RS_BYTES, "BYTES", &journal_bytes, 4096, 1e15, NULL, false,
     "begin another file of the journal when one has this size"},
    {"refuse-unknown", 0, RS_FLAG, NULL, &refuse_unknown, 0, 0, NULL, false,
     "refuse feedback about items that the model does not know; else it is kept for a later model"},
    {.kind = RS_HEADING, .help = "Who may:"},
    {"keys", 'k', RS_STRING, "FILE", &keys_path, 0, 0, NULL, false,
     "ask for a key in X-API-Key, one of the file's: lines 'read KEY' and 'write KEY'"},
    {"user", 0, RS_STRING, "NAME", &user_name, 0, 0, NULL, false,
     "become this user before anything is read that clients send"},
    {.kind = RS_HEADING, .help = "Limits:"},
    {"cache", 0, RS_BYTES, "BYTES", &cache_bytes, 0, 1e15, NULL, false, "of finished answers"},
    {"max-n", 0, RS_INTEGER, "N", &max_n, 1, 10000, NULL, false, "entries of a list"},
    {"max-body", 0, RS_BYTES, "BYTES", &body_bytes_limit, 1024, 1 << 30, NULL, false,
     "of a request"},
    {"connections", 0, RS_INTEGER, "N", &n_connections, 1, 100000, NULL, false, "at once"},
    {"timeout", 0, RS_INTEGER, "SECONDS", &n_seconds, 1, 3600, NULL, false,
     "in which a connection has to complete a request"},
    {.kind = RS_HEADING, .help = "And:"},
    {"openapi", 0, RS_FLAG, NULL, &print_openapi, 0, 0, NULL, false,
     "print the description of the interface, in OpenAPI, and serve nothing"},
    RS_OUTPUT_OPTION,
    RS_THREADS_OPTION,
    RS_END_OPTIONS,
};

static const struct rs_example examples[] = {
    {"what it answers", "rs-serve --openapi | jq -r '.paths | keys[]' | head -n 3",
     "/\n/api/explain/{user}/{item}\n/api/feedback"},
    {"make a model",
     "rs-clean ratings.csv --items items.csv | rs-matrix --times -o matrix.rs && \\\n"
     "    rs-sim matrix.rs --side item -o graph && mkdir journal && \\\n"
     "    rs-model -m matrix.rs --rank item=graph --neighbours graph -o model && ls model",
     "item.rank\nmanifest.json\nmatrix.rs"},
    {"serve it, ask what there is for user 1, rate that, ask again",
     "rs-serve -m model -j journal -l 127.0.0.1:0 >address & \\\n"
     "    until [ -s address ]; do sleep 0.1; done; url=$(cat address); \\\n"
     "    curl -s \"${url}api/recommend/1?n=1\" | jq -r '.[].Title'; \\\n"
     "    curl -s ${url}api/feedback -H 'Content-Type: application/json' \\\n"
     "        -d '[{\"UserId\": \"1\", \"ItemId\": \"131\", \"Value\": 4.5}]'; \\\n"
     "    curl -s \"${url}api/recommend/1?n=1\" | jq -r '.[].Title'; kill $!; wait $!",
     "Amber Mountain, The (1967)\n{\"RowAffected\":1,\"Repeated\":0,\"UnknownItems\":0}\nPaper "
     "Mountain, The (1994)"},
    {"for tonight's model: what was there before, and what was said today",
     "rs-clean ratings.csv journal/*.rs | rs-view -f csv -c user,item,rating | tail -n 1",
     "1,131,4.5"},
    {0},
};

static const struct rs_tool tool = {
    .name = "rs-serve",
    .summary = "answer with recommendations over HTTP, and take feedback that counts at once",
    .operands = "",
    .about =
        "Serves what the models of a folder say, as JSON. Paths and names are gorse's where it has "
        "the same: GET /api/recommend/{user}, POST /api/feedback, GET /api/item/{id}/neighbors; "
        "GET /api/openapi.json describes all, and a page at / shows them. An entry of a list has "
        "Id, Score, Title, Source (which model spoke) and Because (the user's own ratings that "
        "speak for it).\n\n"
        "An event of feedback is on disk before it is acknowledged, and the user's next request "
        "is answered from all ratings, the new one among them, exactly as rs-score --ratings "
        "would. Events with an EventId count once, however often they are sent. The journal is a "
        "ratings stream: 'rs-clean ratings.csv journal/*' merges it with what was there before, "
        "for the next model. Files of the journal that a model was made with may be removed once "
        "it is in use.\n\n"
        "Where the folder has a context model (rs-context), lists and expected ratings are for a "
        "situation: now, or ?at=TIME, and ?context=NAME:VALUE,..., as by rs-score --context. "
        "Moved says by how much it moved an entry. With at or context a list comes in an object "
        "with the Situation that counts, Notes of what is not known or moves nothing, and "
        "Items.\n\n"
        "A list is taken from those that the folder holds ready (rs-model --lists) where the "
        "user's ratings are the matrix's and no situation moves it, and computed where not: the "
        "answer is the same.\n\n"
        "Answers are kept and given again while they hold: a key has in it everything an answer "
        "depends on. --threads compute; half as many carry the connections and answer what is "
        "kept or ready, so that nobody waits for what another has to have computed.\n\nSIGHUP "
        "looks for another model at once, SIGTERM finishes what is in flight. "
        "The first line on standard output is the address, when the server is ready.",
    .memory =
        "the pages of the model in use, --cache, 40 bytes an event that the model does not know, "
        "32 bytes for each of the last 2 to 4 million event ids, and for each of --threads 16 "
        "bytes an "
        "item and the model's workspace. For users' neighbours a byte for every cell of the matrix "
        "in rows that are filled to a sixteenth, and in such columns once somebody has rated.",
    .options = options,
    .examples = examples,
};

static int describe(void) {
    struct page_file text = page_openapi();
    struct rs_output output = rs_output_open(rs_output_path, false);
    fwrite(text.bytes, 1, text.n, output.file);
    rs_output_commit(&output);
    return rs_finish();
}

static void reload(struct server *server) {
    struct rs_error err;
    bool changed;
    if (!server_reload(server, &changed, &err)) {
        server->metrics.n_failed_swaps++;
        rs_warn("%s; the model in use stays", err.text);
    } else if (changed) {
        server->metrics.n_swaps++;
        rs_note("model %s in use", atomic_load(&server->current.snapshot)->folder->digest);
    }
}

static void serve(struct server *server, struct http *http, struct watch *watch) {
    process_notify("READY=1");
    while (watch_next(watch) != HAPPENED_STOP) reload(server);
    process_notify("STOPPING=1");
    server->stopping = true;
    http_stop(http, (unsigned)n_seconds);
}

static void check_options(void) {
    if (model_path == NULL) rs_usage_error("--model: is needed");
}

/* Everything that needs rights of its own comes first. */
static int begin(struct server *server) {
    struct rs_error err;
    bool local;
    signal(SIGPIPE, SIG_IGN);
    process_confine((size_t)n_connections + 64);
    if (keys_path != NULL && !keys_read(&server->keys, keys_path, &err)) rs_die_error(&err);
    int listening = listen_open(listen_address, &local, &err);
    if (listening < 0) rs_die_error(&err);
    if (!local && keys_path == NULL)
        rs_usage_error("--listen: %s is open to other machines, which takes --keys",
                       listen_address);
    if (user_name != NULL && !process_become(user_name, &err)) rs_die_error(&err);
    server->only_local = keys_path == NULL;
    server->max_n = (uint64_t)max_n;
    server->refuse_unknown = refuse_unknown;
    return listening;
}

int main(int argc, char **argv) {
    static struct server server;
    struct rs_error err;
    char **operands;
    rs_options_parse(&tool, argc, argv, &operands);
    if (print_openapi) return describe();
    check_options();
    int listening = begin(&server);
    struct watch *watch = watch_new(model_path, &err);
    if (watch == NULL) rs_die_error(&err);
    if (!server_open(&server, model_path, journal_path, (size_t)journal_bytes, (size_t)cache_bytes,
                     &err))
        rs_die_error(&err);
    unsigned port,
        threads = rs_threads > 0 ? (unsigned)rs_threads : (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    char *address = listen_url(listening, &port);
    struct http_limits limits = {.threads = threads > MAX_WORKERS / 2 ? MAX_WORKERS / 2 : threads,
                                 .connections = (unsigned)n_connections,
                                 .seconds = (unsigned)n_seconds,
                                 .body = (size_t)body_bytes_limit};
    struct http *http = http_start(&server, listening, &limits, &err);
    if (http == NULL) rs_die_error(&err);
    if (port_path != NULL && !process_write_port(port_path, port, &err)) rs_die_error(&err);
    printf("%s\n", address);
    fflush(stdout);
    serve(&server, http, watch);
    watch_free(watch);
    server_close(&server);
    free(address);
    return rs_finish();
}
