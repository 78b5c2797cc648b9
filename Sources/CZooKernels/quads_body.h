// Products of 8-bit integers, written once and compiled for several instruction sets; zoo_int8.h says what each function does. Four adjacent values
// along the depth share a 32-bit word: unsigned in the rows, signed in the weights. The including file defines ZOO_LANES (words in a vector
// register), ZOO_TILE_ROWS, ZOO_TILE_VECTORS, ZOO_NAME(x) and how four products are added.
#include "quad_table.h"
#include <math.h>
#include <string.h>

#pragma clang fp contract(fast) reassociate(on)

typedef float vec __attribute__((vector_size(4 * ZOO_LANES), aligned(4)));
typedef int32_t words __attribute__((vector_size(4 * ZOO_LANES), aligned(4)));
typedef uint8_t bytes __attribute__((vector_size(ZOO_LANES), aligned(1)));
#define INLINE static inline __attribute__((always_inline))
#define ZOO_STRIP (ZOO_LANES * ZOO_TILE_VECTORS)
// The number of rows that are multiplied by all strips before the next ones.
#define ZOO_STRIP_ROWS 264

INLINE vec load(const float *p) { return *(const vec *)p; }
INLINE words load_words(const int32_t *p) { return *(const words *)p; }
INLINE words spread_word(int32_t word) { return word - (words){0}; }
static ptrdiff_t padded(ptrdiff_t n) { return (n + ZOO_LANES - 1) / ZOO_LANES * ZOO_LANES; }
static ptrdiff_t quads(ptrdiff_t depth) { return (depth + 3) / 4; }

// sum + the products of the four unsigned bytes of each word of `row` with the signed ones of `column`.
INLINE words add_quads(words sum, words row, words column) {
#if defined(ZOO_ADD_QUADS)
  return (words)ZOO_ADD_QUADS(sum, row, column);
#elif defined(ZOO_ADD_PAIRS)  // the same sum via 16-bit words: 255 * 127 * 2 does not fit in those that bytes give
  words even = ZOO_ADD_PAIRS(row & 0x00FF00FF, ZOO_HALVES_RIGHT(ZOO_HALVES_LEFT(column)));
  words odd = ZOO_ADD_PAIRS((words)((row >> 8) & 0x00FF00FF), ZOO_HALVES_RIGHT(column));
  return sum + even + odd;
#else
  sum += (row & 255) * ((column << 24) >> 24);
  sum += ((row >> 8) & 255) * ((column << 16) >> 24);
  sum += ((row >> 16) & 255) * ((column << 8) >> 24);
  return sum + ((row >> 24) & 255) * (column >> 24);
#endif
}

// --- weights -----------------------------------------------------------------------------------------------------------

static ptrdiff_t strip_width(void) { return ZOO_STRIP; }

// The nearest integer to x, from -127 to 127.
INLINE int8_t whole(float x) { return (int8_t)__builtin_rintf(x < -127 ? -127 : x > 127 ? 127 : x); }

static float weights(const float *w, ptrdiff_t count, int8_t *q) {
  float most = 0, odd = 0;
  for (ptrdiff_t k = 0; k < count; k++) {
    float size = __builtin_fabsf(w[k]);
    most = size > most ? size : most;
    odd += w[k] * 0;  // NaN if one of them is NaN or infinite
  }
  float inverse = most > 1e-30f ? 127.0f / most : 0;
  for (ptrdiff_t k = 0; k < count; k++) q[k] = whole(w[k] * inverse);
  return most / 127.0f + odd;
}

static void row_sums(const int8_t *rows, ptrdiff_t ld, ptrdiff_t depth, ptrdiff_t columns, float *sums) {
  for (ptrdiff_t n = 0; n < columns; n++) {
    int32_t sum = 0;
    for (ptrdiff_t k = 0; k < depth; k++) sum += rows[n * ld + k];
    sums[n] = (float)sum;
  }
}

// Words of rows as columns, in blocks that fit in the L1 cache.
static void pack_rows(const int8_t *rows, ptrdiff_t ld, ptrdiff_t depth, ptrdiff_t columns, int32_t *strip, float *sums) {
  ptrdiff_t width = padded(columns), whole = depth / 4;
  for (ptrdiff_t k = 0; k < whole; k += 16) {
    ptrdiff_t end = k + 16 < whole ? k + 16 : whole;
    for (ptrdiff_t n = 0; n < columns; n++)
      for (ptrdiff_t i = k; i < end; i++) memcpy(strip + i * width + n, rows + n * ld + 4 * i, 4);
  }
  for (ptrdiff_t n = 0; n < columns && depth % 4 > 0; n++) {
    strip[whole * width + n] = 0;
    memcpy(strip + whole * width + n, rows + n * ld + 4 * whole, (size_t)(depth % 4));
  }
  for (ptrdiff_t k = 0; k < quads(depth); k++)
    for (ptrdiff_t n = columns; n < width; n++) strip[k * width + n] = 0;
  row_sums(rows, ld, depth, columns, sums);
  for (ptrdiff_t n = columns; n < width; n++) sums[n] = 0;
}

static void quantise_columns(const float *b, ptrdiff_t down, ptrdiff_t across, ptrdiff_t depth, ptrdiff_t columns,
                             float *scratch, int8_t *rows, float *scales) {
  for (ptrdiff_t n = 0; n < columns; n++) {
    const float *column = b + n * across;
    for (ptrdiff_t k = 0; down > 1 && k < depth; k++) scratch[k] = column[k * down];
    scales[n] = weights(down > 1 ? scratch : column, depth, rows + n * depth);
  }
}

// --- rows --------------------------------------------------------------------------------------------------------------

INLINE float scaled(const float *x, const float *columns, ptrdiff_t k) { return columns ? x[k] * columns[k] : x[k]; }

// One row: x = scale * q + low, q from 0 to 255.
INLINE void quantise(const float *restrict x, const float *restrict columns, ptrdiff_t width, uint8_t *restrict target,
                     ptrdiff_t ldt, float *factors) {
  float first = scaled(x, columns, 0), least = first, most = first, odd = 0;
  vec low[4], high[4], none[4];  // several, so that no addition waits for the last one
  for (int i = 0; i < 4; i++) {
    low[i] = high[i] = first - (vec){0};
    none[i] = (vec){0};
  }
  ptrdiff_t k = 0;
  for (; k + 4 * ZOO_LANES <= width; k += 4 * ZOO_LANES)
    for (int i = 0; i < 4; i++) {
      vec value = load(x + k + i * ZOO_LANES);
      if (columns) value *= load(columns + k + i * ZOO_LANES);
      low[i] = __builtin_elementwise_min(low[i], value);
      high[i] = __builtin_elementwise_max(high[i], value);
      none[i] += value * 0.0f;
    }
  for (int i = 1; i < 4; i++) {
    low[0] = __builtin_elementwise_min(low[0], low[i]);
    high[0] = __builtin_elementwise_max(high[0], high[i]);
    none[0] += none[i];
  }
  for (int i = 0; i < ZOO_LANES; i++) {
    least = low[0][i] < least ? low[0][i] : least;
    most = high[0][i] > most ? high[0][i] : most;
    odd += none[0][i];
  }
  for (ptrdiff_t rest = k; rest < width; rest++) {
    float value = scaled(x, columns, rest);
    least = value < least ? value : least;
    most = value > most ? value : most;
    odd += value * 0.0f;
  }
  float range = most - least, inverse = range > 1e-30f ? 255.0f / range : 0.0f;
  const float shift = 8388608.0f;  // 2^23: adding it rounds to an integer, in the low bits
  for (k = 0; k + ZOO_LANES <= width; k += ZOO_LANES) {
    vec value = load(x + k);
    if (columns) value *= load(columns + k);
    words number = (words)((value - least) * inverse + shift);
#ifdef ZOO_SIGNED_ROWS
    number ^= 128;
#endif
    *(bytes *)(target + k) = __builtin_convertvector(number & 255, bytes);
  }
  for (; k < width; k++) {
    float value = (scaled(x, columns, k) - least) * inverse + shift;
    int32_t number;
    memcpy(&number, &value, 4);
#ifdef ZOO_SIGNED_ROWS
    number ^= 128;
#endif
    target[k] = (uint8_t)number;
  }
  for (; k < ldt; k++) target[k] = 0;
  factors[0] = range > 1e-30f ? range / 255.0f : 0.0f;
#ifdef ZOO_SIGNED_ROWS  // the bytes are offset by -128
  factors[1] = least + 128 * factors[0] + odd;
#else
  factors[1] = least + odd;
#endif
}

static void rows_of(const float *x, const float *columns, ptrdiff_t rows, ptrdiff_t width, uint8_t *target, ptrdiff_t ldt,
                    float *factors) {
  for (ptrdiff_t i = 0; i < rows; i++, x += width, target += ldt, factors += 2) {
    if (columns)
      quantise(x, columns, width, target, ldt, factors);
    else
      quantise(x, 0, width, target, ldt, factors);
  }
}

// --- products ----------------------------------------------------------------------------------------------------------

// One tile: c = scale_column (scale_row * sum + low_row * sum_column). The next data is prefetched meanwhile, 16 bytes per step.
INLINE void tile(const int32_t *a, ptrdiff_t lda, const float *factors, const int32_t *b, ptrdiff_t ldb, const float *scales,
                 const float *sums, float *c, ptrdiff_t ldc, ptrdiff_t depth, int rows, int vectors, const int32_t *next) {
  words sum[ZOO_TILE_ROWS][ZOO_TILE_VECTORS];
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vectors; j++) sum[i][j] = (words){0};
  for (ptrdiff_t k = 0; k < depth; k++) {
    words column[ZOO_TILE_VECTORS];
    for (int j = 0; j < vectors; j++) column[j] = load_words(b + k * ldb + j * ZOO_LANES);
    __builtin_prefetch(next + k * 4, 0, 2);
    for (int i = 0; i < rows; i++) {
      words row = spread_word(a[i * lda + k]);
      for (int j = 0; j < vectors; j++) sum[i][j] = add_quads(sum[i][j], row, column[j]);
    }
  }
  for (int j = 0; j < vectors; j++) {
    vec scale = load(scales + j * ZOO_LANES), all = load(sums + j * ZOO_LANES);
    for (int i = 0; i < rows; i++)
      *(vec *)(c + i * ldc + j * ZOO_LANES) =
          scale * (factors[2 * i] * __builtin_convertvector(sum[i][j], vec) + factors[2 * i + 1] * all);
  }
}

// A tile of any size up to the largest; each size is compiled separately.
INLINE void any_tile(const int32_t *a, ptrdiff_t lda, const float *factors, const int32_t *b, ptrdiff_t ldb,
                     const float *scales, const float *sums, float *c, ptrdiff_t ldc, ptrdiff_t depth, ptrdiff_t rows,
                     ptrdiff_t vectors, const int32_t *next) {
#define TILE(r, v)                                                                    \
  case (r) * 8 + (v):                                                                 \
    if ((r) <= ZOO_TILE_ROWS && (v) <= ZOO_TILE_VECTORS)                              \
      tile(a, lda, factors, b, ldb, scales, sums, c, ldc, depth, r, v, next);         \
    break;
#define TILES(r) TILE(r, 1) TILE(r, 2) TILE(r, 3) TILE(r, 4)
  switch (rows * 8 + vectors) { TILES(1) TILES(2) TILES(3) TILES(4) TILES(5) TILES(6) }
#undef TILES
#undef TILE
}

// One strip.
INLINE void strip_tiles(const int32_t *x, ptrdiff_t ldx, const float *factors, const int32_t *strip, const float *scales,
                        const float *sums, ptrdiff_t depth, ptrdiff_t rows, ptrdiff_t columns, float *c, ptrdiff_t ldc) {
  ptrdiff_t width = padded(columns), tiles = (rows + ZOO_TILE_ROWS - 1) / ZOO_TILE_ROWS;
  const int32_t *next = strip + depth * width;
  for (ptrdiff_t t = 0; t < tiles; t++) {
    ptrdiff_t first = rows * t / tiles, count = rows * (t + 1) / tiles - first;
    float *target = c + first * ldc, whole[ZOO_TILE_ROWS * ZOO_STRIP];
    int narrow = width > columns;  // no vector may extend beyond c's columns
    any_tile(x + first * ldx, ldx, factors + 2 * first, strip, width, scales, sums, narrow ? whole : target,
             narrow ? width : ldc, depth, count, width / ZOO_LANES, next + t * depth * 4);
    for (ptrdiff_t i = 0; narrow && i < count; i++) memcpy(target + i * ldc, whole + i * width, (size_t)columns * 4);
  }
}

static void product(const uint8_t *x, ptrdiff_t ldx, const float *factors, const int32_t *strips, const float *scales,
                    const float *sums, ptrdiff_t depth, ptrdiff_t rows, ptrdiff_t columns, float *c, ptrdiff_t ldc,
                    const struct zoo_epilogue *after, zoo_follow_function *follow) {
  ptrdiff_t deep = quads(depth), blocks = (rows + ZOO_STRIP_ROWS - 1) / ZOO_STRIP_ROWS;
  for (ptrdiff_t block = 0; block < blocks; block++) {
    ptrdiff_t first = rows * block / blocks, count = rows * (block + 1) / blocks - first;
    struct zoo_epilogue own = after ? *after : (struct zoo_epilogue){0};
    if (own.derivative) own.derivative += first * ldc;
    if (own.moment) own.moment += first * ldc;
    for (ptrdiff_t n = 0; n < columns; n += ZOO_STRIP) {
      ptrdiff_t width = columns - n < ZOO_STRIP ? columns - n : ZOO_STRIP;
      float *target = c + first * ldc + n;
      strip_tiles((const int32_t *)(x + first * ldx), ldx / 4, factors + 2 * first, strips + n * deep, scales + n, sums + n,
                  deep, count, width, target, ldc);
      if (after) follow(target, ldc, n, count, width, &own);
    }
  }
}

static void finish(float *c, ptrdiff_t ldc, const float *factors, const float *scales, const float *sums, ptrdiff_t rows,
                   ptrdiff_t columns, const struct zoo_epilogue *after, zoo_follow_function *follow) {
  for (ptrdiff_t i = 0; i < rows; i++) {
    float *row = c + i * ldc, scale = factors[2 * i], low = factors[2 * i + 1];
    for (ptrdiff_t n = 0; n < columns; n++) row[n] = scales[n] * (scale * row[n] + low * sums[n]);
    if (!after) continue;
    struct zoo_epilogue own = *after;
    if (own.derivative) own.derivative += i * ldc;
    if (own.moment) own.moment += i * ldc;
    follow(row, ldc, 0, 1, columns, &own);
  }
}

INLINE float total(vec v) {
  float lanes[ZOO_LANES];
  memcpy(lanes, &v, sizeof lanes);
  for (int half = ZOO_LANES / 2; half > 0; half /= 2)
    for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
  return lanes[0];
}

// A few rows of x times a step of the depth of all strips: four columns of y.
INLINE void transposed_step(const float *x, ptrdiff_t ldx, const int32_t *strips, const float *scales, ptrdiff_t depth,
                            ptrdiff_t step, int rows, ptrdiff_t columns, float *y, ptrdiff_t ldy) {
  vec sum[4][4] = {{{0}}};
  for (ptrdiff_t n = 0; n < columns; n += ZOO_STRIP) {
    ptrdiff_t width = padded(columns - n < ZOO_STRIP ? columns - n : ZOO_STRIP);
    const int32_t *b = strips + n * depth + step * width;
    for (ptrdiff_t j = 0; j < width; j += ZOO_LANES) {
      __builtin_prefetch(b + j + depth * ZOO_STRIP, 0, 3);
      words word = load_words(b + j);
      vec scale = load(scales + n + j), part[4];
      part[0] = __builtin_convertvector((word << 24) >> 24, vec);
      part[1] = __builtin_convertvector((word << 16) >> 24, vec);
      part[2] = __builtin_convertvector((word << 8) >> 24, vec);
      part[3] = __builtin_convertvector(word >> 24, vec);
      for (int i = 0; i < rows; i++) {
        vec factor = load(x + i * ldx + n + j) * scale;
        for (int p = 0; p < 4; p++) sum[i][p] += factor * part[p];
      }
    }
  }
  for (int i = 0; i < rows; i++)
    for (int p = 0; p < 4; p++) y[i * ldy + p] = total(sum[i][p]);
}

static void transposed_product(const float *x, ptrdiff_t ldx, const int32_t *strips, const float *scales, ptrdiff_t depth,
                               ptrdiff_t first, ptrdiff_t last, ptrdiff_t rows, ptrdiff_t columns, float *y, ptrdiff_t ldy) {
  for (ptrdiff_t k = first; k < last; k++)
    for (ptrdiff_t i = 0; i < rows; i += 4) {
      const float *some = x + i * ldx;
      float *target = y + i * ldy + 4 * k;
#define ROWS(r) transposed_step(some, ldx, strips, scales, quads(depth), k, r, columns, target, ldy)
      switch (rows - i) {
      case 1: ROWS(1); break;
      case 2: ROWS(2); break;
      case 3: ROWS(3); break;
      default: ROWS(4);
      }
#undef ROWS
    }
}

const struct zoo_quad_table ZOO_NAME(zoo_quads) = {
    strip_width, weights, quantise_columns, row_sums, pack_rows, rows_of, product, finish, transposed_product,
};
