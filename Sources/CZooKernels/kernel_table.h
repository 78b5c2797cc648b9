// One set of kernels; zoo_kernels.h says what each does.
#ifndef ZOO_KERNEL_TABLE_H
#define ZOO_KERNEL_TABLE_H
#include "zoo_kernels.h"

#define ZOO_ATTENTION_ROWS 48

struct zoo_kernel_table {
  void (*layer_norm)(const float *, ptrdiff_t, ptrdiff_t, const float *, const float *, float, float *, float *, float *);
  void (*normalise)(const float *, const float *, const float *, const float *, ptrdiff_t, ptrdiff_t, float *);
  void (*layer_norm_backward)(float *, const float *, const float *, const float *, const float *, ptrdiff_t, ptrdiff_t);
  void (*add_bias)(float *, const float *, ptrdiff_t, ptrdiff_t);
  void (*add_residual)(float *, const float *, const float *, const float *, ptrdiff_t, ptrdiff_t);
  void (*follow)(float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, const struct zoo_epilogue *);
  void (*row_dots)(const float *, ptrdiff_t, const float *, ptrdiff_t, ptrdiff_t, float *);
  void (*take_share)(float *, const float *, const float *, ptrdiff_t, const float *, const float *, ptrdiff_t, ptrdiff_t);
  void (*scale_columns)(const float *, const float *, float *, ptrdiff_t, ptrdiff_t);
  float (*dot)(const float *, const float *, ptrdiff_t);
  void (*softmax)(float *, ptrdiff_t, float);
  ptrdiff_t (*attention_scratch)(ptrdiff_t, ptrdiff_t);
  void (*attention)(const float *, ptrdiff_t, const float *, const float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t,
                    float, const float *, int, int, float *, ptrdiff_t, float *, float *);
  ptrdiff_t (*relu_values_size)(ptrdiff_t, ptrdiff_t);
  void (*relu_values)(const float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, int, float *);
  ptrdiff_t (*relu_sums_scratch)(ptrdiff_t, ptrdiff_t);
  void (*relu_sums)(const float *, ptrdiff_t, const float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, int, float *, float *);
  ptrdiff_t (*strip_width)(void);
  void (*pack_strip)(const float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, int, float *);
  void (*strip_product)(const float *, ptrdiff_t, const float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, int, float *, ptrdiff_t,
                        const struct zoo_epilogue *);
  void (*transposed_product)(const float *, ptrdiff_t, const float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t,
                             int, float *, ptrdiff_t);
  void (*few_rows_product)(const float *, const float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, float *, ptrdiff_t);
  void (*narrow_rows)(const float *, const float *, ptrdiff_t, ptrdiff_t, uint16_t *, ptrdiff_t);
};

extern const struct zoo_kernel_table zoo_kernels_generic;
#if defined(__x86_64__)
extern const struct zoo_kernel_table zoo_kernels_avx2, zoo_kernels_avx512, zoo_kernels_avx512_bf16;
#endif
#endif
