// Rotary position embedding.
#ifndef ZOO_ROTARY_H
#define ZOO_ROTARY_H
#include <stddef.h>

// Rotates the pairs (2i, 2i + 1) of every head in place: (a, b) becomes (a c - b s, b c + a s). x has rows of heads * width floats at stride ldx;
// cosine and sine are [rows, width / 2].
void zoo_rotate_pairs(float *x, ptrdiff_t ldx, const float *cosine, const float *sine, ptrdiff_t rows, ptrdiff_t heads,
                      ptrdiff_t width);
// The same for the pairs (i, i + width / 2).
void zoo_rotate_halves(float *x, ptrdiff_t ldx, const float *cosine, const float *sine, ptrdiff_t rows, ptrdiff_t heads,
                       ptrdiff_t width);
#endif
