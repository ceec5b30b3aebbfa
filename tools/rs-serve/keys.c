#include "keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct key {
    enum access access;
    unsigned char bytes[MAX_KEY]; /* padded with zeros */
};

static bool take_line(struct keys *keys, char *line, const char *path, size_t number,
                      struct rs_error *err) {
    char *save, *word = strtok_r(line, " \t\r\n", &save);
    if (word == NULL || *word == '#') return true;
    char *key = strtok_r(NULL, " \t\r\n", &save);
    enum access access = strcmp(word, "write") == 0  ? ACCESS_WRITE
                         : strcmp(word, "read") == 0 ? ACCESS_READ
                                                     : ACCESS_FREE;
    if (access == ACCESS_FREE || key == NULL || strtok_r(NULL, " \t\r\n", &save) != NULL)
        return rs_fail(err, EX_DATAERR, "%s:%zu: is not 'read KEY' or 'write KEY'", path, number);
    size_t length = strlen(key);
    if (length < MIN_KEY || length > MAX_KEY)
        return rs_fail(err, EX_DATAERR, "%s:%zu: a key has %d to %d bytes", path, number, MIN_KEY,
                       MAX_KEY);
    rs_grow(&keys->keys, &keys->capacity, keys->n + 1, sizeof *keys->keys);
    struct key *added = &keys->keys[keys->n++];
    *added = (struct key){.access = access};
    memcpy(added->bytes, key, length);
    return true;
}

bool keys_read(struct keys *keys, const char *path, struct rs_error *err) {
    FILE *file = fopen(path, "r");
    if (file == NULL) return rs_fail_errno(err, rs_open_code(errno), "%s", path);
    struct keys read = {.required = true};
    char *line = NULL;
    size_t size = 0, number = 0;
    bool ok = true;
    while (ok && getline(&line, &size, file) >= 0) ok = take_line(&read, line, path, ++number, err);
    if (ok && ferror(file)) ok = rs_fail_errno(err, EX_IOERR, "%s", path);
    if (ok && read.n == 0) ok = rs_fail(err, EX_DATAERR, "%s: holds no key", path);
    if (line != NULL) explicit_bzero(line, size);
    free(line);
    fclose(file);
    if (!ok) {
        keys_free(&read);
        return false;
    }
    keys_free(keys);
    *keys = read;
    return true;
}

void keys_free(struct keys *keys) {
    if (keys->keys != NULL) explicit_bzero(keys->keys, keys->n * sizeof *keys->keys);
    free(keys->keys);
    *keys = (struct keys){0};
}

/* Every byte of every key is looked at, whatever is found. */
enum access keys_access(const struct keys *keys, const char *key) {
    unsigned char given[MAX_KEY] = {0};
    size_t length = key == NULL ? 0 : strnlen(key, MAX_KEY + 1);
    if (length == 0 || length > MAX_KEY) return ACCESS_FREE;
    memcpy(given, key, length);
    unsigned opens = ACCESS_FREE;
    for (size_t k = 0; k < keys->n; k++) {
        volatile unsigned char difference = 0;
        for (size_t i = 0; i < MAX_KEY; i++) difference |= given[i] ^ keys->keys[k].bytes[i];
        unsigned matches = (unsigned)(((unsigned)difference - 1u) >> 31);
        unsigned access = matches * (unsigned)keys->keys[k].access;
        opens = access > opens ? access : opens;
    }
    explicit_bzero(given, sizeof given);
    return (enum access)opens;
}
