#include "zoo_convolution.h"

#include <string.h>

void zoo_kernel_rows(const float *w, const float *gain, ptrdiff_t outputs, ptrdiff_t inputs, ptrdiff_t cells, float *y) {
  for (ptrdiff_t output = 0; output < outputs; output++) {
    const float factor = gain ? gain[output] : 1;
    const float *from = w + output * inputs * cells;
    float *to = y + output * inputs * cells;
    for (ptrdiff_t cell = 0; cell < cells; cell++)
      for (ptrdiff_t input = 0; input < inputs; input++) to[cell * inputs + input] = from[input * cells + cell] * factor;
  }
}

void zoo_gather_windows(const float *x, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels, ptrdiff_t side, ptrdiff_t stride,
                        ptrdiff_t columns, ptrdiff_t first, ptrdiff_t last, float *y) {
  const size_t size = (size_t)channels * sizeof(float);
  for (ptrdiff_t cell = first; cell < last; cell++) {
    const ptrdiff_t top = cell / columns * stride - side / 2, left = cell % columns * stride - side / 2;
    for (ptrdiff_t row = top; row < top + side; row++)
      for (ptrdiff_t column = left; column < left + side; column++, y += channels) {
        if (row < 0 || row >= height || column < 0 || column >= width)
          memset(y, 0, size);
        else
          memcpy(y, x + (row * width + column) * channels, size);
      }
  }
}

void zoo_halve_map(const float *x, ptrdiff_t width, ptrdiff_t channels, ptrdiff_t first, ptrdiff_t last, float *y) {
  const ptrdiff_t columns = width / 2;
  for (ptrdiff_t row = first; row < last; row++)
    for (ptrdiff_t column = 0; column < columns; column++) {
      const float *a = x + (2 * row * width + 2 * column) * channels, *b = a + width * channels;
      float *to = y + (row * columns + column) * channels;
      for (ptrdiff_t k = 0; k < channels; k++) to[k] = 0.25f * ((a[k] + a[k + channels]) + (b[k] + b[k + channels]));
    }
}

void zoo_depthwise(const float *x, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels, const float *w, const float *bias,
                   ptrdiff_t stride, ptrdiff_t columns, ptrdiff_t first, ptrdiff_t last, float *y) {
  for (ptrdiff_t row = first; row < last; row++)
    for (ptrdiff_t column = 0; column < columns; column++) {
      float *to = y + (row * columns + column) * channels;
      memcpy(to, bias, (size_t)channels * sizeof(float));
      for (ptrdiff_t cell = 0; cell < 9; cell++) {
        const ptrdiff_t i = row * stride + cell / 3 - 1, j = column * stride + cell % 3 - 1;
        if (i < 0 || i >= height || j < 0 || j >= width) continue;
        const float *from = x + (i * width + j) * channels, *factors = w + cell * channels;
        for (ptrdiff_t k = 0; k < channels; k++) to[k] += from[k] * factors[k];
      }
    }
}

void zoo_average_around(const float *x, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels, ptrdiff_t columns, ptrdiff_t first,
                        ptrdiff_t last, float *y) {
  for (ptrdiff_t row = first; row < last; row++)
    for (ptrdiff_t column = 0; column < columns; column++) {
      float *to = y + (row * columns + column) * channels, cells = 0;
      memset(to, 0, (size_t)channels * sizeof(float));
      for (ptrdiff_t i = 2 * row - 1; i <= 2 * row + 1; i++)
        for (ptrdiff_t j = 2 * column - 1; j <= 2 * column + 1; j++) {
          if (i < 0 || i >= height || j < 0 || j >= width) continue;
          const float *from = x + (i * width + j) * channels;
          for (ptrdiff_t k = 0; k < channels; k++) to[k] += from[k];
          cells++;
        }
      for (ptrdiff_t k = 0; k < channels; k++) to[k] /= cells;
    }
}
