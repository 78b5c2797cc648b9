// Scans elements: used to report broken weights.
#ifndef ZOO_SCAN_H
#define ZOO_SCAN_H
#include <stddef.h>
#include <stdint.h>

// Returns the number of NaN and infinite elements; *nonzero is set to 1 if an element is neither +0 nor -0, otherwise not changed. The elements have
// 2 bytes (`exponent` distinguishes f16 from bf16: 0x7c00 or 0x7f80) or 4 bytes (f32), with any alignment.
size_t zoo_scan_16(const void *source, ptrdiff_t count, uint16_t exponent, int *nonzero);
size_t zoo_scan_f32(const void *source, ptrdiff_t count, int *nonzero);

// target[r * columns + c] = source[r * row_step + c * column_step], with steps and sizes in elements of 2, 4 or 8 bytes.
void zoo_gather_16(const void *source, void *target, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t row_step,
                   ptrdiff_t column_step);
void zoo_gather_32(const void *source, void *target, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t row_step,
                   ptrdiff_t column_step);
void zoo_gather_64(const void *source, void *target, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t row_step,
                   ptrdiff_t column_step);
#endif
