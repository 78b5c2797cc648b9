#include "zoo_random.h"

// The splitmix64 finaliser over a counter.
static inline uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

void zoo_fill_random(float *target, ptrdiff_t count, uint64_t seed, uint64_t first, float centre, float spread) {
  uint64_t start = mix(seed + 0x9E3779B97F4A7C15u);
  for (ptrdiff_t i = 0; i < count; i++) {
    uint64_t bits = mix(start + (first + (uint64_t)i) * 0x9E3779B97F4A7C15u);
    target[i] = centre + spread * ((float)(int32_t)(bits >> 40) * 0x1p-23f - 1.0f);
  }
}
