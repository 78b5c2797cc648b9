// Conversions between element types. Sources may have any alignment; targets are aligned to their type.
#ifndef ZOO_CONVERT_H
#define ZOO_CONVERT_H
#include <stddef.h>
#include <stdint.h>

void zoo_widen_f16(const void *source, float *target, ptrdiff_t count);
void zoo_widen_bf16(const void *source, float *target, ptrdiff_t count);
void zoo_narrow_f64(const void *source, float *target, ptrdiff_t count);
// Rounds to nearest, ties to even; NaN stays NaN, out-of-range values become infinities.
void zoo_narrow_to_f16(const float *source, uint16_t *target, ptrdiff_t count);
void zoo_narrow_to_bf16(const float *source, uint16_t *target, ptrdiff_t count);
#endif
