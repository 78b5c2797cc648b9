#if defined(__x86_64__)
#include <math.h>
#include <string.h>
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))), apply_to = function)
#define ZOO_LANES 16
#define ZOO_TILE_ROWS 6
#define ZOO_TILE_VECTORS 4
#define ZOO_NAME(x) x##_avx512
#include "kernels_body.h"
#pragma clang attribute pop
#endif
