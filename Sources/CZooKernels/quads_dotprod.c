// ARM processors that only multiply signed bytes: rows are offset by -128.
#if defined(__aarch64__)
#include <arm_neon.h>
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#define ZOO_LANES 4
#define ZOO_TILE_ROWS 6
#define ZOO_TILE_VECTORS 4
#define ZOO_SIGNED_ROWS
#define ZOO_ADD_QUADS(sum, row, column) vdotq_s32((int32x4_t)(sum), (int8x16_t)(row), (int8x16_t)(column))
#define ZOO_NAME(x) x##_dotprod
#include "quads_body.h"
#pragma clang attribute pop
#endif
