#include "kernel_table.h"
#include "processor.h"
#include "quad_table.h"
#include <stdatomic.h>
#include <string.h>

// The kernels for a kind of processor: for floats, and for 8-bit integers.
struct set {
  const char *name;
  const struct zoo_kernel_table *floats;
  const struct zoo_quad_table *quads;
};

static const struct set sets[] = {
#if defined(__x86_64__)
    {"avx512+bf16", &zoo_kernels_avx512_bf16, &zoo_quads_avx512_vnni},
    {"avx512+vnni", &zoo_kernels_avx512, &zoo_quads_avx512_vnni},
    {"avx512", &zoo_kernels_avx512, &zoo_quads_avx512},
    {"avx2+vnni", &zoo_kernels_avx2, &zoo_quads_avx2_vnni},
    {"avx2", &zoo_kernels_avx2, &zoo_quads_avx2},
    {"generic", &zoo_kernels_generic, &zoo_quads_generic},
#elif defined(__aarch64__)
    {"neon+i8mm", &zoo_kernels_generic, &zoo_quads_i8mm},
    {"neon+dotprod", &zoo_kernels_generic, &zoo_quads_dotprod},
    {"neon", &zoo_kernels_generic, &zoo_quads_generic},
#else
    {"generic", &zoo_kernels_generic, &zoo_quads_generic},
#endif
};
enum { SETS = sizeof sets / sizeof *sets };

static const struct set *_Atomic chosen;
static _Thread_local const struct set *chosen_here;

// The last set is supported by every processor of the platform.
static int is_available(const struct set *set) {
  if (set == &sets[SETS - 1]) return 1;
#if defined(__x86_64__)
  __builtin_cpu_init();
  int wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  int half = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (set->quads == &zoo_quads_avx512_vnni && !__builtin_cpu_supports("avx512vnni")) return 0;
  if (set->quads == &zoo_quads_avx2_vnni && !__builtin_cpu_supports("avxvnni")) return 0;
  if (set->floats == &zoo_kernels_avx512_bf16) return wide && __builtin_cpu_supports("avx512bf16");
  return set->floats == &zoo_kernels_avx512 ? wide : half;
#elif defined(__aarch64__)
  return set->quads == &zoo_quads_i8mm ? zoo_has_i8mm() : zoo_has_dotprod();
#else
  return 0;
#endif
}

// Plain run-time dispatch, the widest first; ifunc resolvers crash under ThreadSanitizer.
static const struct set *set(void) {
  if (chosen_here) return chosen_here;
  const struct set *best = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (best) return best;
  best = sets;
  while (!is_available(best)) best++;
  atomic_store_explicit(&chosen, best, memory_order_relaxed);
  return best;
}

static const struct zoo_kernel_table *kernels(void) { return set()->floats; }

int zoo_use_kernels(const char *name) {
  chosen_here = 0;
  if (!name) return 1;
  for (int i = 0; i < SETS; i++) {
    if (strcmp(sets[i].name, name) != 0 || !is_available(&sets[i])) continue;
    chosen_here = &sets[i];
    return 1;
  }
  return 0;
}

const char *zoo_kernel_name(void) { return set()->name; }

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
  return set()->floats == &zoo_kernels_avx512_bf16;
#else
  return 0;
#endif
}

float zoo_int8_weights(const float *w, ptrdiff_t count, int8_t *q) { return set()->quads->weights(w, count, q); }

ptrdiff_t zoo_int8_strip_width(void) { return set()->quads->strip_width(); }

void zoo_int8_pack_rows(const int8_t *rows, ptrdiff_t ld, ptrdiff_t depth, ptrdiff_t columns, int32_t *strip, float *sums) {
  set()->quads->pack_rows(rows, ld, depth, columns, strip, sums);
}

void zoo_int8_columns(const float *b, ptrdiff_t down, ptrdiff_t across, ptrdiff_t depth, ptrdiff_t columns, float *scratch,
                      int8_t *rows, float *scales) {
  set()->quads->quantise_columns(b, down, across, depth, columns, scratch, rows, scales);
}

void zoo_int8_sums(const int8_t *rows, ptrdiff_t ld, ptrdiff_t depth, ptrdiff_t columns, float *sums) {
  set()->quads->row_sums(rows, ld, depth, columns, sums);
}

void zoo_int8_rows(const float *x, const float *columns, ptrdiff_t rows, ptrdiff_t width, uint8_t *target, ptrdiff_t ldt,
                   float *factors) {
  set()->quads->rows(x, columns, rows, width, target, ldt, factors);
}

void zoo_int8_product(const uint8_t *x, ptrdiff_t ldx, const float *factors, const int32_t *strips, const float *scales,
                      const float *sums, ptrdiff_t depth, ptrdiff_t rows, ptrdiff_t columns, float *c, ptrdiff_t ldc,
                      const struct zoo_epilogue *after) {
  const struct set *both = set();
  both->quads->product(x, ldx, factors, strips, scales, sums, depth, rows, columns, c, ldc, after, both->floats->follow);
}

void zoo_int8_finish(float *c, ptrdiff_t ldc, const float *factors, const float *scales, const float *sums, ptrdiff_t rows,
                     ptrdiff_t columns, const struct zoo_epilogue *after) {
  const struct set *both = set();
  both->quads->finish(c, ldc, factors, scales, sums, rows, columns, after, both->floats->follow);
}

void zoo_int8_transposed_product(const float *x, ptrdiff_t ldx, const int32_t *strips, const float *scales, ptrdiff_t depth,
                                 ptrdiff_t first, ptrdiff_t last, ptrdiff_t rows, ptrdiff_t columns, float *y,
                                 ptrdiff_t ldy) {
  set()->quads->transposed_product(x, ldx, strips, scales, depth, first, last, rows, columns, y, ldy);
}
