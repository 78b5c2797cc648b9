#include "zoo_scan.h"

#include <string.h>

// Processing in chunks keeps the counters in registers of the element's width, so that compilers vectorise the loops.
enum { CHUNK = 16384 };

size_t zoo_scan_16(const void *source, ptrdiff_t count, uint16_t exponent, int *nonzero) {
  const unsigned char *bytes = source;
  size_t bad = 0;
  uint16_t any = 0;
  while (count > 0) {
    ptrdiff_t n = count < CHUNK ? count : CHUNK;
    uint16_t bad_here = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
      uint16_t x;
      memcpy(&x, bytes + 2 * i, 2);
      bad_here = (uint16_t)(bad_here + ((x & exponent) == exponent));
      any |= x & 0x7fff;
    }
    bad += bad_here;
    bytes += 2 * n;
    count -= n;
  }
  if (any) *nonzero = 1;
  return bad;
}

size_t zoo_scan_f32(const void *source, ptrdiff_t count, int *nonzero) {
  const unsigned char *bytes = source;
  size_t bad = 0;
  uint32_t any = 0;
  while (count > 0) {
    ptrdiff_t n = count < CHUNK ? count : CHUNK;
    uint32_t bad_here = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
      uint32_t x;
      memcpy(&x, bytes + 4 * i, 4);
      bad_here += (x & 0x7f800000u) == 0x7f800000u;
      any |= x & 0x7fffffffu;
    }
    bad += bad_here;
    bytes += 4 * n;
    count -= n;
  }
  if (any) *nonzero = 1;
  return bad;
}

// Tiles of 16 rows: when rows are adjacent in the source, a tile reads whole cache lines.
#define GATHER(NAME, TYPE)                                                                                     \
  void NAME(const void *source, void *target, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t row_step,            \
            ptrdiff_t column_step) {                                                                           \
    const unsigned char *from = source;                                                                        \
    unsigned char *to = target;                                                                                \
    const ptrdiff_t size = (ptrdiff_t)sizeof(TYPE);                                                            \
    for (ptrdiff_t r0 = 0; r0 < rows; r0 += 16) {                                                              \
      ptrdiff_t r1 = r0 + 16 < rows ? r0 + 16 : rows;                                                          \
      for (ptrdiff_t c = 0; c < columns; c++)                                                                  \
        for (ptrdiff_t r = r0; r < r1; r++)                                                                    \
          memcpy(to + (r * columns + c) * size, from + (r * row_step + c * column_step) * size, sizeof(TYPE)); \
    }                                                                                                          \
  }

GATHER(zoo_gather_16, uint16_t)
GATHER(zoo_gather_32, uint32_t)
GATHER(zoo_gather_64, uint64_t)
