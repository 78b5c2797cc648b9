// Convolutions as matrix products, on maps stored as rows [height * width, channels].
#ifndef ZOO_CONVOLUTION_H
#define ZOO_CONVOLUTION_H
#include <stddef.h>

// y [outputs, cells, inputs] := the weights w [outputs, inputs, cells] of a convolution, with those of each output multiplied by gain [outputs],
// which may be null.
void zoo_kernel_rows(const float *w, const float *gain, ptrdiff_t outputs, ptrdiff_t inputs, ptrdiff_t cells, float *y);

// The windows of a square kernel on a map x [height, width, channels] for the cells first...last - 1 of an output with `columns` columns, counted row
// by row: y [cells, side * side, channels]. The centre of the kernel starts at the first cell and moves by `stride`; the map is padded with zeros.
void zoo_gather_windows(const float *x, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels, ptrdiff_t side, ptrdiff_t stride,
                        ptrdiff_t columns, ptrdiff_t first, ptrdiff_t last, float *y);

// Computes the rows first...last - 1 of y [height / 2, width / 2, channels]: the means of 2 x 2 cells of x [height, width, channels].
void zoo_halve_map(const float *x, ptrdiff_t width, ptrdiff_t channels, ptrdiff_t first, ptrdiff_t last, float *y);

// Computes the rows first...last - 1 of y [.., columns, channels]: a depthwise 3 x 3 convolution of the map x [height, width, channels] with zero
// padding. Its weights w are [9, channels], its bias is [channels].
void zoo_depthwise(const float *x, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels, const float *w, const float *bias,
                   ptrdiff_t stride, ptrdiff_t columns, ptrdiff_t first, ptrdiff_t last, float *y);

// Computes the rows first...last - 1 of y [.., columns, channels]: the means of the 3 x 3 cells around every second cell of x, including only cells
// inside the map.
void zoo_average_around(const float *x, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels, ptrdiff_t columns, ptrdiff_t first,
                        ptrdiff_t last, float *y);
#endif
