#include "zoo_metrics.h"

#include <stdlib.h>
#include <string.h>

// Maps floats to unsigned integers in reverse order, highest first; -0 equals +0.
static uint32_t descending(float score) {
  float value = score + 0.0f;
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits & 0x80000000u ? bits : ~(bits | 0x80000000u);
}

// One pass of a radix sort with 11 bits.
static void pass(const uint64_t *source, uint64_t *target, size_t count, int shift) {
  size_t starts[2049] = {0};
  for (size_t i = 0; i < count; i++) starts[((source[i] >> shift) & 2047) + 1]++;
  for (size_t bin = 1; bin < 2049; bin++) starts[bin] += starts[bin - 1];
  for (size_t i = 0; i < count; i++) target[starts[(source[i] >> shift) & 2047]++] = source[i];
}

// `keys` has room for twice `count`: the keys to sort, and a scratch area of the same size. A key is a score with its label as the last bit.
static double precision_of(uint64_t *keys, size_t count) {
  uint64_t *sorted = keys + count;
  pass(keys, sorted, count, 1);
  pass(sorted, keys, count, 12);
  pass(keys, sorted, count, 23);
  double sum = 0;
  size_t found = 0, before = 0;
  for (size_t i = 0; i < count; i++) {
    found += sorted[i] & 1;
    if (i + 1 < count && sorted[i + 1] >> 1 == sorted[i] >> 1) continue;
    sum += (double)(found - before) * (double)found / (double)(i + 1);
    before = found;
  }
  return found ? sum / (double)found : 0;
}

double zoo_average_precision(const float *scores, const uint8_t *labels, size_t count) {
  uint64_t *keys = count <= SIZE_MAX / 32 ? malloc(16 * count + 1) : NULL;
  if (!keys) return -1;
  for (size_t i = 0; i < count; i++) keys[i] = (uint64_t)descending(scores[i]) << 1 | (labels[i] != 0);
  double result = precision_of(keys, count);
  free(keys);
  return result;
}

double zoo_map_precision(const float *map, const int8_t *truth, size_t count, int both_channels) {
  uint64_t *keys = count <= SIZE_MAX / 64 ? malloc(32 * count + 1) : NULL;
  if (!keys) return -1;
  size_t used = 0;
  for (size_t i = 0; i < count; i++) {
    if (truth[i] < 0) continue;
    keys[used++] = (uint64_t)descending(map[i]) << 1 | (truth[i] > 0);
    if (both_channels) keys[used++] = (uint64_t)descending(1 - map[i]) << 1 | (truth[i] == 0);
  }
  double result = precision_of(keys, used);
  free(keys);
  return result;
}

zoo_pixel_counts zoo_count_pixels(const float *map, const int8_t *truth, size_t count, float threshold) {
  zoo_pixel_counts counts = {0};
  for (size_t i = 0; i < count; i++) {
    if (truth[i] < 0) continue;
    int said = map[i] > threshold, thing = truth[i] > 0;
    counts.counted++;
    counts.said += (size_t)said;
    counts.things += (size_t)thing;
    counts.both += (size_t)(said & thing);
  }
  return counts;
}

void zoo_nearest_thing(const int8_t *truth, size_t height, size_t width, size_t row, size_t column, size_t *squared,
                       size_t *chessboard) {
  *squared = *chessboard = PTRDIFF_MAX;
  for (size_t y = 0; y < height; y++) {
    size_t down = y > row ? y - row : row - y;
    for (size_t x = 0; x < width; x++) {
      if (truth[y * width + x] <= 0) continue;
      size_t across = x > column ? x - column : column - x;
      size_t square = down * down + across * across, board = down > across ? down : across;
      if (square < *squared) *squared = square;
      if (board < *chessboard) *chessboard = board;
    }
  }
}
