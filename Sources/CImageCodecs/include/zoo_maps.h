// Arithmetic on maps of floats.
#ifndef ZOO_MAPS_H
#define ZOO_MAPS_H
#include <stddef.h>

// Interpolates target[y, x] between rows top[y] and bottom[y] (weight of the latter: down[y]) and between columns left[x] and right[x] (weight of the
// latter: across[x]) of a map with rows of `width` values.
void zoo_bilinear(const float *map, ptrdiff_t width, const ptrdiff_t *top, const ptrdiff_t *bottom, const float *down,
                  ptrdiff_t height_out, const ptrdiff_t *left, const ptrdiff_t *right, const float *across,
                  ptrdiff_t width_out, float *target);

// target += scale * source.
void zoo_add_scaled(const double *source, double scale, ptrdiff_t count, double *target);
#endif
