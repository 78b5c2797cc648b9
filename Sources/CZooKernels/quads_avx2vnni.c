#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,avxvnni,fma"))), apply_to = function)
#define ZOO_LANES 8
#define ZOO_TILE_ROWS 6
#define ZOO_TILE_VECTORS 2
#define ZOO_ADD_QUADS(sum, row, column) _mm256_dpbusd_avx_epi32((__m256i)(sum), (__m256i)(row), (__m256i)(column))
#define ZOO_NAME(x) x##_avx2_vnni
#include "quads_body.h"
#pragma clang attribute pop
#endif
