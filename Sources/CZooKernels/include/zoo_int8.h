// Products of 8-bit integers: weights are symmetric for each column, rows have their own scale and minimum, determined at run time. Sums are exact
// (32 bits) up to a depth of ZOO_INT8_DEPTH; the results are f32.
#ifndef ZOO_INT8_H
#define ZOO_INT8_H
#include "zoo_kernels.h"

// 2^31 / (255 * 127), rounded down to a power of two.
#define ZOO_INT8_DEPTH 65536

// q [count] := w / scale, rounded, from -127 to 127; returns the scale, the largest magnitude / 127. NaN if a weight is NaN or infinite.
float zoo_int8_weights(const float *w, ptrdiff_t count, int8_t *q);

// rows [columns, depth] := `columns` columns of b, each divided by its scale, which is stored in scales [columns]; element (k, n) of b is b[k * down +
// n * across]; down or across is 1. scratch holds depth floats.
void zoo_int8_columns(const float *b, ptrdiff_t down, ptrdiff_t across, ptrdiff_t depth, ptrdiff_t columns, float *scratch,
                      int8_t *rows, float *scales);
// sums [columns] := the sums of rows [columns, depth] with a stride of ld bytes.
void zoo_int8_sums(const int8_t *rows, ptrdiff_t ld, ptrdiff_t depth, ptrdiff_t columns, float *sums);

// target [rows, width] := q [rows, width], ld bytes apart, times the scales [rows].
void zoo_int8_widen(const int8_t *q, ptrdiff_t ld, const float *scales, ptrdiff_t rows, ptrdiff_t width, float *target);

// A strip holds zoo_int8_strip_width columns, or for the last one the remaining columns, rounded up to whole vectors; four steps of the depth share a
// word, so a strip takes width * (depth + 3) / 4 words.
ptrdiff_t zoo_int8_strip_width(void);
// Packs one strip from `columns` rows of weights [columns, depth] with a stride of ld bytes. sums [width] gets the sum of each column; both are 0
// beyond the columns.
void zoo_int8_pack_rows(const int8_t *rows, ptrdiff_t ld, ptrdiff_t depth, ptrdiff_t columns, int32_t *strip, float *sums);

// target [rows, ldt] := x [rows, width] quantised to bytes, after multiplying its columns by `columns` [width] if that is not null. ldt is width
// rounded up to whole words. factors [rows, 2] gets the scale and offset of each row.
void zoo_int8_rows(const float *x, const float *columns, ptrdiff_t rows, ptrdiff_t width, uint8_t *target, ptrdiff_t ldt,
                   float *factors);
// c [rows, columns] at stride ldc := x times the contiguous strips; scales and sums are those of all columns, up to the last whole vector. x [rows,
// ldx] and factors are the output of zoo_int8_rows for rows of `depth`. `after`, if not null, is applied to each strip of c while it is in the cache.
void zoo_int8_product(const uint8_t *x, ptrdiff_t ldx, const float *factors, const int32_t *strips, const float *scales,
                      const float *sums, ptrdiff_t depth, ptrdiff_t rows, ptrdiff_t columns, float *c, ptrdiff_t ldc,
                      const struct zoo_epilogue *after);
// The last step of a product whose sums of integers were computed elsewhere: c [rows, columns] at stride ldc holds them, as floats, and gets what
// zoo_int8_product would give.
void zoo_int8_finish(float *c, ptrdiff_t ldc, const float *factors, const float *scales, const float *sums, ptrdiff_t rows,
                     ptrdiff_t columns, const struct zoo_epilogue *after);
// y [rows, depth rounded up to whole words] at stride ldy := x [rows, columns] times the transposed strips, for a few rows in f32 and for the words
// of the depth from first up to last. x, at stride ldx, is padded with zeros to whole vectors.
void zoo_int8_transposed_product(const float *x, ptrdiff_t ldx, const int32_t *strips, const float *scales, ptrdiff_t depth,
                                 ptrdiff_t first, ptrdiff_t last, ptrdiff_t rows, ptrdiff_t columns, float *y,
                                 ptrdiff_t ldy);
#endif
