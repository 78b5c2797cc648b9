#include "include/zoo_pixels.h"
#include "include/zoo_image_codecs.h"
#include <string.h>

#pragma STDC FP_CONTRACT OFF

// a * b / 255, rounded.
static inline uint8_t scale(uint8_t a, uint8_t b) {
  unsigned t = (unsigned)a * b + 128;
  return (uint8_t)(((t >> 8) + t) >> 8);
}

static inline uint8_t *put(uint8_t *target, uint8_t r, uint8_t g, uint8_t b) {
  target[0] = r;
  target[1] = g;
  target[2] = b;
  return target + 3;
}

// Black takes its share first; the other inks take what is left of the light. No colour profile.
static inline uint8_t ink(uint8_t color, uint8_t black) {
  uint8_t light = 255 - black;
  return light - scale(color, light);
}

void zoo_convert_to_rgb(const uint8_t *source, int mode, const uint8_t *palette, ptrdiff_t pixels, uint8_t *target) {
  const uint8_t *p = source;
  switch (mode) {
    case ZOO_BILEVEL:
    case ZOO_L:
      for (ptrdiff_t i = 0; i < pixels; i++, p += 1) target = put(target, p[0], p[0], p[0]);
      break;
    case ZOO_LA:
      for (ptrdiff_t i = 0; i < pixels; i++, p += 2) target = put(target, p[0], p[0], p[0]);
      break;
    case ZOO_L16:  // clipped, not scaled
      for (ptrdiff_t i = 0; i < pixels; i++, p += 2) {
        uint8_t v = p[1] ? 255 : p[0];
        target = put(target, v, v, v);
      }
      break;
    case ZOO_RGB: memcpy(target, source, (size_t)pixels * 3); break;
    case ZOO_RGBA:
      for (ptrdiff_t i = 0; i < pixels; i++, p += 4) target = put(target, p[0], p[1], p[2]);
      break;
    case ZOO_CMYK:
      for (ptrdiff_t i = 0; i < pixels; i++, p += 4)
        target = put(target, ink(p[0], p[3]), ink(p[1], p[3]), ink(p[2], p[3]));
      break;
    default:
      for (ptrdiff_t i = 0; i < pixels; i++, p += 1) {
        const uint8_t *color = palette + 3 * p[0];
        target = put(target, color[0], color[1], color[2]);
      }
  }
}

void zoo_premultiply(uint8_t *pixels, ptrdiff_t count, ptrdiff_t channels) {
  for (uint8_t *p = pixels; count > 0; count--, p += channels)
    for (ptrdiff_t c = 0; c < channels - 1; c++) p[c] = scale(p[c], p[channels - 1]);
}

void zoo_unpremultiply(uint8_t *pixels, ptrdiff_t count, ptrdiff_t channels) {
  for (uint8_t *p = pixels; count > 0; count--, p += channels) {
    int alpha = p[channels - 1];
    if (alpha == 0 || alpha == 255) continue;
    for (ptrdiff_t c = 0; c < channels - 1; c++) {
      int v = 255 * p[c] / alpha;
      p[c] = (uint8_t)(v > 255 ? 255 : v);
    }
  }
}

void zoo_pick(const uint8_t *source, ptrdiff_t width, ptrdiff_t pixel_bytes, const ptrdiff_t *columns,
              ptrdiff_t column_count, const ptrdiff_t *rows, ptrdiff_t row_count, uint8_t *target) {
  for (ptrdiff_t y = 0; y < row_count; y++) {
    for (ptrdiff_t x = 0; x < column_count; x++, target += pixel_bytes) {
      if (rows[y] < 0 || columns[x] < 0) memset(target, 0, (size_t)pixel_bytes);
      else memcpy(target, source + (rows[y] * width + columns[x]) * pixel_bytes, (size_t)pixel_bytes);
    }
  }
}

void zoo_planes(const uint8_t *rgb, ptrdiff_t pixels, const float *table, float *target) {
  for (ptrdiff_t c = 0; c < 3; c++)
    for (ptrdiff_t i = 0; i < pixels; i++) *target++ = table[256 * c + rgb[3 * i + c]];
}

void zoo_blend_heat(const uint8_t *rgb, const float *heat, const uint8_t *colors, double alpha, ptrdiff_t pixels,
                    uint8_t *target) {
  for (ptrdiff_t i = 0; i < pixels; i++) {
    float h = 255.0f * heat[i];
    int index = h > 0 ? (h < 255 ? (int)h : 255) : 0;
    for (ptrdiff_t c = 0; c < 3; c++)
      target[3 * i + c] = (uint8_t)((1 - alpha) * rgb[3 * i + c] + alpha * colors[3 * index + c]);
  }
}
