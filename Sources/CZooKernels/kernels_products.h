// Products of floats and of pairs of bf16 in register tiles. Part of kernels_body.h.

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

// target [rows, ldt] := source [rows, width] rounded, after multiplying its columns by `columns` if that is not null. If the width is odd and ldt has
// room, a zero follows each row, so that it ends with a whole pair.
INLINE void round_rows(const float *source, ptrdiff_t ld, const float *columns, ptrdiff_t rows, ptrdiff_t width,
                       uint16_t *target, ptrdiff_t ldt) {
  ptrdiff_t wide = ldt > width ? (width + 1) / 2 * 2 : width;
  for (ptrdiff_t i = 0; i < rows; i++, source += ld, target += ldt) {
    ptrdiff_t k = 0;
    for (; k + 32 <= width; k += 32) {  // stores under a mask of 16 bits take twice as long
      vec low = load(source + k), high = load(source + k + 16);
      if (columns) {
        low *= load(columns + k);
        high *= load(columns + k + 16);
      }
      _mm512_storeu_si512(target + k, (__m512i)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low));
    }
    for (; k < wide; k += 16) {
      __mmask16 mask = first_lanes(width - k);
      __m512 x = _mm512_maskz_loadu_ps(mask, source + k);
      if (columns) x = _mm512_mul_ps(x, _mm512_maskz_loadu_ps(mask, columns + k));
      _mm256_mask_storeu_epi16(target + k, first_lanes(wide - k), (__m256i)_mm512_cvtneps_pbh(x));
    }
  }
}

// The same with two adjacent values in a pair; ldt counts pairs.
static void narrow(const float *source, ptrdiff_t ld, ptrdiff_t rows, ptrdiff_t width, float *target, ptrdiff_t ldt) {
  round_rows(source, ld, 0, rows, width, (uint16_t *)target, 2 * ldt);
}

// target [rows / 2 rounded up, ldt] := source [rows, width] rounded, with rows 2i and 2i + 1 in the halves of row i; the columns up to ldt and a
// missing last row are 0.
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

// The type of factors; a pair counts as one along the depth.
enum factors { SINGLES, PAIRS };

// What happens to a product: it is written to c, added to c, or its positive parts are summed over the rows and added to c, which then is one row.
enum result { WRITE, ADD, RELU_SUMS };

// One tile of a [rows, depth] times b [depth, lanes]. `next`, if not null, is prefetched meanwhile, 16 bytes per step.
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
      for (int i = 0; i < rows; i++) total += larger(sum[i][j], (vec){0});
      store(c + j * ZOO_LANES, total);
    } else {
      for (int i = 0; i < rows; i++) store(c + i * ldc + j * ZOO_LANES, sum[i][j]);
    }
  }
}

// A tile of any size up to the largest; each size is compiled separately.
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

// c [rows, columns] = a [rows, depth] b [depth, columns], or as specified by `result`; columns is a multiple of ZOO_LANES and b's rows are padded to
// it. Tiles have about the same size: thin ones cost as much as full ones.
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
// Sixteen rows of sixteen floats, written as columns: first within blocks of four by four, then across the blocks.
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
