#include <math.h>

#include "zoo_kernels.h"

void zoo_rms_norm(const float *x, ptrdiff_t rows, ptrdiff_t width, const float *gamma, float eps, float *y) {
  for (ptrdiff_t i = 0; i < rows; i++, x += width, y += width) {
    double sum = 0;
    for (ptrdiff_t k = 0; k < width; k++) sum += (double)x[k] * x[k];
    const float inverse = (float)(1 / sqrt(sum / (double)width + eps));
    for (ptrdiff_t k = 0; k < width; k++) y[k] = x[k] * inverse * gamma[k];
  }
}
