// Kernels of the towers and of LeGrad. All floats are f32; rows are contiguous unless a stride is given. Each call runs on the calling thread;
// callers split rows or heads across cores. The widest instruction set of the processor is selected at the first call.
#ifndef ZOO_KERNELS_H
#define ZOO_KERNELS_H
#include <stddef.h>
#include <stdint.h>

enum zoo_activation { ZOO_GELU = 0, ZOO_GELU_TANH = 1, ZOO_QUICK_GELU = 2, ZOO_SILU = 3, ZOO_RELU = 4 };

// The selected instruction set: "avx512+bf16", "avx512+vnni", "avx512", "avx2+vnni", "avx2", "neon+i8mm", "neon+dotprod", "neon" or "generic".
const char *zoo_kernel_name(void);
// Selects another set from now on, on this thread, for tests and measurements; null goes back to the widest. Returns 0 if the processor does not
// support it.
int zoo_use_kernels(const char *name);

// y = (x - mean) * inv * gamma + beta for each row of x [rows, width]. mean and inv [rows] are written if not null.
void zoo_layer_norm(const float *x, ptrdiff_t rows, ptrdiff_t width, const float *gamma, const float *beta, float eps,
                    float *y, float *mean, float *inv);

// y = x / sqrt(mean(x^2) + eps) * gamma for each row of x [rows, width].
void zoo_rms_norm(const float *x, ptrdiff_t rows, ptrdiff_t width, const float *gamma, float eps, float *y);

// y = (x - mean) * inv * gain for each row of x [rows, width], with the given mean and inv [rows]; gain [width].
void zoo_normalise(const float *x, const float *mean, const float *inv, const float *gain, ptrdiff_t rows, ptrdiff_t width,
                   float *y);

// g := J_LN(x)^T g for each row (methods: inv * (q - mean(q) - xh * mean(q * xh)), q = g * gamma).
void zoo_layer_norm_backward(float *g, const float *x, const float *mean, const float *inv, const float *gamma,
                             ptrdiff_t rows, ptrdiff_t width);

// x [rows, width] += bias [width].
void zoo_add_bias(float *x, const float *bias, ptrdiff_t rows, ptrdiff_t width);

// x [rows, width] += (y + bias) * scale; bias and scale [width] may be null.
void zoo_add_residual(float *x, const float *y, const float *bias, const float *scale, ptrdiff_t rows, ptrdiff_t width);

// x := act(x + bias); bias may be null. derivative gets act'(x + bias) if not null.
void zoo_activate(float *x, const float *bias, int activation, ptrdiff_t rows, ptrdiff_t width, float *derivative);

// y [rows, width] := x [rows, width] * w [width].
void zoo_scale_columns(const float *x, const float *w, float *y, ptrdiff_t rows, ptrdiff_t width);

// sums [rows, count] := the dot products of each row of x [rows, width] with each of y [count, width]; count is small.
void zoo_row_dots(const float *x, ptrdiff_t rows, const float *y, ptrdiff_t count, ptrdiff_t width, float *sums);

// x_i := base + scales[i] * (x_i - shares[i * step] * along_i), for the rows of x and along [rows, width]; base [width].
void zoo_take_share(float *x, const float *along, const float *shares, ptrdiff_t step, const float *scales,
                    const float *base, ptrdiff_t rows, ptrdiff_t width);

// Which keys a query row i may see.
enum zoo_mask { ZOO_MASK_NONE = 0, ZOO_MASK_CAUSAL = 1 };

// Attention of one head: out = softmax(scale * q k^T + bias) v. q, k, v have rows of `width` floats at strides ldq and ldkv, out at ldo. `keys` is
// the number of keys; with the causal mask row i sees keys 0...i. bias [rows, keys] may be null; a key whose bias is -infinity is masked for that
// row. scratch holds zoo_attention_scratch floats; probabilities [rows, keys] are written if not null. With bf16 the factors of both products are
// rounded to bf16 if the kernels support bf16 products; sums are f32.
ptrdiff_t zoo_attention_scratch(ptrdiff_t keys, ptrdiff_t width);
void zoo_attention(const float *q, ptrdiff_t ldq, const float *k, const float *v, ptrdiff_t ldkv, ptrdiff_t rows,
                   ptrdiff_t keys, ptrdiff_t width, float scale, const float *bias, int mask, int bf16, float *out,
                   ptrdiff_t ldo, float *scratch, float *probabilities);

// sums[j] += sum over i of max(0, r_i . v_j): the core of LeGrad for one head. r [rows, width] at stride ldr. `values` holds v [keys, width] (at
// stride ldv) in the layout of zoo_relu_values, zoo_relu_values_size floats, with the same bf16. scratch holds zoo_relu_sums_scratch floats. No rows
// x keys matrix is stored.
ptrdiff_t zoo_relu_values_size(ptrdiff_t keys, ptrdiff_t width);
void zoo_relu_values(const float *v, ptrdiff_t ldv, ptrdiff_t keys, ptrdiff_t width, int bf16, float *values);
ptrdiff_t zoo_relu_sums_scratch(ptrdiff_t keys, ptrdiff_t width);
void zoo_relu_sums(const float *r, ptrdiff_t ldr, const float *values, ptrdiff_t rows, ptrdiff_t keys, ptrdiff_t width,
                   int bf16, float *sums, float *scratch);

// Operations after a product c [rows, columns]: c := act(c + bias). derivative, if not null, gets act'(c + bias); moment, if both are not null, gets
// act'(c + bias) * (c - centre). Both are [rows, columns] at c's stride. bias and centre are [columns]; bias may be null.
enum { ZOO_NO_ACTIVATION = -1 };
struct zoo_epilogue {
  const float *bias;
  int activation;
  float *derivative, *moment;
  const float *centre;
  // Whether values of GELU may be off by 5e-5 if there is no derivative: for those that are rounded to 8 bits next.
  int nearly;
};
// For a product whose rows are contiguous.
void zoo_follow(float *c, ptrdiff_t rows, ptrdiff_t columns, const struct zoo_epilogue *after);

// Products by a weight matrix b [depth, columns] in strips of zoo_strip_width columns. The last strip may be narrower: its columns are rounded up to
// whole vectors. A strip takes zoo_strip_width floats for each step of the depth, half as many with bf16, where the factors of two adjacent steps
// share a float; the last strip may take fewer.
ptrdiff_t zoo_strip_width(void);
// Packs one strip from `columns` columns of b, whose element (k, n) is b[k * down + n * across]; down or across is 1.
void zoo_pack_strip(const float *b, ptrdiff_t down, ptrdiff_t across, ptrdiff_t depth, ptrdiff_t columns, int bf16,
                    float *strip);
// c [rows, columns] at stride ldc := x times the contiguous strips. x is [rows, depth] at stride ldx; with bf16 the rows are the output of
// zoo_narrow_rows for whole pairs, and ldx counts pairs. bf16 requires a processor with native bf16 products: zoo_multiplies_bf16. `after`, if not
// null, is applied to each strip of c while it is in the cache.
void zoo_strip_product(const float *x, ptrdiff_t ldx, const float *strips, ptrdiff_t depth, ptrdiff_t rows,
                       ptrdiff_t columns, int bf16, float *c, ptrdiff_t ldc, const struct zoo_epilogue *after);
// y [rows, depth] at stride ldy := x [rows, columns] times b transposed, for a few rows and for the steps of the depth from first up to last; with
// bf16 a step is a pair of y's columns, including an incomplete last one. x, at stride ldx, is padded with zeros to whole vectors.
void zoo_transposed_product(const float *x, ptrdiff_t ldx, const float *strips, ptrdiff_t depth, ptrdiff_t first,
                            ptrdiff_t last, ptrdiff_t rows, ptrdiff_t columns, int bf16, float *y, ptrdiff_t ldy);
// c [rows, columns] at stride ldc := x [rows, depth] times b [depth, columns] at stride ldb, in place: for so few rows that reading b dominates the
// time.
void zoo_few_rows_product(const float *x, const float *b, ptrdiff_t ldb, ptrdiff_t depth, ptrdiff_t rows,
                          ptrdiff_t columns, float *c, ptrdiff_t ldc);
// target [rows, ldt] := x [rows, width] rounded to bf16 (to nearest, ties to even), after multiplying its columns by `columns` [width] if that is not
// null. ldt is width, or width rounded up to whole pairs, in which case the last pair ends with a zero.
void zoo_narrow_rows(const float *x, const float *columns, ptrdiff_t rows, ptrdiff_t width, uint16_t *target,
                     ptrdiff_t ldt);
int zoo_multiplies_bf16(void);

// The processors that the system runs this thread on; 0 if it does not say.
int zoo_processors(void);
// Tells the processor that this thread is spinning.
static inline void zoo_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// x[i] *= 1 / (1 + e^-gate[i]).
void zoo_open_gate(float *x, const float *gate, ptrdiff_t count);

float zoo_dot(const float *x, const float *y, ptrdiff_t count);
void zoo_softmax(float *x, ptrdiff_t count, float scale);
#endif
