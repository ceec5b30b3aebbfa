#include "program/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/message.h"

enum { MAX_OPEN = 256, BUFFER = 1 << 18, PIPE = 1 << 20 };

/* Temporaries to remove when the program ends early. Slots are set and cleared as whole pointers,
 * so that the signal handler always sees a complete name or none. */
static char *volatile temporaries[MAX_OPEN];

static void remove_temporaries(void) {
    for (int i = 0; i < MAX_OPEN; i++)
        if (temporaries[i] != NULL) unlink(temporaries[i]);
}

static void on_signal(int number) {
    remove_temporaries();
    signal(number, SIG_DFL);
    raise(number);
}

static void watch_for_the_end(void) {
    static bool watching = false;
    if (watching) return;
    watching = true;
    atexit(remove_temporaries);
    const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction old;
        sigaction(numbers[i], NULL, &old);
        if (old.sa_handler == SIG_IGN) continue; /* nohup */
        struct sigaction action = {.sa_handler = on_signal};
        sigaction(numbers[i], &action, NULL);
    }
}

static int free_slot(void) {
    for (int i = 0; i < MAX_OPEN; i++)
        if (temporaries[i] == NULL) return i;
    rs_die(EX_SOFTWARE, "more than %d output files at once", MAX_OPEN);
}

struct rs_output rs_output_open(const char *path, bool binary) {
    if (strcmp(path, "-") == 0) {
        if (binary && isatty(STDOUT_FILENO))
            rs_die(EX_USAGE, "the output is binary and would go to the terminal: pipe it into "
                             "rs-view, or give -o FILE");
        setvbuf(stdout, NULL, _IOFBF, BUFFER);
        fcntl(STDOUT_FILENO, F_SETPIPE_SZ, PIPE); /* where it is no pipe, it fails, and may */
        return (struct rs_output){stdout, path, NULL, 0};
    }
    watch_for_the_end();
    struct stat status;
    bool is_there = stat(path, &status) == 0;
    if (is_there && !S_ISREG(status.st_mode)) {
        /* A device or a named pipe is written in place: there is nothing to rename. */
        FILE *device = fopen(path, "wb");
        if (device == NULL) rs_die(EX_CANTCREAT, "%s: %s", path, strerror(errno));
        return (struct rs_output){device, path, NULL, 0};
    }
    int slot = free_slot();
    /* Behind a link is the file that is meant, wherever it lies. */
    char *target = is_there ? realpath(path, NULL) : rs_strdup(path);
    if (target == NULL) rs_die(EX_CANTCREAT, "%s: %s", path, strerror(errno));
    char *name = rs_format("%s.tmp.%ld", target, (long)getpid());
    FILE *file = fopen(name, "wb");
    if (file == NULL) rs_die(EX_CANTCREAT, "%s: %s", path, strerror(errno));
    temporaries[slot] = name;
    /* Whom the old file was kept from, the new one is. */
    if (is_there && fchmod(fileno(file), status.st_mode & 0777) != 0)
        rs_die(EX_CANTCREAT, "%s: %s", path, strerror(errno));
    setvbuf(file, NULL, _IOFBF, BUFFER);
    return (struct rs_output){file, path, target, slot};
}

void rs_output_commit(struct rs_output *output) {
    bool failed = fflush(output->file) != 0 || ferror(output->file) != 0;
    int error_number = errno;
    if (output->file != stdout && fclose(output->file) != 0) {
        failed = true;
        error_number = errno;
    }
    const char *name = output->file == stdout ? "standard output" : output->path;
    output->file = NULL;
    if (failed) rs_die(EX_IOERR, "%s: write failed: %s", name, strerror(error_number));
    if (output->target == NULL) return;
    if (rename(temporaries[output->slot], output->target) != 0)
        rs_die(EX_CANTCREAT, "%s: %s", output->path, strerror(errno));
    char *name_of_temporary = temporaries[output->slot];
    temporaries[output->slot] = NULL;
    free(name_of_temporary);
    free(output->target);
}
