// One set of kernels for 8-bit integers; zoo_int8.h says what each does.
#ifndef ZOO_QUAD_TABLE_H
#define ZOO_QUAD_TABLE_H
#include "zoo_int8.h"

// Applies what follows a product to its columns from n on: that of zoo_kernel_table.
typedef void zoo_follow_function(float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, const struct zoo_epilogue *);

struct zoo_quad_table {
  ptrdiff_t (*strip_width)(void);
  float (*weights)(const float *, ptrdiff_t, int8_t *);
  void (*quantise_columns)(const float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, float *, int8_t *, float *);
  void (*row_sums)(const int8_t *, ptrdiff_t, ptrdiff_t, ptrdiff_t, float *);
  void (*pack_rows)(const int8_t *, ptrdiff_t, ptrdiff_t, ptrdiff_t, int32_t *, float *);
  void (*rows)(const float *, const float *, ptrdiff_t, ptrdiff_t, uint8_t *, ptrdiff_t, float *);
  void (*product)(const uint8_t *, ptrdiff_t, const float *, const int32_t *, const float *, const float *, ptrdiff_t,
                  ptrdiff_t, ptrdiff_t, float *, ptrdiff_t, const struct zoo_epilogue *, zoo_follow_function *);
  void (*finish)(float *, ptrdiff_t, const float *, const float *, const float *, ptrdiff_t, ptrdiff_t,
                 const struct zoo_epilogue *, zoo_follow_function *);
  void (*transposed_product)(const float *, ptrdiff_t, const int32_t *, const float *, ptrdiff_t, ptrdiff_t, ptrdiff_t,
                             ptrdiff_t, ptrdiff_t, float *, ptrdiff_t);
};

extern const struct zoo_quad_table zoo_quads_generic;
#if defined(__x86_64__)
extern const struct zoo_quad_table zoo_quads_avx2, zoo_quads_avx2_vnni, zoo_quads_avx512, zoo_quads_avx512_vnni;
#elif defined(__aarch64__)
extern const struct zoo_quad_table zoo_quads_dotprod, zoo_quads_i8mm;
#endif
#endif
