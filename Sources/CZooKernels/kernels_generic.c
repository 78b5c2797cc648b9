// SSE2 on x86-64, NEON on ARM: available on every processor of the platform.
#define ZOO_LANES 4
#define ZOO_NAME(x) x##_generic
#if defined(__aarch64__)
#define ZOO_TILE_ROWS 6  // 24 sums, 4 columns and a factor use 29 of 32 registers
#define ZOO_TILE_VECTORS 4
#else
#define ZOO_TILE_ROWS 4
#define ZOO_TILE_VECTORS 2
#endif
#include "kernels_body.h"
