// Products by weights in strips of columns. Part of kernels_body.h.

// As many columns as a tile; a strip is stored as [depth, columns], with the columns padded with zeros to whole vectors.
#define ZOO_STRIP (ZOO_LANES * ZOO_TILE_VECTORS)
// The part of a strip's depth that stays in the L2 cache while all rows are multiplied by it.
#define ZOO_STRIP_DEPTH 1536
// The number of rows that are multiplied by all strips before the next ones: they stay in the L3 cache.
#define ZOO_STRIP_ROWS 264

static ptrdiff_t strip_width(void) { return ZOO_STRIP; }

static void pack_strip(const float *b, ptrdiff_t down, ptrdiff_t across, ptrdiff_t depth, ptrdiff_t columns, int bf16,
                       float *strip) {
  ptrdiff_t width = padded(columns);
#ifdef ZOO_BF16
  if (bf16 && across == 1) return interleave(b, down, depth, columns, strip, width);
  if (bf16) {
    float pairs[ZOO_STRIP * 64];
    ptrdiff_t k = columns % 16 == 0 ? depth / 32 * 32 : 0;
    for (ptrdiff_t j = 0; j < columns; j += 16)  // 16 rows at a time, each read from start to end
      for (ptrdiff_t n = 0; n < k; n += 32) {
        narrow(b + j * across + n, across, 16, 32, pairs, 16);
        transpose16(pairs, 16, strip + n / 2 * width + j, width);
      }
    for (; k < depth; k += 128) {
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
    if (width > columns) {  // no vector may extend beyond c's columns
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

INLINE void strip_rows(const float *x, ptrdiff_t ldx, const float *strips, ptrdiff_t depth, ptrdiff_t rows,
                       ptrdiff_t columns, enum factors factors, float *c, ptrdiff_t ldc, const struct zoo_epilogue *after) {
  ptrdiff_t blocks = (depth + ZOO_STRIP_DEPTH - 1) / ZOO_STRIP_DEPTH;
  for (ptrdiff_t block = 0; block < blocks; block++) {
    ptrdiff_t k = depth * block / blocks, deep = depth * (block + 1) / blocks - k;
    for (ptrdiff_t n = 0; n < columns; n += ZOO_STRIP) {
      ptrdiff_t count = columns - n < ZOO_STRIP ? columns - n : ZOO_STRIP;
      const float *strip = strips + n * depth + k * padded(count), *next = strip + depth * padded(count);
      strip_tiles(x + k, ldx, strip, deep, rows, count, c + n, ldc, block > 0, factors, next);
      if (after && block == blocks - 1) follow(c + n, ldc, n, rows, count, after);
    }
  }
}

static void strip_product(const float *x, ptrdiff_t ldx, const float *strips, ptrdiff_t depth, ptrdiff_t rows,
                          ptrdiff_t columns, int bf16, float *c, ptrdiff_t ldc, const struct zoo_epilogue *after) {
  ptrdiff_t blocks = (rows + ZOO_STRIP_ROWS - 1) / ZOO_STRIP_ROWS;
  for (ptrdiff_t block = 0; block < blocks; block++) {
    ptrdiff_t i = rows * block / blocks, count = rows * (block + 1) / blocks - i;
    struct zoo_epilogue own = after ? *after : (struct zoo_epilogue){0};
    if (own.derivative) own.derivative += i * ldc;
    if (own.moment) own.moment += i * ldc;
    const struct zoo_epilogue *then = after ? &own : 0;
#ifdef ZOO_BF16
    if (bf16) {
      strip_rows(x + i * ldx, ldx, strips, (depth + 1) / 2, count, columns, PAIRS, c + i * ldc, ldc, then);
      continue;
    }
#endif
    strip_rows(x + i * ldx, ldx, strips, depth, count, columns, SINGLES, c + i * ldc, ldc, then);
  }
}

// A row of x times some steps of the depth of all strips, where each step is a row of b. The first row prefetches.
INLINE void transposed_steps(const float *x, const float *strips, ptrdiff_t depth, ptrdiff_t first, int steps,
                             ptrdiff_t columns, int fetches, enum factors factors, float *y) {
  vec sum[2][8] = {{{0}}};
  for (ptrdiff_t n = 0; n < columns; n += ZOO_STRIP) {
    ptrdiff_t width = padded(columns - n < ZOO_STRIP ? columns - n : ZOO_STRIP);
    const float *b = strips + n * depth + first * width;
    for (ptrdiff_t j = 0; j < width; j += ZOO_LANES) {
      vec factor = load(x + n + j);
      for (int i = 0; i < steps; i++) {
        if (fetches) __builtin_prefetch(b + i * width + j + depth * ZOO_STRIP, 0, 3);
        vec column = load(b + i * width + j);
#ifdef ZOO_BF16
        if (factors == PAIRS) {
          __m512i pair = (__m512i)column;
          sum[0][i] += factor * (vec)_mm512_slli_epi32(pair, 16);
          sum[1][i] += factor * (vec)_mm512_and_si512(pair, _mm512_set1_epi32((int32_t)0xFFFF0000));
          continue;
        }
#endif
        sum[0][i] += factor * column;
      }
    }
  }
  for (int i = 0; i < steps; i++) {
    if (factors == PAIRS) {
      y[2 * i] = total(sum[0][i]);
      y[2 * i + 1] = total(sum[1][i]);
    } else {
      y[i] = total(sum[0][i]);
    }
  }
}

INLINE void transposed_rows(const float *x, ptrdiff_t ldx, const float *strips, ptrdiff_t depth, ptrdiff_t first,
                            ptrdiff_t last, ptrdiff_t rows, ptrdiff_t columns, enum factors factors, float *y,
                            ptrdiff_t ldy) {
  ptrdiff_t k = first, each = factors == PAIRS ? 2 : 1;
  for (; k + 8 <= last; k += 8)
    for (ptrdiff_t i = 0; i < rows; i++)
      transposed_steps(x + i * ldx, strips, depth, k, 8, columns, i == 0, factors, y + i * ldy + k * each);
  for (; k < last; k++)
    for (ptrdiff_t i = 0; i < rows; i++)
      transposed_steps(x + i * ldx, strips, depth, k, 1, columns, 0, factors, y + i * ldy + k * each);
}

static void transposed_product(const float *x, ptrdiff_t ldx, const float *strips, ptrdiff_t depth, ptrdiff_t first,
                               ptrdiff_t last, ptrdiff_t rows, ptrdiff_t columns, int bf16, float *y, ptrdiff_t ldy) {
#ifdef ZOO_BF16
  if (bf16) return transposed_rows(x, ldx, strips, depth, first, last, rows, columns, PAIRS, y, ldy);
#endif
  transposed_rows(x, ldx, strips, depth, first, last, rows, columns, SINGLES, y, ldy);
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
