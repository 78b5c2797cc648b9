// Measures over many pixels.
#ifndef ZOO_METRICS_H
#define ZOO_METRICS_H
#include <stddef.h>
#include <stdint.h>

// Average precision, step-wise: the sum over the distinct scores, from the highest, of (recall gained) x precision.
// Equal scores form one step. labels[i] is 1 for what should be found and 0 for what should not. 0 where nothing should
// be found; negative where memory runs out. NaN scores count as the highest.
double zoo_average_precision(const float *scores, const uint8_t *labels, size_t count);

// The same of a map's values, for pixels with truth >= 0: what should be found has truth > 0. With both channels, 1 - map
// is a score for truth == 0 besides.
double zoo_map_precision(const float *map, const int8_t *truth, size_t count, int both_channels);

// Of the pixels with truth >= 0: how many there are, lie above the threshold, are the thing (truth > 0), and both.
typedef struct {
  size_t counted, said, things, both;
} zoo_pixel_counts;
zoo_pixel_counts zoo_count_pixels(const float *map, const int8_t *truth, size_t count, float threshold);

// From (row, column) to the thing: the smallest square of the distance, and the smallest chessboard distance (the larger
// of rows and columns). Both are PTRDIFF_MAX where there is no thing.
void zoo_nearest_thing(const int8_t *truth, size_t height, size_t width, size_t row, size_t column, size_t *squared,
                       size_t *chessboard);
#endif
