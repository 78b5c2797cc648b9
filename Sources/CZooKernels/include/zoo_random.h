// Seeded random weights: the same on every machine, whatever the number of threads.
#ifndef ZOO_RANDOM_H
#define ZOO_RANDOM_H
#include <stddef.h>
#include <stdint.h>

// target[i] = centre + a value between -spread and spread that depends only on seed and first + i.
void zoo_fill_random(float *target, ptrdiff_t count, uint64_t seed, uint64_t first, float centre, float spread);
#endif
