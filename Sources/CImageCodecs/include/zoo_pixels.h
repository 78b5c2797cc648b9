// Conversions of pixels, with Pillow's rounding.
#ifndef ZOO_PIXELS_H
#define ZOO_PIXELS_H
#include <stddef.h>
#include <stdint.h>

// Converts rows in a mode (zoo_image_codecs.h) to RGB, like Pillow's convert("RGB"); `palette` has 256 RGB entries.
void zoo_convert_to_rgb(const uint8_t *source, int mode, const uint8_t *palette, ptrdiff_t pixels, uint8_t *target);

// Multiplies colours by alpha, and divides them again, in place; alpha is the last of `channels` (2 or 4).
void zoo_premultiply(uint8_t *pixels, ptrdiff_t count, ptrdiff_t channels);
void zoo_unpremultiply(uint8_t *pixels, ptrdiff_t count, ptrdiff_t channels);

// Nearest neighbour: target pixel (x, y) is source pixel (columns[x], rows[y]), or zero if either is negative.
void zoo_pick(const uint8_t *source, ptrdiff_t width, ptrdiff_t pixel_bytes, const ptrdiff_t *columns,
              ptrdiff_t column_count, const ptrdiff_t *rows, ptrdiff_t row_count, uint8_t *target);

// Interleaved RGB bytes to three planes: plane c of pixel v is table[256 * c + v].
void zoo_planes(const uint8_t *rgb, ptrdiff_t pixels, const float *table, float *target);

// trunc((1 - alpha) * image + alpha * colour of trunc(255 * heat)) over RGB; heat is clamped, NaN counts as 0.
void zoo_blend_heat(const uint8_t *rgb, const float *heat, const uint8_t *colors, double alpha, ptrdiff_t pixels,
                    uint8_t *target);
#endif
