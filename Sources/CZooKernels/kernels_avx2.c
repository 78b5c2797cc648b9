#if defined(__x86_64__)
#include <math.h>
#include <string.h>
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define ZOO_LANES 8
#define ZOO_TILE_ROWS 6
#define ZOO_TILE_VECTORS 2
#define ZOO_NAME(x) x##_avx2
#include "kernels_body.h"
#pragma clang attribute pop
#endif
