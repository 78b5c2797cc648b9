#include "include/zoo_maps.h"

#pragma STDC FP_CONTRACT OFF

void zoo_bilinear(const float *map, ptrdiff_t width, const ptrdiff_t *top, const ptrdiff_t *bottom, const float *down,
                  ptrdiff_t height_out, const ptrdiff_t *left, const ptrdiff_t *right, const float *across,
                  ptrdiff_t width_out, float *target) {
  for (ptrdiff_t y = 0; y < height_out; y++) {
    const float *upper = map + top[y] * width, *lower = map + bottom[y] * width;
    float d = down[y];
    for (ptrdiff_t x = 0; x < width_out; x++) {
      ptrdiff_t l = left[x], r = right[x];
      float a = across[x];
      *target++ = (1 - d) * ((1 - a) * upper[l] + a * upper[r]) + d * ((1 - a) * lower[l] + a * lower[r]);
    }
  }
}

void zoo_add_scaled(const double *source, double scale, ptrdiff_t count, double *target) {
  for (ptrdiff_t i = 0; i < count; i++) target[i] += scale * source[i];
}
