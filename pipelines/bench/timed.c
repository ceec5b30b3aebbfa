/* Runs a program and writes what it cost to a file: "WALL CPU PEAK" in seconds, seconds and MiB.
 *
 * Usage: timed FILE PROGRAM [ARGUMENT]...   ends with the program's exit code
 *
 * Linux counts the memory of whoever starts a program as part of that program's peak: this starter
 * is small enough not to show. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval time) {
    return (double)time.tv_sec + 1e-6 * (double)time.tv_usec;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fputs("usage: timed FILE PROGRAM [ARGUMENT]...\n", stderr);
        return 64;
    }
    double begin = now();
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    int status;
    struct rusage usage;
    if (child < 0 || wait4(child, &status, 0, &usage) < 0) {
        perror("timed");
        return 71;
    }
    double wall = now() - begin;
    FILE *file = fopen(argv[1], "w");
    if (file == NULL) {
        perror(argv[1]);
        return 73;
    }
    fprintf(file, "%.6f %.6f %.1f\n", wall, seconds(usage.ru_utime) + seconds(usage.ru_stime),
            (double)usage.ru_maxrss / 1024);
    if (fclose(file) != 0) return 74;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
