// ARM processors that multiply unsigned by signed bytes.
#if defined(__aarch64__)
#include <arm_neon.h>
#pragma clang attribute push(__attribute__((target("i8mm"))), apply_to = function)
#define ZOO_LANES 4
#define ZOO_TILE_ROWS 6
#define ZOO_TILE_VECTORS 4
#define ZOO_ADD_QUADS(sum, row, column) vusdotq_s32((int32x4_t)(sum), (uint8x16_t)(row), (int8x16_t)(column))
#define ZOO_NAME(x) x##_i8mm
#include "quads_body.h"
#pragma clang attribute pop
#endif
