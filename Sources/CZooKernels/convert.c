#include "zoo_convert.h"
#include "zoo_int8.h"
#include <string.h>

static inline uint16_t load16(const void *p, ptrdiff_t i) {
  uint16_t v;
  memcpy(&v, (const char *)p + 2 * i, 2);
  return v;
}

static inline float from_bits(uint32_t bits) {
  float f;
  memcpy(&f, &bits, 4);
  return f;
}

static inline uint32_t to_bits(float f) {
  uint32_t bits;
  memcpy(&bits, &f, 4);
  return bits;
}

// Branch-free, so that the compiler vectorises it: subnormals are scaled by a multiplication, infinities and NaN get the maximum exponent.
static inline float half_to_float(uint16_t h) {
  uint32_t magnitude = (uint32_t)(h & 0x7FFF) << 13;
  float scaled = from_bits(magnitude) * 0x1p112f;
  uint32_t special = (h & 0x7C00) == 0x7C00 ? 0x7F800000u | magnitude : to_bits(scaled);
  return from_bits(special | (uint32_t)(h & 0x8000) << 16);
}

void zoo_widen_f16(const void *source, float *target, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) target[i] = half_to_float(load16(source, i));
}

void zoo_widen_bf16(const void *source, float *target, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) target[i] = from_bits((uint32_t)load16(source, i) << 16);
}

void zoo_narrow_f64(const void *source, float *target, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) {
    double v;
    memcpy(&v, (const char *)source + 8 * i, 8);
    target[i] = (float)v;
  }
}

static inline uint16_t float_to_half(float f) {
  uint32_t bits = to_bits(f), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;
  if (magnitude > 0x7F800000) return (uint16_t)(sign | 0x7E00);          // NaN
  if (magnitude >= 0x477FF000) return (uint16_t)(sign | 0x7C00);         // rounds to infinity
  if (magnitude < 0x38800000) {                                          // subnormal: adding 0.5 rounds at bit 2^-24
    uint32_t rounded = to_bits(from_bits(magnitude) + 0.5f);
    return (uint16_t)(sign | (rounded - 0x3F000000));
  }
  uint32_t odd = magnitude >> 13 & 1;
  return (uint16_t)(sign | ((magnitude + 0xFFF + odd - 0x38000000) >> 13));
}

void zoo_narrow_to_f16(const float *source, uint16_t *target, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) target[i] = float_to_half(source[i]);
}

void zoo_narrow_to_bf16(const float *source, uint16_t *target, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) {
    uint32_t bits = to_bits(source[i]);
    uint32_t rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
    target[i] = (bits & 0x7FFFFFFF) > 0x7F800000 ? (uint16_t)(bits >> 16 | 0x40) : (uint16_t)rounded;
  }
}

void zoo_int8_widen(const int8_t *q, ptrdiff_t ld, const float *scales, ptrdiff_t rows, ptrdiff_t width, float *target) {
  for (ptrdiff_t i = 0; i < rows; i++, q += ld, target += width)
    for (ptrdiff_t k = 0; k < width; k++) target[k] = (float)q[k] * scales[i];
}
