#include "zoo_resize.h"
#include <string.h>

#pragma STDC FP_CONTRACT OFF

enum { fraction_bits = 22, block = 1024 };
static const int32_t half = 1 << (fraction_bits - 1);

static inline uint8_t clip(int32_t sum) {
  int32_t v = sum >> fraction_bits;
  return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

typedef int32_t lanes __attribute__((vector_size(16)));
typedef uint8_t bytes4 __attribute__((vector_size(4)));

#define INLINE static inline __attribute__((always_inline))

// A pixel with 3 channels is read as 4 bytes, ignoring one, unless that would read out of bounds.
INLINE void rows_by_pixel(const uint8_t *source, ptrdiff_t width, ptrdiff_t rows, ptrdiff_t channels,
                          const zoo_axis *axis, uint8_t *target) {
  const uint8_t *end = source + width * rows * channels;
  for (ptrdiff_t y = 0; y < rows; y++) {
    const uint8_t *row = source + y * width * channels;
    for (ptrdiff_t x = 0; x < axis->count; x++) {
      const uint8_t *pixel = row + axis->starts[x] * channels;
      const int32_t *weight = axis->fixed + x * axis->taps;
      lanes sum = {half, half, half, half};
      for (ptrdiff_t i = 0; i < axis->lengths[x]; i++, pixel += channels) {
        bytes4 p = {0, 0, 0, 0};
        if (end - pixel >= 4) {
          memcpy(&p, pixel, 4);
        } else {
          for (ptrdiff_t c = 0; c < channels; c++) p[c] = pixel[c];
        }
        sum += __builtin_convertvector(p, lanes) * weight[i];
      }
      for (ptrdiff_t c = 0; c < channels; c++) *target++ = clip(sum[c]);
    }
  }
}

INLINE void rows_of_one_channel(const uint8_t *source, ptrdiff_t width, ptrdiff_t rows, const zoo_axis *axis,
                                uint8_t *target) {
  for (ptrdiff_t y = 0; y < rows; y++) {
    for (ptrdiff_t x = 0; x < axis->count; x++) {
      const uint8_t *pixel = source + y * width + axis->starts[x];
      const int32_t *weight = axis->fixed + x * axis->taps;
      int32_t sum = half;
      for (ptrdiff_t i = 0; i < axis->lengths[x]; i++) sum += pixel[i] * weight[i];
      *target++ = clip(sum);
    }
  }
}

INLINE void rows_any(const uint8_t *source, ptrdiff_t width, ptrdiff_t rows, ptrdiff_t channels, const zoo_axis *axis,
                     uint8_t *target) {
  switch (channels) {  // constants, so that each case is compiled separately
    case 1: rows_of_one_channel(source, width, rows, axis, target); break;
    case 2: rows_by_pixel(source, width, rows, 2, axis, target); break;
    case 3: rows_by_pixel(source, width, rows, 3, axis, target); break;
    default: rows_by_pixel(source, width, rows, 4, axis, target); break;
  }
}

INLINE void columns_any(const uint8_t *source, ptrdiff_t row_bytes, const zoo_axis *axis, uint8_t *target) {
  int32_t sums[block];
  for (ptrdiff_t y = 0; y < axis->count; y++) {
    const uint8_t *first = source + axis->starts[y] * row_bytes;
    const int32_t *weight = axis->fixed + y * axis->taps;
    for (ptrdiff_t x = 0; x < row_bytes; x += block) {
      ptrdiff_t count = row_bytes - x < block ? row_bytes - x : block;
      for (ptrdiff_t k = 0; k < count; k++) sums[k] = half;
      for (ptrdiff_t i = 0; i < axis->lengths[y]; i++) {
        const uint8_t *row = first + i * row_bytes + x;
        int32_t w = weight[i];
        for (ptrdiff_t k = 0; k < count; k++) sums[k] += row[k] * w;
      }
      for (ptrdiff_t k = 0; k < count; k++) target[y * row_bytes + x + k] = clip(sums[k]);
    }
  }
}

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2")))
AVX2 static void rows_avx2(const uint8_t *source, ptrdiff_t width, ptrdiff_t rows, ptrdiff_t channels,
                           const zoo_axis *axis, uint8_t *target) {
  rows_any(source, width, rows, channels, axis, target);
}
AVX2 static void columns_avx2(const uint8_t *source, ptrdiff_t row_bytes, const zoo_axis *axis, uint8_t *target) {
  columns_any(source, row_bytes, axis, target);
}
#define HAS_AVX2 __builtin_cpu_supports("avx2")
#else
#define rows_avx2 rows_any
#define columns_avx2 columns_any
#define HAS_AVX2 0
#endif

void zoo_resize_rows(const uint8_t *source, ptrdiff_t width, ptrdiff_t rows, ptrdiff_t channels, const zoo_axis *axis,
                     uint8_t *target) {
  if (HAS_AVX2) rows_avx2(source, width, rows, channels, axis, target);
  else rows_any(source, width, rows, channels, axis, target);
}

void zoo_resize_columns(const uint8_t *source, ptrdiff_t row_bytes, const zoo_axis *axis, uint8_t *target) {
  if (HAS_AVX2) columns_avx2(source, row_bytes, axis, target);
  else columns_any(source, row_bytes, axis, target);
}

static inline double load_16(const uint8_t *p) { return p[0] + (p[1] << 8); }

static inline void store_16(double sum, uint8_t *p) {
  int v = sum <= 0 ? 0 : sum >= 65535 ? 65535 : (int)(sum + 0.5);
  p[0] = (uint8_t)v;
  p[1] = (uint8_t)(v >> 8);
}

void zoo_resize_rows_16(const uint8_t *source, ptrdiff_t width, ptrdiff_t rows, const zoo_axis *axis, uint8_t *target) {
  for (ptrdiff_t y = 0; y < rows; y++) {
    for (ptrdiff_t x = 0; x < axis->count; x++, target += 2) {
      const uint8_t *pixel = source + 2 * (y * width + axis->starts[x]);
      const double *weight = axis->weights + x * axis->taps;
      double sum = 0;
      for (ptrdiff_t i = 0; i < axis->lengths[x]; i++) sum += load_16(pixel + 2 * i) * weight[i];
      store_16(sum, target);
    }
  }
}

void zoo_resize_columns_16(const uint8_t *source, ptrdiff_t width, const zoo_axis *axis, uint8_t *target) {
  for (ptrdiff_t y = 0; y < axis->count; y++) {
    const uint8_t *first = source + 2 * axis->starts[y] * width;
    const double *weight = axis->weights + y * axis->taps;
    for (ptrdiff_t x = 0; x < width; x++, target += 2) {
      double sum = 0;
      for (ptrdiff_t i = 0; i < axis->lengths[y]; i++) sum += load_16(first + 2 * (i * width + x)) * weight[i];
      store_16(sum, target);
    }
  }
}
