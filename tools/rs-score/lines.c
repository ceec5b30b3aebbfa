/* Lists as text, a line for each user as soon as the user is named: for a coprocess. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/number.h"
#include "format/table.h"
#include "lister.h"
#include "names.h"
#include "program/output.h"
#include "score.h"

/* Whose answer is written. */
struct answer {
    struct rs_id user;
    const char *source; /* the model's name, or "popular" */
    size_t n_ratings;   /* known of the user */
    struct rs_best best;
};

/* Tabs and line ends within an id are written as \t, \n and \r, a backslash as two. */
static void put_field(FILE *file, struct rs_id text) {
    static const char special[] = "\t\n\r\\", letters[] = "tnr\\";
    for (size_t i = 0; i < text.length; i++) {
        const char *found = text.text[i] == '\0' ? NULL : strchr(special, text.text[i]);
        if (found != NULL) putc('\\', file);
        putc(found != NULL ? letters[found - special] : text.text[i], file);
    }
}

static void write_tsv(FILE *file, const struct rs_matrix *matrix, const struct answer *answer) {
    put_field(file, answer->user);
    putc('\t', file);
    put_field(file, (struct rs_id){answer->source, strlen(answer->source)});
    for (size_t k = 0; k < answer->best.n; k++) {
        putc('\t', file);
        put_field(file, rs_ids_get(&matrix->items.ids, answer->best.entries[k].item));
    }
    putc('\n', file);
}

static void put_json(FILE *file, struct rs_id text) {
    json_t *string = json_stringn(text.text, text.length);
    if (string == NULL) rs_die(EX_DATAERR, "an id or a title is no UTF-8");
    json_dumpf(string, file, JSON_ENCODE_ANY);
    json_decref(string);
}

static void write_json(FILE *file, const struct rs_matrix *matrix, const struct answer *answer) {
    const struct rs_table_column *title = rs_table_title(&matrix->items.table);
    char number[32];
    fputs("{\"user\":", file);
    put_json(file, answer->user);
    fputs(",\"source\":", file);
    put_json(file, (struct rs_id){answer->source, strlen(answer->source)});
    fprintf(file, ",\"ratings\":%zu,\"items\":[", answer->n_ratings);
    for (size_t k = 0; k < answer->best.n; k++) {
        const struct rs_listed *entry = &answer->best.entries[k];
        fputs(k == 0 ? "{\"item\":" : ",{\"item\":", file);
        put_json(file, rs_ids_get(&matrix->items.ids, entry->item));
        rs_number_print_float(number, entry->score);
        fprintf(file, ",\"score\":%s", number);
        if (title != NULL) {
            fputs(",\"title\":", file);
            put_json(file, rs_ids_get(&title->text, entry->item));
        }
        putc('}', file);
    }
    fputs("]}\n", file);
}

void score_lines(struct scoring *scoring, const char *users_path, size_t n, bool json) {
    const struct rs_matrix *matrix = scoring->matrix;
    const char *own_name = json_string_value(json_object_get(scoring->header, "model"));
    struct lister *lister = lister_new(scoring, n);
    struct profile_room room = {0};
    struct answer answer = {.best.entries = rs_malloc(n, sizeof *answer.best.entries)};
    struct names names;
    names_open(&names, users_path);
    struct rs_output output = rs_output_open(scoring->output, false);
    while (names_next(&names, &answer.user)) {
        uint32_t line = rs_ids_find(&matrix->users.ids, answer.user);
        struct rs_profile profile = profiles_get(scoring->profiles, answer.user, line, &room);
        lister_fill(lister, &profile, &answer.best);
        answer.n_ratings = profile.n;
        answer.source = answer.best.source == RS_FROM_POPULARITY ? "popular" : own_name;
        (json ? write_json : write_tsv)(output.file, matrix, &answer);
        if (fflush(output.file) != 0) break; /* which the commit tells */
    }
    rs_output_commit(&output);
    rs_note("%zu lines answered by %s", names.line, own_name);
    names_close(&names);
    profile_room_free(&room);
    lister_free(lister);
    free(answer.best.entries);
    json_decref(scoring->header);
}
