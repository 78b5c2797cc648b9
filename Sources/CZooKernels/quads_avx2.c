#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define ZOO_LANES 8
#define ZOO_TILE_ROWS 4
#define ZOO_TILE_VECTORS 2
#define ZOO_ADD_PAIRS(a, b) ((words)_mm256_madd_epi16((__m256i)(a), (__m256i)(b)))
#define ZOO_HALVES_LEFT(a) ((words)_mm256_slli_epi16((__m256i)(a), 8))
#define ZOO_HALVES_RIGHT(a) ((words)_mm256_srai_epi16((__m256i)(a), 8))
#define ZOO_NAME(x) x##_avx2
#include "quads_body.h"
#pragma clang attribute pop
#endif
