/* Code for the processor it runs on.
 *
 * Kernels that are written once for vectors of any width ask rs_cpu_vectors which of them to take.
 *
 * RS_CLONES before a function lets the compiler make it several times, for wider vectors too, and
 * the loader pick one. Only for loops whose result does not depend on the width of the vectors:
 * element by element, without sums of floating-point numbers (the compiler is not allowed to
 * reorder those, nor to fuse a product and a sum). */
#ifndef RS_CPU_H
#define RS_CPU_H

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define RS_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define RS_CLONES
#endif

/* The widest vectors of floats with fused products and sums, from the narrowest on. */
enum rs_cpu_vectors { RS_CPU_PORTABLE, RS_CPU_AVX2, RS_CPU_AVX512 };

static inline enum rs_cpu_vectors rs_cpu_vectors(void) {
#if defined(__x86_64__) && defined(__GNUC__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return __builtin_cpu_supports("avx512f") ? RS_CPU_AVX512 : RS_CPU_AVX2;
#endif
    return RS_CPU_PORTABLE;
}

#endif
