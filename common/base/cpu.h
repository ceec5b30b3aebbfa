/* Code for the processor it runs on.
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

#endif
