#include "program/threads.h"

#include <omp.h>
#include <stdlib.h>

int64_t rs_threads = 0;

/* Threads that wait for others sleep, unless the environment says otherwise. The filters of a pipe, the jobs of a
 * comparison and a server run beside one another, and a thread that spins takes the time of one that has work: with
 * the machine busy rs-context took .2 s of a processor on the sample so, and up to 23 s spinning. GCC's OpenMP reads this
 * once, before main(): it is linked statically, so that this comes earlier. */
__attribute__((constructor(101))) static void let_threads_sleep(void) {
    setenv("OMP_WAIT_POLICY", "passive", 0);
}

void rs_threads_use(void) {
    if (rs_threads > 0) omp_set_num_threads((int)rs_threads);
}
