#include "zoo_rotary.h"

void zoo_rotate_pairs(float *x, ptrdiff_t ldx, const float *cosine, const float *sine, ptrdiff_t rows, ptrdiff_t heads,
                      ptrdiff_t width) {
  const ptrdiff_t pairs = width / 2;
  for (ptrdiff_t row = 0; row < rows; row++) {
    const float *c = cosine + row * pairs, *s = sine + row * pairs;
    for (ptrdiff_t head = 0; head < heads; head++) {
      float *target = x + row * ldx + head * width;
      for (ptrdiff_t i = 0; i < pairs; i++) {
        const float a = target[2 * i], b = target[2 * i + 1];
        target[2 * i] = a * c[i] - b * s[i];
        target[2 * i + 1] = b * c[i] + a * s[i];
      }
    }
  }
}

void zoo_rotate_halves(float *x, ptrdiff_t ldx, const float *cosine, const float *sine, ptrdiff_t rows, ptrdiff_t heads,
                       ptrdiff_t width) {
  const ptrdiff_t pairs = width / 2;
  for (ptrdiff_t row = 0; row < rows; row++) {
    const float *c = cosine + row * pairs, *s = sine + row * pairs;
    for (ptrdiff_t head = 0; head < heads; head++) {
      float *first = x + row * ldx + head * width, *second = first + pairs;
      for (ptrdiff_t i = 0; i < pairs; i++) {
        const float a = first[i], b = second[i];
        first[i] = a * c[i] - b * s[i];
        second[i] = b * c[i] + a * s[i];
      }
    }
  }
}
