// The kernels, written once and compiled for several instruction sets. The including file defines ZOO_LANES (floats in a vector register),
// ZOO_TILE_ROWS, ZOO_TILE_VECTORS (the register tile of a product) and ZOO_NAME(x).
#include "kernel_table.h"
#include "zoo_convert.h"
#include <math.h>
#include <string.h>

#pragma clang fp contract(fast) reassociate(on)

typedef float vec __attribute__((vector_size(4 * ZOO_LANES), aligned(4)));
#define INLINE static inline __attribute__((always_inline))

INLINE vec load(const float *p) { return *(const vec *)p; }
INLINE void store(float *p, vec v) { *(vec *)p = v; }
INLINE vec spread(float f) { return f - (vec){0}; }  // not 0 + f, which differs for -0 and costs an addition

// If b is NaN, a or b.
INLINE vec larger(vec a, vec b) {
#if defined(__x86_64__) && ZOO_LANES == 16
  return (vec)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(__x86_64__) && ZOO_LANES == 8
  return (vec)_mm256_max_ps((__m256)a, (__m256)b);
#else
  return __builtin_elementwise_max(a, b);
#endif
}

static ptrdiff_t padded(ptrdiff_t n) { return (n + ZOO_LANES - 1) / ZOO_LANES * ZOO_LANES; }

// The sum of all lanes.
INLINE float total(vec v) {
  float lanes[ZOO_LANES];
  store(lanes, v);
  for (int half = ZOO_LANES / 2; half > 0; half /= 2)
    for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
  return lanes[0];
}

#include "kernels_rows.h"
#include "kernels_products.h"
#include "kernels_strips.h"
#include "kernels_attention.h"

const struct zoo_kernel_table ZOO_NAME(zoo_kernels) = {
    layer_norm, normalise, layer_norm_backward, add_bias, add_residual, follow, row_dots,
    take_share, scale_columns, dot, softmax,
    attention_scratch, attention, relu_values_size, relu_values, relu_sums_scratch, relu_sums,
    strip_width, pack_strip, strip_product, transposed_product, few_rows_product, narrow_rows,
};
