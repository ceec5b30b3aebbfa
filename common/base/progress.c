#include "base/progress.h"

#include <omp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/message.h"

enum { BAR = 24 };

static struct {
    bool active, shown;
    const char *what, *unit;
    uint64_t total;
    double started, last;
} progress;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void rs_progress_start(const char *what, const char *unit, uint64_t total) {
    progress.active = rs_verbosity >= 0 && isatty(STDERR_FILENO) == 1;
    progress.shown = false;
    progress.what = what;
    progress.unit = unit;
    progress.total = total;
    if (progress.active) progress.started = progress.last = now();
}

static const char *human(char *out, size_t size, double number) {
    const char *units[] = {"", "k", "M", "G", "T"};
    int unit = 0;
    while (number >= 1000 && unit < 4) {
        number /= 1000;
        unit++;
    }
    snprintf(out, size, number < 10 && unit > 0 ? "%.1f%s" : "%.0f%s", number, units[unit]);
    return out;
}

static void show(uint64_t done, double time) {
    char count[16], rate[16], line[160], bar[BAR + 1];
    double seconds = time - progress.started;
    int used = snprintf(line, sizeof line, "%s: %s %s %s in %.0f s (%s/s)", rs_progname,
                        progress.what, human(count, sizeof count, (double)done), progress.unit,
                        seconds, human(rate, sizeof rate, (double)done / seconds));
    if (progress.total > 0 && done > 0) {
        double share = (double)done / (double)progress.total;
        if (share > 1) share = 1;
        int filled = (int)(share * BAR);
        memset(bar, '.', BAR);
        memset(bar, '=', (size_t)filled);
        bar[BAR] = '\0';
        snprintf(line + used, sizeof line - (size_t)used, " [%s] %.0f%%, %.0f s left", bar,
                 100 * share, seconds / share - seconds);
    }
    fprintf(stderr, "\r%s\033[K", line);
    progress.shown = true;
}

void rs_progress_at(uint64_t done) {
    if (!progress.active) return;
    double time = now();
    if (time - progress.started < 1 || time - progress.last < 0.1) return;
    progress.last = time;
    show(done, time);
}

void rs_progress_count(uint32_t *done) {
    uint32_t counted;
#pragma omp atomic capture
    counted = ++*done;
    if (omp_get_thread_num() == 0) rs_progress_at(counted);
}

void rs_progress_end(void) {
    if (progress.shown) fputs("\r\033[K", stderr);
    progress.active = progress.shown = false;
}
