// Products of 8-bit integers: weights are symmetric for each column, rows have a scale and a least value of their own, which they get
// while they run. Sums are exact (32 bits) up to a depth of ZOO_INT8_DEPTH; what leaves a product is f32.
#ifndef ZOO_INT8_H
#define ZOO_INT8_H
#include "zoo_kernels.h"

// 2^31 / (255 * 127), less a little.
#define ZOO_INT8_DEPTH 65536

// q [count] := w / scale, rounded, from -127 to 127; returns the scale, the largest size / 127. No number where a weight is none.
float zoo_int8_weights(const float *w, ptrdiff_t count, int8_t *q);

// target [rows, width] := q [rows, width], ld bytes apart, times the scales [rows].
void zoo_int8_widen(const int8_t *q, ptrdiff_t ld, const float *scales, ptrdiff_t rows, ptrdiff_t width, float *target);

// A strip holds zoo_int8_strip_width columns, or for the last one what is left, rounded up to whole vectors; four steps of the
// depth share a word, so that it takes width * (depth + 3) / 4 words.
ptrdiff_t zoo_int8_strip_width(void);
// One strip from `columns` rows of weights [columns, depth], ld bytes apart. sums [width] gets the sum of each column; both are 0
// beyond the columns.
void zoo_int8_pack_rows(const int8_t *rows, ptrdiff_t ld, ptrdiff_t depth, ptrdiff_t columns, int32_t *strip, float *sums);
// The same from `columns` columns of b, whose element (k, n) is b[k * down + n * across]; down or across is 1. scales [width] gets each
// column's, 0 beyond them. scratch holds depth * (1 + zoo_int8_strip_width() / 4) floats.
void zoo_int8_pack_strip(const float *b, ptrdiff_t down, ptrdiff_t across, ptrdiff_t depth, ptrdiff_t columns, float *scratch,
                         int32_t *strip, float *scales, float *sums);

// target [rows, ldt] := the bytes of x [rows, width], its columns multiplied by `columns` [width] before where that is not null. ldt
// is width rounded up to whole words. factors [rows, 2] get each row's scale and offset.
void zoo_int8_rows(const float *x, const float *columns, ptrdiff_t rows, ptrdiff_t width, uint8_t *target, ptrdiff_t ldt,
                   float *factors);
// c [rows, columns] at stride ldc := x times the strips, which lie one after the other; scales and sums are those of all columns, up
// to the last whole vector. x [rows, ldx] and factors are what zoo_int8_rows made of rows of `depth`. `after`, where not null, is
// applied to each strip of c while it is in the cache.
void zoo_int8_product(const uint8_t *x, ptrdiff_t ldx, const float *factors, const int32_t *strips, const float *scales,
                      const float *sums, ptrdiff_t depth, ptrdiff_t rows, ptrdiff_t columns, float *c, ptrdiff_t ldc,
                      const struct zoo_epilogue *after);
// y [rows, depth rounded up to whole words] at stride ldy := x [rows, columns] times the transposed strips, for a few rows in f32 and
// for the words of the depth from first up to last. x, at stride ldx, ends with zeros up to whole vectors.
void zoo_int8_transposed_product(const float *x, ptrdiff_t ldx, const int32_t *strips, const float *scales, ptrdiff_t depth,
                                 ptrdiff_t first, ptrdiff_t last, ptrdiff_t rows, ptrdiff_t columns, float *y,
                                 ptrdiff_t ldy);
#endif
