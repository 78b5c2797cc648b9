#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma"))), apply_to = function)
#define ZOO_LANES 16
#define ZOO_TILE_ROWS 6
#define ZOO_TILE_VECTORS 4
#define ZOO_ADD_QUADS(sum, row, column) _mm512_dpbusd_epi32((__m512i)(sum), (__m512i)(row), (__m512i)(column))
#define ZOO_NAME(x) x##_avx512_vnni
#include "quads_body.h"
#pragma clang attribute pop
#endif
