/* What this machine can do at most, measured: the ceilings that bench.csv's times are held against.
 *
 * Usage: roofline [THREADS]    prints NAME VALUE lines, the best of several repetitions each
 *        roofline clock        prints the seconds a fixed loop takes: how fast the clock runs now
 */
#include <cblas.h>
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { REPEATS = 7, LENGTH = 1 << 24, ORDER = 1536 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void *get(size_t bytes) {
    void *memory = aligned_alloc(64, bytes);
    if (memory == NULL) exit(71);
    return memory;
}

/* STREAM's triad (McCalpin 1995), a = b + 3 c, 24 bytes an element, and a sum of one array. */
static void memory_bandwidth(void) {
    double *a = get(LENGTH * sizeof *a), *b = get(LENGTH * sizeof *b), *c = get(LENGTH * sizeof *c);
    double triad = 0, read = 0, total = 0;
#pragma omp parallel for
    for (size_t i = 0; i < LENGTH; i++) {
        a[i] = 0;
        b[i] = 1;
        c[i] = 2;
    }
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        double begin = now();
#pragma omp parallel for simd
        for (size_t i = 0; i < LENGTH; i++) a[i] = b[i] + 3 * c[i];
        double rate = 24.0 * LENGTH / (now() - begin);
        triad = rate > triad ? rate : triad;
        begin = now();
        double sum = 0;
#pragma omp parallel for simd reduction(+ : sum)
        for (size_t i = 0; i < LENGTH; i++) sum += a[i];
        rate = 8.0 * LENGTH / (now() - begin);
        read = rate > read ? rate : read;
        total += sum;
    }
    printf("triad_gb_s %.2f\nread_gb_s %.2f\n", triad / 1e9, read / 1e9);
    if (total < 0) puts("never");
    free(a);
    free(b);
    free(c);
}

/* Multiply-adds a second of a square product in single precision, by all threads. */
static void sgemm_rate(int threads) {
    size_t n = (size_t)ORDER * ORDER;
    float *a = get(n * sizeof *a), *b = get(n * sizeof *b), *c = get(n * sizeof *c);
    for (size_t i = 0; i < n; i++) {
        a[i] = (float)(i % 7);
        b[i] = (float)(i % 5);
    }
    double best = 0;
    openblas_set_num_threads(threads);
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        double begin = now();
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, ORDER, ORDER, ORDER, 1, a, ORDER, b,
                    ORDER, 0, c, ORDER);
        double rate = (double)n * ORDER / (now() - begin);
        best = rate > best ? rate : best;
    }
    printf("sgemm_gmadd_s %.2f\n", best / 1e9);
    free(a);
    free(b);
    free(c);
}

#if defined(__x86_64__)
/* Products of bytes summed in 32 bits, from registers: 32 multiply-adds in three instructions. */
__attribute__((target("avx2"))) static double int8_avx2(long rounds) {
    enum { CHAINS = 8 };
    __m256i sum[CHAINS], x = _mm256_set1_epi8(3), y = _mm256_set1_epi8(5);
    const __m256i ones = _mm256_set1_epi16(1);
    for (int k = 0; k < CHAINS; k++) sum[k] = _mm256_setzero_si256();
    for (long r = 0; r < rounds; r++) {
        __asm__ volatile("" : "+x"(x), "+x"(y));
        for (int k = 0; k < CHAINS; k++)
            sum[k] = _mm256_add_epi32(sum[k], _mm256_madd_epi16(_mm256_maddubs_epi16(x, y), ones));
    }
    for (int k = 0; k < CHAINS; k++) __asm__ volatile("" : : "x"(sum[k]));
    return (double)rounds * CHAINS * 32;
}

/* The same by one instruction, 64 multiply-adds. */
__attribute__((target("avx512f,avx512bw,avx512vnni"))) static double int8_vnni(long rounds) {
    enum { CHAINS = 12 };
    __m512i sum[CHAINS], x = _mm512_set1_epi8(3), y = _mm512_set1_epi8(5);
    for (int k = 0; k < CHAINS; k++) sum[k] = _mm512_setzero_si512();
    for (long r = 0; r < rounds; r++) {
        __asm__ volatile("" : "+v"(x), "+v"(y));
        for (int k = 0; k < CHAINS; k++) sum[k] = _mm512_dpbusd_epi32(sum[k], x, y);
    }
    for (int k = 0; k < CHAINS; k++) __asm__ volatile("" : : "v"(sum[k]));
    return (double)rounds * CHAINS * 64;
}

static void int8_rate(const char *name, double (*kernel)(long)) {
    double best = 0;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        double done = 0, begin = now();
#pragma omp parallel reduction(+ : done)
        done += kernel(4000000);
        double rate = done / (now() - begin);
        best = rate > best ? rate : best;
    }
    printf("%s %.2f\n", name, best / 1e9);
}
#endif

static void clock_loop(void) {
    uint64_t x = 1;
    double begin = now();
    for (long r = 0; r < 30000000; r++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        __asm__ volatile("" : "+r"(x));
    }
    printf("%.6f\n", now() - begin);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "clock") == 0) {
        clock_loop();
        return 0;
    }
    long threads = argc > 1 ? strtol(argv[1], NULL, 10) : omp_get_max_threads();
    if (threads < 1 || threads > 1024) {
        fputs("usage: roofline [THREADS] | clock\n", stderr);
        return 64;
    }
    omp_set_num_threads((int)threads);
    printf("threads %ld\n", threads);
    memory_bandwidth();
    sgemm_rate((int)threads);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) int8_rate("int8_avx2_gmadd_s", int8_avx2);
    if (__builtin_cpu_supports("avx512vnni")) int8_rate("int8_vnni_gmadd_s", int8_vnni);
#endif
    return 0;
}
