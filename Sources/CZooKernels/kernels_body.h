// The kernels, written once and compiled for several instruction sets. The including file defines ZOO_LANES (floats in
// a vector register), ZOO_TILE_ROWS, ZOO_TILE_VECTORS (the register tile of a product) and ZOO_NAME(x).
#include "kernel_table.h"
#include "zoo_convert.h"
#include <math.h>
#include <string.h>

#pragma clang fp contract(fast) reassociate(on)

typedef float vec __attribute__((vector_size(4 * ZOO_LANES), aligned(4)));
#define INLINE static inline __attribute__((always_inline))

INLINE vec load(const float *p) { return *(const vec *)p; }
INLINE void store(float *p, vec v) { *(vec *)p = v; }
INLINE vec spread(float f) { return (vec){0} + f; }

static ptrdiff_t padded(ptrdiff_t n) { return (n + ZOO_LANES - 1) / ZOO_LANES * ZOO_LANES; }

// --- scalar functions that the loops below vectorise -----------------------------------------------------------------

INLINE float float_from_bits(int32_t i) {
  float f;
  memcpy(&f, &i, 4);
  return f;
}

// e^x to about one unit in the last place; 0 below -87, finite up to 88.
INLINE float fast_exp(float x) {
  float clamped = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
  float n = __builtin_rintf(clamped * 1.44269504f);
  float r = (clamped - n * 0.693145752f) - n * 1.42860677e-6f;
  float p = 1.98412698e-4f;
  p = p * r + 1.38888889e-3f;
  p = p * r + 8.33333333e-3f;
  p = p * r + 4.16666667e-2f;
  p = p * r + 1.66666667e-1f;
  p = p * r + 0.5f;
  p = p * r * r + r + 1.0f;
  float e = p * float_from_bits(((int32_t)n + 127) << 23);
  return x < -87.0f ? 0.0f : e;
}

// Upper tail of the normal distribution: e^(-x^2/2) times a polynomial in 1 / (1 + x/4), fitted to 1e-8 relative on 0...13.
INLINE float normal_tail(float x, float density_kernel) {
  float t = 1.0f / (1.0f + 0.25f * x);
  float p = 3.501598590e-02f;
  p = p * t + -2.019693850e-01f;
  p = p * t + 4.086069220e-01f;
  p = p * t + -3.516309940e-01f;
  p = p * t + 3.196472280e-01f;
  p = p * t + -2.857919900e-02f;
  p = p * t + 1.244332360e-01f;
  p = p * t + 9.419603170e-02f;
  p = p * t + 1.003058390e-01f;
  p = p * t + -2.567138390e-05f;
  return p * density_kernel;
}

typedef struct {
  float value, slope;
} activated;

INLINE activated gelu(float x) {
  float kernel = fast_exp(-0.5f * x * x);
  float tail = normal_tail(__builtin_fabsf(x), kernel);
  float phi = x < 0 ? tail : 1.0f - tail;
  return (activated){x * phi, phi + x * kernel * 0.398942280f};
}

INLINE float sigmoid(float x) { return 1.0f / (1.0f + fast_exp(-x)); }

INLINE activated gelu_tanh(float x) {
  float inner = 0.797884561f * (x + 0.044715f * x * x * x);
  float s = sigmoid(2.0f * inner);  // (1 + tanh) / 2
  return (activated){x * s, s + x * 2.0f * s * (1.0f - s) * 0.797884561f * (1.0f + 0.134145f * x * x)};
}

INLINE activated quick_gelu(float x) {
  float s = sigmoid(1.702f * x);
  return (activated){x * s, s + 1.702f * x * s * (1.0f - s)};
}

INLINE activated silu(float x) {
  float s = sigmoid(x);
  return (activated){x * s, s + x * s * (1.0f - s)};
}

// --- rows ------------------------------------------------------------------------------------------------------------

static void layer_norm(const float *x, ptrdiff_t rows, ptrdiff_t width, const float *gamma, const float *beta,
                       float eps, float *y, float *mean, float *inv) {
  for (ptrdiff_t i = 0; i < rows; i++, x += width, y += width) {
    float sum = 0, squares = 0;
    for (ptrdiff_t k = 0; k < width; k++) sum += x[k];
    float mu = sum / (float)width;
    for (ptrdiff_t k = 0; k < width; k++) squares += (x[k] - mu) * (x[k] - mu);
    float scale = 1.0f / __builtin_sqrtf(squares / (float)width + eps);
    for (ptrdiff_t k = 0; k < width; k++) y[k] = (x[k] - mu) * scale * gamma[k] + beta[k];
    if (mean) mean[i] = mu;
    if (inv) inv[i] = scale;
  }
}

static void layer_norm_backward(float *g, const float *x, const float *mean, const float *inv, const float *gamma,
                                ptrdiff_t rows, ptrdiff_t width) {
  for (ptrdiff_t i = 0; i < rows; i++, g += width, x += width) {
    float mu = mean[i], scale = inv[i], sum = 0, dot = 0;
    for (ptrdiff_t k = 0; k < width; k++) {
      float q = g[k] * gamma[k];
      sum += q;
      dot += q * ((x[k] - mu) * scale);
    }
    sum /= (float)width;
    dot /= (float)width;
    for (ptrdiff_t k = 0; k < width; k++) g[k] = scale * (g[k] * gamma[k] - sum - (x[k] - mu) * scale * dot);
  }
}

static void add_bias(float *x, const float *bias, ptrdiff_t rows, ptrdiff_t width) {
  for (ptrdiff_t i = 0; i < rows; i++, x += width)
    for (ptrdiff_t k = 0; k < width; k++) x[k] += bias[k];
}

static void add_residual(float *x, const float *y, const float *bias, const float *scale, ptrdiff_t rows,
                         ptrdiff_t width) {
  for (ptrdiff_t i = 0; i < rows; i++, x += width, y += width) {
    if (bias && scale) {
      for (ptrdiff_t k = 0; k < width; k++) x[k] += (y[k] + bias[k]) * scale[k];
    } else if (bias) {
      for (ptrdiff_t k = 0; k < width; k++) x[k] += y[k] + bias[k];
    } else if (scale) {
      for (ptrdiff_t k = 0; k < width; k++) x[k] += y[k] * scale[k];
    } else {
      for (ptrdiff_t k = 0; k < width; k++) x[k] += y[k];
    }
  }
}

#define ACTIVATE(function)                                                                     \
  for (ptrdiff_t i = 0; i < rows; i++, x += ld) {                                              \
    if (derivative) {                                                                          \
      for (ptrdiff_t k = 0; k < width; k++) {                                                  \
        activated a = function(x[k] + (bias ? bias[k] : 0.0f));                                \
        x[k] = a.value;                                                                        \
        derivative[k] = a.slope;                                                               \
      }                                                                                        \
      derivative += ld;                                                                        \
    } else {                                                                                   \
      for (ptrdiff_t k = 0; k < width; k++) x[k] = function(x[k] + (bias ? bias[k] : 0.0f)).value; \
    }                                                                                          \
  }                                                                                            \
  break

static void activate(float *restrict x, ptrdiff_t ld, const float *restrict bias, int activation, ptrdiff_t rows,
                     ptrdiff_t width, float *restrict derivative) {
  switch (activation) {
  case ZOO_GELU: ACTIVATE(gelu);
  case ZOO_GELU_TANH: ACTIVATE(gelu_tanh);
  case ZOO_QUICK_GELU: ACTIVATE(quick_gelu);
  default: ACTIVATE(silu);
  }
}

static void scale_columns(const float *restrict x, const float *restrict w, float *restrict y, ptrdiff_t rows,
                          ptrdiff_t width) {
  for (ptrdiff_t i = 0; i < rows; i++, x += width, y += width)
    for (ptrdiff_t k = 0; k < width; k++) y[k] = x[k] * w[k];
}

static float dot(const float *x, const float *y, ptrdiff_t count) {
  float sum = 0;
  for (ptrdiff_t k = 0; k < count; k++) sum += x[k] * y[k];
  return sum;
}

INLINE float largest(const float *x, ptrdiff_t count) {
  vec tops = spread(-INFINITY);
  ptrdiff_t k = 0;
  for (; k + ZOO_LANES <= count; k += ZOO_LANES) tops = __builtin_elementwise_max(tops, load(x + k));
  float top = -INFINITY;
  for (int lane = 0; lane < ZOO_LANES; lane++) top = tops[lane] > top ? tops[lane] : top;
  for (; k < count; k++) top = x[k] > top ? x[k] : top;
  return top;
}

// 2^x for x <= 0, to about one unit in the last place; far below 2^-126 where x is. The polynomial is fitted to -0.5...0.5.
INLINE float power_of_two(float x) {
  float clamped = x < -126.0f ? -126.0f : x;
  float n = __builtin_rintf(clamped);
  float r = clamped - n;
  float p = 1.327647160e-3f;
  p = p * r + 9.675541331e-3f;
  p = p * r + 5.550713275e-2f;
  p = p * r + 2.402211972e-1f;
  p = p * r + 6.931469671e-1f;
  p = p * r + 1.0f;
  int32_t bits;
  memcpy(&bits, &p, 4);
  return float_from_bits(bits + (int32_t)((uint32_t)(int32_t)n << 23));
}

// x := e^(scale * (x - largest x)); returns the sum.
INLINE float exponentials(float *x, ptrdiff_t count, float scale) {
  float factor = scale * 1.44269504f, shift = largest(x, count) * factor, sum = 0;
  for (ptrdiff_t k = 0; k < count; k++) {
    float e = power_of_two(x[k] * factor - shift);
    x[k] = e;
    sum += e;
  }
  return sum;
}

static void softmax(float *x, ptrdiff_t count, float scale) {
  float inverse = 1.0f / exponentials(x, count, scale);
  for (ptrdiff_t k = 0; k < count; k++) x[k] *= inverse;
}

// --- pairs of bf16, each in the place of a float ------------------------------------------------------------------------

#ifdef ZOO_BF16
// sum += the products of both halves.
INLINE vec add_pairs(vec sum, vec factor, vec column) {
  return (vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)factor, (__m512bh)column);
}

INLINE vec spread_pair(const float *p) {
  int32_t bits;
  memcpy(&bits, p, 4);
  return (vec)_mm512_set1_epi32(bits);
}

INLINE __mmask16 first_lanes(ptrdiff_t count) { return count >= 16 ? 0xFFFF : (__mmask16)((1u << count) - 1); }

// target [rows, ldt] := source [rows, width] rounded, its columns multiplied by `columns` before where that is not null. Where
// the width is odd and ldt has room a zero follows each row, so that it ends with a whole pair.
INLINE void round_rows(const float *source, ptrdiff_t ld, const float *columns, ptrdiff_t rows, ptrdiff_t width,
                       uint16_t *target, ptrdiff_t ldt) {
  ptrdiff_t wide = ldt > width ? (width + 1) / 2 * 2 : width;
  for (ptrdiff_t i = 0; i < rows; i++, source += ld, target += ldt)
    for (ptrdiff_t k = 0; k < wide; k += 16) {
      __mmask16 mask = first_lanes(width - k);
      __m512 x = _mm512_maskz_loadu_ps(mask, source + k);
      if (columns) x = _mm512_mul_ps(x, _mm512_maskz_loadu_ps(mask, columns + k));
      _mm256_mask_storeu_epi16(target + k, first_lanes(wide - k), (__m256i)_mm512_cvtneps_pbh(x));
    }
}

// The same with two neighbours to a pair; ldt counts pairs.
static void narrow(const float *source, ptrdiff_t ld, ptrdiff_t rows, ptrdiff_t width, float *target, ptrdiff_t ldt) {
  round_rows(source, ld, 0, rows, width, (uint16_t *)target, 2 * ldt);
}

// target [rows / 2 rounded up, ldt] := source [rows, width] rounded, rows 2i and 2i + 1 in the halves of row i; the columns up to
// ldt and a missing last row are 0.
static void interleave(const float *source, ptrdiff_t ld, ptrdiff_t rows, ptrdiff_t width, float *target, ptrdiff_t ldt) {
  for (ptrdiff_t i = 0; i < rows; i += 2, source += 2 * ld, target += ldt)
    for (ptrdiff_t k = 0; k < ldt; k += 16) {
      __mmask16 mask = width > k ? first_lanes(width - k) : 0;
      __m512 low = _mm512_maskz_loadu_ps(mask, source + k);
      __m512 high = _mm512_maskz_loadu_ps(i + 1 < rows ? mask : 0, source + ld + k);
      __m512i pair = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(low));
      pair = _mm512_or_epi32(pair, _mm512_slli_epi32(_mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(high)), 16));
      _mm512_storeu_si512(target + k, pair);
    }
}
#endif

// --- small products in registers -------------------------------------------------------------------------------------

// What products are computed in; pairs count as one along the depth.
enum factors { SINGLES, PAIRS };

// What becomes of a product: it is written to c, added to c, or its positive parts are summed over the rows and added to c,
// which then is one row.
enum result { WRITE, ADD, RELU_SUMS };

// One tile of a [rows, depth] times b [depth, lanes]. What is wanted next, where not null, is fetched meanwhile, 16 bytes a step.
INLINE void tile(const float *a, ptrdiff_t lda, const float *b, ptrdiff_t ldb, float *c, ptrdiff_t ldc, ptrdiff_t depth,
                 int rows, int vectors, enum result result, enum factors factors, const float *next) {
  vec sum[ZOO_TILE_ROWS][ZOO_TILE_VECTORS];
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vectors; j++) sum[i][j] = result == ADD ? load(c + i * ldc + j * ZOO_LANES) : (vec){0};
  for (ptrdiff_t k = 0; k < depth; k++) {
    vec column[ZOO_TILE_VECTORS];
    for (int j = 0; j < vectors; j++) column[j] = load(b + k * ldb + j * ZOO_LANES);
    if (next) __builtin_prefetch(next + k * 4, 0, 2);
    for (int i = 0; i < rows; i++) {
#ifdef ZOO_BF16
      if (factors == PAIRS) {
        vec pair = spread_pair(a + i * lda + k);
        for (int j = 0; j < vectors; j++) sum[i][j] = add_pairs(sum[i][j], pair, column[j]);
        continue;
      }
#endif
      vec factor = spread(a[i * lda + k]);
      for (int j = 0; j < vectors; j++) sum[i][j] += factor * column[j];
    }
  }
  for (int j = 0; j < vectors; j++) {
    if (result == RELU_SUMS) {
      vec total = load(c + j * ZOO_LANES);
      for (int i = 0; i < rows; i++) total += __builtin_elementwise_max(sum[i][j], (vec){0});
      store(c + j * ZOO_LANES, total);
    } else {
      for (int i = 0; i < rows; i++) store(c + i * ldc + j * ZOO_LANES, sum[i][j]);
    }
  }
}

// A tile of any size up to the largest, each compiled for itself.
INLINE void any_tile(const float *a, ptrdiff_t lda, const float *b, ptrdiff_t ldb, float *c, ptrdiff_t ldc,
                     ptrdiff_t depth, ptrdiff_t rows, ptrdiff_t vectors, enum result result, enum factors factors,
                     const float *next) {
#define TILE(r, v)                                                             \
  case (r) * 8 + (v):                                                          \
    if ((r) <= ZOO_TILE_ROWS && (v) <= ZOO_TILE_VECTORS)                       \
      tile(a, lda, b, ldb, c, ldc, depth, r, v, result, factors, next);        \
    break;
#define TILES(r) TILE(r, 1) TILE(r, 2) TILE(r, 3) TILE(r, 4)
  switch (rows * 8 + vectors) { TILES(1) TILES(2) TILES(3) TILES(4) TILES(5) TILES(6) }
#undef TILES
#undef TILE
}

// c [rows, columns] = a [rows, depth] b [depth, columns], or what else `result` says; columns is a multiple of
// ZOO_LANES and b's rows are padded to it. Tiles are of about one size: slivers cost as much as full ones.
INLINE void product(const float *a, ptrdiff_t lda, const float *b, ptrdiff_t ldb, float *c, ptrdiff_t ldc,
                    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth, enum result result, enum factors factors) {
  ptrdiff_t all = columns / ZOO_LANES, strips = (all + ZOO_TILE_VECTORS - 1) / ZOO_TILE_VECTORS;
  ptrdiff_t tiles = (rows + ZOO_TILE_ROWS - 1) / ZOO_TILE_ROWS;
  for (ptrdiff_t s = 0; s < strips; s++) {
    ptrdiff_t j = all * s / strips, vectors = all * (s + 1) / strips - j;
    for (ptrdiff_t t = 0; t < tiles; t++) {
      ptrdiff_t i = rows * t / tiles, count = rows * (t + 1) / tiles - i;
      any_tile(a + i * lda, lda, b + j * ZOO_LANES, ldb, c + j * ZOO_LANES + (result == RELU_SUMS ? 0 : i * ldc), ldc, depth,
               count, vectors, result, factors, 0);
    }
  }
}

static void plain_product(const float *a, ptrdiff_t lda, const float *b, ptrdiff_t ldb, float *c, ptrdiff_t ldc,
                          ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth) {
  product(a, lda, b, ldb, c, ldc, rows, columns, depth, WRITE, SINGLES);
}

typedef float four __attribute__((vector_size(16), aligned(4)));

// Four rows of four floats at `source`, written as columns at `target`.
INLINE void transpose4(const float *source, ptrdiff_t ld, float *target, ptrdiff_t ldt) {
  four a = *(const four *)source, b = *(const four *)(source + ld), c = *(const four *)(source + 2 * ld),
       d = *(const four *)(source + 3 * ld);
  four ab0 = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab1 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  four cd0 = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd1 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *(four *)target = __builtin_shufflevector(ab0, cd0, 0, 1, 4, 5);
  *(four *)(target + ldt) = __builtin_shufflevector(ab0, cd0, 2, 3, 6, 7);
  *(four *)(target + 2 * ldt) = __builtin_shufflevector(ab1, cd1, 0, 1, 4, 5);
  *(four *)(target + 3 * ldt) = __builtin_shufflevector(ab1, cd1, 2, 3, 6, 7);
}

#if ZOO_LANES == 16
// Sixteen rows of sixteen floats, written as columns: first inside blocks of four by four, then the blocks among each other.
INLINE void transpose16(const float *source, ptrdiff_t ld, float *target, ptrdiff_t ldt) {
  vec row[16], pair[16], four[16];
  for (int i = 0; i < 16; i++) row[i] = load(source + i * ld);
  for (int i = 0; i < 16; i += 2) {
    pair[i] = __builtin_shufflevector(row[i], row[i + 1], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
    pair[i + 1] = __builtin_shufflevector(row[i], row[i + 1], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
  }
  for (int i = 0; i < 16; i += 4)
    for (int half = 0; half < 2; half++) {
      vec a = pair[i + half], b = pair[i + 2 + half];
      four[i + 2 * half] = __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
      four[i + 2 * half + 1] = __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
    }
#define EVEN(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
#define ODD(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31)
  for (int i = 0; i < 4; i++) {
    vec even0 = EVEN(four[i], four[4 + i]), even1 = EVEN(four[8 + i], four[12 + i]);
    vec odd0 = ODD(four[i], four[4 + i]), odd1 = ODD(four[8 + i], four[12 + i]);
    store(target + i * ldt, EVEN(even0, even1));
    store(target + (i + 4) * ldt, EVEN(odd0, odd1));
    store(target + (i + 8) * ldt, ODD(even0, even1));
    store(target + (i + 12) * ldt, ODD(odd0, odd1));
  }
#undef EVEN
#undef ODD
}
#define ZOO_BLOCK 16
#define transpose_block transpose16
#else
#define ZOO_BLOCK 4
#define transpose_block transpose4
#endif

// target [width, padded(rows)] := source [rows, width] transposed, padded with zeros.
static void transpose_padded(const float *source, ptrdiff_t ld, ptrdiff_t rows, ptrdiff_t width, float *target) {
  ptrdiff_t columns = padded(rows), j = 0, step;
  for (; j + 4 <= rows; j += step) {
    step = j + ZOO_BLOCK <= rows ? ZOO_BLOCK : 4;
    ptrdiff_t k = 0;
    for (; k + step <= width; k += step) {
      if (step == ZOO_BLOCK)
        transpose_block(source + j * ld + k, ld, target + k * columns + j, columns);
      else
        transpose4(source + j * ld + k, ld, target + k * columns + j, columns);
    }
    for (; k < width; k++)
      for (ptrdiff_t i = 0; i < step; i++) target[k * columns + j + i] = source[(j + i) * ld + k];
  }
  for (; j < columns; j++)
    for (ptrdiff_t k = 0; k < width; k++) target[k * columns + j] = j < rows ? source[j * ld + k] : 0.0f;
}

#ifdef ZOO_BF16
static void pair_product(const float *a, ptrdiff_t lda, const float *b, ptrdiff_t ldb, float *c, ptrdiff_t ldc,
                         ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth) {
  product(a, lda, b, ldb, c, ldc, rows, columns, depth, WRITE, PAIRS);
}
#endif

// --- products by weights in strips -------------------------------------------------------------------------------------

// As many columns as a tile has; a strip lies [depth, columns], the columns padded with zeros to whole vectors.
#define ZOO_STRIP (ZOO_LANES * ZOO_TILE_VECTORS)
// So much of a strip's depth stays in the second-level cache while all rows pass it.
#define ZOO_STRIP_DEPTH 1536

static ptrdiff_t strip_width(void) { return ZOO_STRIP; }

static void pack_strip(const float *b, ptrdiff_t down, ptrdiff_t across, ptrdiff_t depth, ptrdiff_t columns, int bf16,
                       float *strip) {
  ptrdiff_t width = padded(columns);
#ifdef ZOO_BF16
  if (bf16 && across == 1) return interleave(b, down, depth, columns, strip, width);
  if (bf16) {
    float pairs[ZOO_STRIP * 64];
    for (ptrdiff_t k = 0; k < depth; k += 128) {
      ptrdiff_t deep = depth - k < 128 ? depth - k : 128, half = (deep + 1) / 2;
      narrow(b + k, across, columns, deep, pairs, half);
      transpose_padded(pairs, half, columns, half, strip + k / 2 * width);
    }
    return;
  }
#endif
  if (across > 1) return transpose_padded(b, across, columns, depth, strip);
  for (ptrdiff_t k = 0; k < depth; k++) {
    memcpy(strip + k * width, b + k * down, (size_t)columns * 4);
    memset(strip + k * width + columns, 0, (size_t)(width - columns) * 4);
  }
}

INLINE void strip_tiles(const float *x, ptrdiff_t ldx, const float *strip, ptrdiff_t depth, ptrdiff_t rows,
                        ptrdiff_t columns, float *c, ptrdiff_t ldc, int adds, enum factors factors, const float *next) {
  ptrdiff_t width = padded(columns), tiles = (rows + ZOO_TILE_ROWS - 1) / ZOO_TILE_ROWS;
  for (ptrdiff_t t = 0; t < tiles; t++) {
    ptrdiff_t first = rows * t / tiles, count = rows * (t + 1) / tiles - first, ld = ldc;
    float *target = c + first * ldc, whole[ZOO_TILE_ROWS * ZOO_STRIP];
    if (width > columns) {  // no vector may reach beyond c's columns
      for (ptrdiff_t i = 0; adds && i < count; i++) memcpy(whole + i * width, target + i * ldc, (size_t)columns * 4);
      target = whole;
      ld = width;
    }
    any_tile(x + first * ldx, ldx, strip, width, target, ld, depth, count, width / ZOO_LANES, adds ? ADD : WRITE, factors,
             next + t * depth * 4);
    for (ptrdiff_t i = 0; width > columns && i < count; i++)
      memcpy(c + (first + i) * ldc, whole + i * width, (size_t)columns * 4);
  }
}

// What follows a product, for the columns from n on.
INLINE void follow(const struct zoo_epilogue *after, ptrdiff_t n, ptrdiff_t rows, ptrdiff_t columns, float *c, ptrdiff_t ldc) {
  const float *bias = after->bias ? after->bias + n : 0;
  if (after->activation != ZOO_NO_ACTIVATION)
    activate(c + n, ldc, bias, after->activation, rows, columns, after->derivative ? after->derivative + n : 0);
  else if (bias)
    for (ptrdiff_t i = 0; i < rows; i++) add_bias(c + i * ldc + n, bias, 1, columns);
}

static void strip_product(const float *x, ptrdiff_t ldx, const float *strips, ptrdiff_t depth, ptrdiff_t rows,
                          ptrdiff_t columns, int bf16, float *c, ptrdiff_t ldc, const struct zoo_epilogue *after) {
#ifdef ZOO_BF16
  if (bf16) depth = (depth + 1) / 2;
#else
  bf16 = 0;
#endif
  ptrdiff_t blocks = (depth + ZOO_STRIP_DEPTH - 1) / ZOO_STRIP_DEPTH;
  for (ptrdiff_t block = 0; block < blocks; block++) {
    ptrdiff_t k = depth * block / blocks, deep = depth * (block + 1) / blocks - k;
    for (ptrdiff_t n = 0; n < columns; n += ZOO_STRIP) {
      ptrdiff_t count = columns - n < ZOO_STRIP ? columns - n : ZOO_STRIP;
      const float *strip = strips + n * depth + k * padded(count), *next = strip + depth * padded(count);
      if (bf16)
        strip_tiles(x + k, ldx, strip, deep, rows, count, c + n, ldc, block > 0, PAIRS, next);
      else
        strip_tiles(x + k, ldx, strip, deep, rows, count, c + n, ldc, block > 0, SINGLES, next);
      if (after && block == blocks - 1) follow(after, n, rows, count, c, ldc);
    }
  }
}

// Reads b once, row by row, for all rows of x: c stays in the caches.
static void few_rows_product(const float *x, const float *b, ptrdiff_t ldb, ptrdiff_t depth, ptrdiff_t rows,
                             ptrdiff_t columns, float *c, ptrdiff_t ldc) {
  for (ptrdiff_t i = 0; i < rows; i++) memset(c + i * ldc, 0, (size_t)columns * 4);
  ptrdiff_t k = 0;
  for (; k + 4 <= depth; k += 4, b += 4 * ldb)
    for (ptrdiff_t i = 0; i < rows; i++) {
      const float *a = x + i * depth + k;
      float *restrict target = c + i * ldc;
      for (ptrdiff_t n = 0; n < columns; n++)
        target[n] += (a[0] * b[n] + a[1] * b[ldb + n]) + (a[2] * b[2 * ldb + n] + a[3] * b[3 * ldb + n]);
    }
  for (; k < depth; k++, b += ldb)
    for (ptrdiff_t i = 0; i < rows; i++)
      for (ptrdiff_t n = 0; n < columns; n++) c[i * ldc + n] += x[i * depth + k] * b[n];
}

static void narrow_rows(const float *x, const float *columns, ptrdiff_t rows, ptrdiff_t width, uint16_t *target,
                        ptrdiff_t ldt) {
#ifdef ZOO_BF16
  round_rows(x, width, columns, rows, width, target, ldt);
#else
  for (ptrdiff_t i = 0; i < rows; i++, x += width, target += ldt) {
    if (ldt > width) target[width] = 0;
    for (ptrdiff_t k = 0; k < width; k++) {
      float value = x[k] * (columns ? columns[k] : 1.0f);
      zoo_narrow_to_bf16(&value, target + k, 1);
    }
  }
#endif
}

static ptrdiff_t attention_scratch(ptrdiff_t keys, ptrdiff_t width) {
  ptrdiff_t columns = padded(keys), wide = padded(width);
  // The second line is for pairs.
  return width * columns + keys * wide + ZOO_ATTENTION_ROWS * (columns + wide)
         + (keys + ZOO_ATTENTION_ROWS) * (width + 1) / 2 + ZOO_ATTENTION_ROWS * columns / 2;
}

// rows [count, keys] := their softmax without its division, whose factors are kept.
INLINE void weights(float *scores, ptrdiff_t columns, ptrdiff_t first, ptrdiff_t count, ptrdiff_t keys, float scale,
                    int mask, float *inverse, float *probabilities) {
  for (ptrdiff_t i = 0; i < count; i++) {
    ptrdiff_t visible = mask == ZOO_MASK_CAUSAL ? first + i + 1 : keys;
    if (visible > keys) visible = keys;
    float *row = scores + i * columns;
    for (ptrdiff_t j = visible; j < columns; j++) row[j] = -INFINITY;  // e^-inf is 0
    inverse[i] = 1.0f / exponentials(row, columns, scale);
    if (!probabilities) continue;
    float *target = probabilities + (first + i) * keys;
    for (ptrdiff_t j = 0; j < keys; j++) target[j] = row[j] * inverse[i];
  }
}

static void attention(const float *q, ptrdiff_t ldq, const float *k, const float *v, ptrdiff_t ldkv, ptrdiff_t rows,
                      ptrdiff_t keys, ptrdiff_t width, float scale, int mask, int bf16, float *out, ptrdiff_t ldo,
                      float *scratch, float *probabilities) {
  ptrdiff_t columns = padded(keys), wide = padded(width);
  float *kt = scratch, *vp = kt + width * columns, *scores = vp + keys * wide;
  float *result = scores + ZOO_ATTENTION_ROWS * columns;
#ifdef ZOO_BF16
  ptrdiff_t half = (width + 1) / 2;
  float *keyPairs = result + ZOO_ATTENTION_ROWS * wide, *queryPairs = keyPairs + keys * half;
  float *weightPairs = queryPairs + ZOO_ATTENTION_ROWS * half;
  if (bf16) {
    narrow(k, ldkv, keys, width, keyPairs, half);
    transpose_padded(keyPairs, half, keys, half, kt);
    interleave(v, ldkv, keys, width, vp, wide);
  }
#else
  bf16 = 0;
#endif
  if (!bf16) {
    transpose_padded(k, ldkv, keys, width, kt);
    for (ptrdiff_t j = 0; j < keys; j++) {
      memcpy(vp + j * wide, v + j * ldkv, (size_t)width * 4);
      memset(vp + j * wide + width, 0, (size_t)(wide - width) * 4);
    }
  }
  ptrdiff_t pieces = (rows + ZOO_ATTENTION_ROWS - 1) / ZOO_ATTENTION_ROWS;
  for (ptrdiff_t piece = 0; piece < pieces; piece++) {
    ptrdiff_t first = rows * piece / pieces, count = rows * (piece + 1) / pieces - first;
    float inverse[ZOO_ATTENTION_ROWS];
#ifdef ZOO_BF16
    if (bf16) {
      narrow(q + first * ldq, ldq, count, width, queryPairs, half);
      pair_product(queryPairs, half, kt, columns, scores, columns, count, columns, half);
      weights(scores, columns, first, count, keys, scale, mask, inverse, probabilities);
      narrow(scores, columns, count, columns, weightPairs, columns / 2);
      pair_product(weightPairs, columns / 2, vp, wide, result, wide, count, wide, (keys + 1) / 2);
    }
#endif
    if (!bf16) {
      plain_product(q + first * ldq, ldq, kt, columns, scores, columns, count, columns, width);
      weights(scores, columns, first, count, keys, scale, mask, inverse, probabilities);
      plain_product(scores, columns, vp, wide, result, wide, count, wide, keys);
    }
    for (ptrdiff_t i = 0; i < count; i++)
      for (ptrdiff_t k = 0; k < width; k++) out[(first + i) * ldo + k] = result[i * wide + k] * inverse[i];
  }
}

static ptrdiff_t relu_values_size(ptrdiff_t keys, ptrdiff_t width) { return (width + 1) * padded(keys); }

// The rows of values as columns; in pairs they lie narrowed behind their transpose first.
static void relu_values(const float *v, ptrdiff_t ldv, ptrdiff_t keys, ptrdiff_t width, int bf16, float *values) {
#ifdef ZOO_BF16
  if (bf16) {
    ptrdiff_t half = (width + 1) / 2;
    float *pairs = values + half * padded(keys);
    narrow(v, ldv, keys, width, pairs, half);
    transpose_padded(pairs, half, keys, half, values);
    return;
  }
#endif
  transpose_padded(v, ldv, keys, width, values);
}

static ptrdiff_t relu_sums_scratch(ptrdiff_t keys, ptrdiff_t width) {
  return padded(keys) + ZOO_ATTENTION_ROWS * (width + 1) / 2;
}

static void relu_sums(const float *r, ptrdiff_t ldr, const float *values, ptrdiff_t rows, ptrdiff_t keys,
                      ptrdiff_t width, int bf16, float *sums, float *scratch) {
  ptrdiff_t columns = padded(keys);
  float *total = scratch;
  memset(total, 0, (size_t)columns * 4);
#ifdef ZOO_BF16
  if (bf16) {
    ptrdiff_t half = (width + 1) / 2;
    float *pairs = total + columns;
    for (ptrdiff_t i = 0; i < rows; i += ZOO_ATTENTION_ROWS) {
      ptrdiff_t count = rows - i < ZOO_ATTENTION_ROWS ? rows - i : ZOO_ATTENTION_ROWS;
      narrow(r + i * ldr, ldr, count, width, pairs, half);
      product(pairs, half, values, columns, total, columns, count, columns, half, RELU_SUMS, PAIRS);
    }
  }
#else
  bf16 = 0;
#endif
  if (!bf16) product(r, ldr, values, columns, total, columns, rows, columns, width, RELU_SUMS, SINGLES);
  for (ptrdiff_t j = 0; j < keys; j++) sums[j] += total[j];
}

const struct zoo_kernel_table ZOO_NAME(zoo_kernels) = {
    ZOO_KERNEL_NAME, layer_norm, layer_norm_backward, add_bias, add_residual, activate, scale_columns, dot, softmax,
    attention_scratch, attention, relu_values_size, relu_values, relu_sums_scratch, relu_sums,
    strip_width, pack_strip, strip_product, few_rows_product,
    narrow_rows,
};
