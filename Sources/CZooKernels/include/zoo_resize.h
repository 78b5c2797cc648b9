// The two passes of a separable picture resize, bit for bit equal to Pillow's.
#ifndef ZOO_RESIZE_H
#define ZOO_RESIZE_H
#include <stddef.h>
#include <stdint.h>

// The source positions and weights for every output position along one axis: output i is the weighted sum over `lengths[i]` source positions starting
// at `starts[i]`, with weights starting at `weights[i * taps]`.
typedef struct {
  ptrdiff_t count, taps;
  const int32_t *starts, *lengths;
  const int32_t *fixed;   // times 2^22, for 8-bit pixels
  const double *weights;  // for 16-bit pixels
} zoo_axis;

// Horizontal pass: `rows` rows of `width` pixels become rows of `axis->count` pixels. 1 to 4 channels of 8 bits.
void zoo_resize_rows(const uint8_t *source, ptrdiff_t width, ptrdiff_t rows, ptrdiff_t channels, const zoo_axis *axis,
                     uint8_t *target);
// Vertical pass: rows of `row_bytes` bytes become `axis->count` rows; `starts` count from the first row of `source`.
void zoo_resize_columns(const uint8_t *source, ptrdiff_t row_bytes, const zoo_axis *axis, uint8_t *target);

// The same for one channel of 16 bits, little-endian. The weights are doubles, as in Pillow.
void zoo_resize_rows_16(const uint8_t *source, ptrdiff_t width, ptrdiff_t rows, const zoo_axis *axis, uint8_t *target);
void zoo_resize_columns_16(const uint8_t *source, ptrdiff_t width, const zoo_axis *axis, uint8_t *target);
#endif
