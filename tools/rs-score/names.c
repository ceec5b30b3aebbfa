#include "names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "base/utf8.h"

void names_open(struct names *names, const char *path) {
    bool standard = strcmp(path, "-") == 0;
    *names = (struct names){.path = standard ? "standard input" : path};
    names->file = standard ? stdin : fopen(path, "r");
    if (names->file == NULL) {
        struct rs_error err;
        rs_fail_errno(&err, rs_open_code(errno), "%s", path);
        rs_die_error(&err);
    }
}

bool names_next(struct names *names, struct rs_id *name) {
    ssize_t length = getline(&names->text, &names->size, names->file);
    if (length < 0) {
        if (ferror(names->file)) rs_die(EX_IOERR, "%s: %s", names->path, strerror(errno));
        return false;
    }
    names->line++;
    while (length > 0 && (names->text[length - 1] == '\n' || names->text[length - 1] == '\r'))
        length--;
    /* Windows begins its texts with a byte order mark, which rs-clean does not make part of an id.
     */
    bool marked = names->line == 1 && length >= 3 && memcmp(names->text, "\xef\xbb\xbf", 3) == 0;
    if (marked) length -= 3;
    *name = (struct rs_id){names->text + (marked ? 3 : 0), (size_t)length};
    if (length > RS_ID_MAX)
        rs_die(EX_DATAERR, "%s:%zu: an id of more than %d bytes", names->path, names->line,
               RS_ID_MAX);
    if (!rs_utf8_valid(name->text, name->length))
        rs_die(EX_DATAERR, "%s:%zu: an id that is no UTF-8", names->path, names->line);
    return true;
}

void names_close(struct names *names) {
    free(names->text);
    if (names->file != stdin) fclose(names->file);
}
