#include "kernel_table.h"
#include <stdatomic.h>
#include <string.h>

static _Atomic(const struct zoo_kernel_table *) chosen;
static _Thread_local const struct zoo_kernel_table *chosen_here;

// The sets that this processor has, the widest first; the last one is null.
static void available(const struct zoo_kernel_table *tables[5]) {
  int count = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    if (__builtin_cpu_supports("avx512bf16")) tables[count++] = &zoo_kernels_avx512_bf16;
    tables[count++] = &zoo_kernels_avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) tables[count++] = &zoo_kernels_avx2;
#endif
  tables[count++] = &zoo_kernels_generic;
  tables[count] = 0;
}

// Plain run-time dispatch; ifunc resolvers crash under ThreadSanitizer.
static const struct zoo_kernel_table *kernels(void) {
  if (chosen_here) return chosen_here;
  const struct zoo_kernel_table *table = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (table) return table;
  const struct zoo_kernel_table *tables[5];
  available(tables);
  atomic_store_explicit(&chosen, tables[0], memory_order_relaxed);
  return tables[0];
}

int zoo_use_kernels(const char *name) {
  chosen_here = 0;
  if (!name) return 1;
  const struct zoo_kernel_table *tables[5];
  available(tables);
  for (int i = 0; tables[i]; i++) {
    if (strcmp(tables[i]->name, name) != 0) continue;
    chosen_here = tables[i];
    return 1;
  }
  return 0;
}

const char *zoo_kernel_name(void) { return kernels()->name; }

void zoo_layer_norm(const float *x, ptrdiff_t rows, ptrdiff_t width, const float *gamma, const float *beta, float eps,
                    float *y, float *mean, float *inv) {
  kernels()->layer_norm(x, rows, width, gamma, beta, eps, y, mean, inv);
}

void zoo_normalise(const float *x, const float *mean, const float *inv, const float *gain, ptrdiff_t rows, ptrdiff_t width,
                   float *y) {
  kernels()->normalise(x, mean, inv, gain, rows, width, y);
}

void zoo_layer_norm_backward(float *g, const float *x, const float *mean, const float *inv, const float *gamma,
                             ptrdiff_t rows, ptrdiff_t width) {
  kernels()->layer_norm_backward(g, x, mean, inv, gamma, rows, width);
}

void zoo_add_bias(float *x, const float *bias, ptrdiff_t rows, ptrdiff_t width) {
  kernels()->add_bias(x, bias, rows, width);
}

void zoo_add_residual(float *x, const float *y, const float *bias, const float *scale, ptrdiff_t rows, ptrdiff_t width) {
  kernels()->add_residual(x, y, bias, scale, rows, width);
}

void zoo_activate(float *x, const float *bias, int activation, ptrdiff_t rows, ptrdiff_t width, float *derivative) {
  struct zoo_epilogue after = {.bias = bias, .activation = activation, .derivative = derivative};
  zoo_follow(x, rows, width, &after);
}

void zoo_follow(float *c, ptrdiff_t rows, ptrdiff_t columns, const struct zoo_epilogue *after) {
  kernels()->follow(c, columns, 0, rows, columns, after);
}

void zoo_row_dots(const float *x, ptrdiff_t rows, const float *y, ptrdiff_t count, ptrdiff_t width, float *sums) {
  kernels()->row_dots(x, rows, y, count, width, sums);
}

void zoo_take_share(float *x, const float *along, const float *shares, ptrdiff_t step, const float *scales,
                    const float *base, ptrdiff_t rows, ptrdiff_t width) {
  kernels()->take_share(x, along, shares, step, scales, base, rows, width);
}

void zoo_scale_columns(const float *x, const float *w, float *y, ptrdiff_t rows, ptrdiff_t width) {
  kernels()->scale_columns(x, w, y, rows, width);
}

float zoo_dot(const float *x, const float *y, ptrdiff_t count) { return kernels()->dot(x, y, count); }

void zoo_softmax(float *x, ptrdiff_t count, float scale) { kernels()->softmax(x, count, scale); }

ptrdiff_t zoo_attention_scratch(ptrdiff_t keys, ptrdiff_t width) { return kernels()->attention_scratch(keys, width); }

void zoo_attention(const float *q, ptrdiff_t ldq, const float *k, const float *v, ptrdiff_t ldkv, ptrdiff_t rows,
                   ptrdiff_t keys, ptrdiff_t width, float scale, const float *bias, int mask, int bf16, float *out,
                   ptrdiff_t ldo, float *scratch, float *probabilities) {
  kernels()->attention(q, ldq, k, v, ldkv, rows, keys, width, scale, bias, mask, bf16, out, ldo, scratch, probabilities);
}

ptrdiff_t zoo_relu_values_size(ptrdiff_t keys, ptrdiff_t width) { return kernels()->relu_values_size(keys, width); }

void zoo_relu_values(const float *v, ptrdiff_t ldv, ptrdiff_t keys, ptrdiff_t width, int bf16, float *values) {
  kernels()->relu_values(v, ldv, keys, width, bf16, values);
}

ptrdiff_t zoo_relu_sums_scratch(ptrdiff_t keys, ptrdiff_t width) { return kernels()->relu_sums_scratch(keys, width); }

void zoo_relu_sums(const float *r, ptrdiff_t ldr, const float *values, ptrdiff_t rows, ptrdiff_t keys, ptrdiff_t width,
                   int bf16, float *sums, float *scratch) {
  kernels()->relu_sums(r, ldr, values, rows, keys, width, bf16, sums, scratch);
}

ptrdiff_t zoo_strip_width(void) { return kernels()->strip_width(); }

void zoo_pack_strip(const float *b, ptrdiff_t down, ptrdiff_t across, ptrdiff_t depth, ptrdiff_t columns, int bf16,
                    float *strip) {
  kernels()->pack_strip(b, down, across, depth, columns, bf16, strip);
}

void zoo_strip_product(const float *x, ptrdiff_t ldx, const float *strips, ptrdiff_t depth, ptrdiff_t rows,
                       ptrdiff_t columns, int bf16, float *c, ptrdiff_t ldc, const struct zoo_epilogue *after) {
  kernels()->strip_product(x, ldx, strips, depth, rows, columns, bf16, c, ldc, after);
}

void zoo_transposed_product(const float *x, ptrdiff_t ldx, const float *strips, ptrdiff_t depth, ptrdiff_t first,
                            ptrdiff_t last, ptrdiff_t rows, ptrdiff_t columns, int bf16, float *y, ptrdiff_t ldy) {
  kernels()->transposed_product(x, ldx, strips, depth, first, last, rows, columns, bf16, y, ldy);
}

void zoo_few_rows_product(const float *x, const float *b, ptrdiff_t ldb, ptrdiff_t depth, ptrdiff_t rows,
                          ptrdiff_t columns, float *c, ptrdiff_t ldc) {
  kernels()->few_rows_product(x, b, ldb, depth, rows, columns, c, ldc);
}

void zoo_narrow_rows(const float *x, const float *columns, ptrdiff_t rows, ptrdiff_t width, uint16_t *target,
                     ptrdiff_t ldt) {
  kernels()->narrow_rows(x, columns, rows, width, target, ldt);
}

int zoo_multiplies_bf16(void) {
#if defined(__x86_64__)
  return kernels() == &zoo_kernels_avx512_bf16;
#else
  return 0;
#endif
}
