#if defined(__x86_64__)
#include <math.h>
#include <immintrin.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma"))), apply_to = function)
#define ZOO_BF16 1
#define ZOO_LANES 16
#define ZOO_TILE_ROWS 6
#define ZOO_TILE_VECTORS 4
#define ZOO_NAME(x) x##_avx512_bf16
#include "kernels_body.h"
#pragma clang attribute pop
#endif
