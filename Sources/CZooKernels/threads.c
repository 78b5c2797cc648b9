#if defined(__linux__)
#define _GNU_SOURCE
#include <sched.h>
#endif

#include "zoo_kernels.h"

int zoo_processors(void) {
#if defined(__linux__)
  // Large enough for 8192 processors: the call fails if the kernel's set is larger than the one it is given.
  enum { SETS = 8 };
  cpu_set_t sets[SETS];
  if (sched_getaffinity(0, sizeof sets, sets) == 0) return CPU_COUNT_S(sizeof sets, sets);
#endif
  return 0;
}
