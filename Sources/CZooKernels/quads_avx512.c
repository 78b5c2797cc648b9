#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))), apply_to = function)
#define ZOO_LANES 16
#define ZOO_TILE_ROWS 6
#define ZOO_TILE_VECTORS 2  // 12 sums, and columns twice as wide
#define ZOO_ADD_PAIRS(a, b) ((words)_mm512_madd_epi16((__m512i)(a), (__m512i)(b)))
#define ZOO_HALVES_LEFT(a) ((words)_mm512_slli_epi16((__m512i)(a), 8))
#define ZOO_HALVES_RIGHT(a) ((words)_mm512_srai_epi16((__m512i)(a), 8))
#define ZOO_NAME(x) x##_avx512
#include "quads_body.h"
#pragma clang attribute pop
#endif
