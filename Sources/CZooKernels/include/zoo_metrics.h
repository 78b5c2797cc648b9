// Measures over many pixels.
#ifndef ZOO_METRICS_H
#define ZOO_METRICS_H
#include <stddef.h>
#include <stdint.h>

// Average precision, step-wise: the sum over the distinct scores, from the highest, of (gain in recall) x precision. Equal scores form one step.
// labels[i] is 1 for what should be found and 0 for what should not. 0 if nothing should be found; negative if out of memory. NaN scores count as the
// highest.
double zoo_average_precision(const float *scores, const uint8_t *labels, size_t count);

// The same for the values of a map, over pixels with truth >= 0: those with truth > 0 should be found. With both channels, 1 - map is also a score
// for truth == 0.
double zoo_map_precision(const float *map, const int8_t *truth, size_t count, int both_channels);

// Counts of the pixels with truth >= 0: all, above the threshold, on the object (truth > 0), and both.
typedef struct {
  size_t counted, said, things, both;
} zoo_pixel_counts;
zoo_pixel_counts zoo_count_pixels(const float *map, const int8_t *truth, size_t count, float threshold);

// From (row, column) to the object: the smallest squared distance, and the smallest chessboard distance (the larger of the differences in rows and
// columns). Both are PTRDIFF_MAX if there is no object.
void zoo_nearest_thing(const int8_t *truth, size_t height, size_t width, size_t row, size_t column, size_t *squared,
                       size_t *chessboard);
#endif
