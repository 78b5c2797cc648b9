// The results of every kernel for fixed inputs: written to standard output, or compared with a file from an earlier run.
//
//     kernels > FILE          writes the results
//     kernels FILE            compares, prints the deviation of each kernel, and exits with 1 if one is too large
#include "zoo_convert.h"
#include "zoo_int8.h"
#include "zoo_kernels.h"
#include "zoo_metrics.h"
#include "zoo_resize.h"
#include "zoo_rotary.h"
#include "zoo_scan.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 37, WIDTH = 83, DEPTH = 101, PROMPTS = 3, MOST = 1 << 18 };

static FILE *expected;
static int failures;

// Writes or compares; `tolerance` is a fraction of the largest expected value, 0 for identical bits.
static void give(const char *name, const float *values, ptrdiff_t count, double tolerance) {
  if (!expected) {
    fwrite(values, sizeof(float), (size_t)count, stdout);
    return;
  }
  static float wanted[MOST];
  if (fread(wanted, sizeof(float), (size_t)count, expected) != (size_t)count) {
    fprintf(stderr, "%s: the file is too short\n", name);
    exit(2);
  }
  double largest = 0, off = 0;
  for (ptrdiff_t i = 0; i < count; i++) {
    largest = fmax(largest, fabs((double)wanted[i]));
    double distance = fabs((double)wanted[i] - (double)values[i]);
    off = fmax(off, distance == distance ? distance : INFINITY);
  }
  if (tolerance == 0) off = memcmp(wanted, values, (size_t)count * sizeof(float)) ? INFINITY : 0;
  int fails = tolerance == 0 ? off > 0 : !(off <= tolerance * largest);
  printf("%s %-24s %8td values up to %-10.4g off by %.2g\n", fails ? "FAIL" : "ok  ", name, count, largest, off);
  failures += fails;
}

static float random_value(void) {
  static uint32_t state = 1;
  state = state * 1664525u + 1013904223u;
  return (float)(state >> 8) / (1 << 23) - 1;
}

static float *random_values(ptrdiff_t count) {
  float *values = malloc((size_t)count * sizeof(float));
  for (ptrdiff_t i = 0; i < count; i++) values[i] = 3 * random_value();
  return values;
}

static float *zeros(ptrdiff_t count) { return calloc((size_t)count, sizeof(float)); }

static void rows_kernels(void) {
  float *x = random_values(ROWS * WIDTH), *g = random_values(ROWS * WIDTH), *gain = random_values(WIDTH),
        *bias = random_values(WIDTH), *y = zeros(ROWS * WIDTH), mean[ROWS], inverse[ROWS], sums[ROWS * PROMPTS];
  zoo_layer_norm(x, ROWS, WIDTH, gain, bias, 1e-5f, y, mean, inverse);
  give("layer_norm", y, ROWS * WIDTH, 1e-5);
  give("layer_norm mean", mean, ROWS, 1e-5);
  give("layer_norm inverse", inverse, ROWS, 1e-5);
  zoo_normalise(x, mean, inverse, gain, ROWS, WIDTH, y);
  give("normalise", y, ROWS * WIDTH, 1e-5);
  zoo_layer_norm_backward(g, x, mean, inverse, gain, ROWS, WIDTH);
  give("layer_norm_backward", g, ROWS * WIDTH, 1e-5);
  zoo_add_bias(y, bias, ROWS, WIDTH);
  zoo_add_residual(y, x, bias, gain, ROWS, WIDTH);
  give("add_residual", y, ROWS * WIDTH, 1e-5);
  zoo_scale_columns(x, gain, y, ROWS, WIDTH);
  give("scale_columns", y, ROWS * WIDTH, 1e-6);
  zoo_row_dots(x, ROWS, g, PROMPTS, WIDTH, sums);
  give("row_dots", sums, ROWS * PROMPTS, 1e-5);
  zoo_take_share(y, x, sums, PROMPTS, inverse, bias, ROWS, WIDTH);
  give("take_share", y, ROWS * WIDTH, 1e-5);
  float dot = zoo_dot(x, x, ROWS * WIDTH);
  give("dot", &dot, 1, 1e-5);
  for (int i = 0; i < ROWS; i++) zoo_softmax(x + i * WIDTH, WIDTH, 2.0f);
  give("softmax", x, ROWS * WIDTH, 1e-5);
  static const char *names[] = {"gelu", "gelu_tanh", "quick_gelu", "silu"};
  for (int activation = 0; activation < 4; activation++) {
    float *c = random_values(ROWS * WIDTH), *slope = zeros(ROWS * WIDTH), *moment = zeros(ROWS * WIDTH);
    struct zoo_epilogue after = {bias, activation, slope, moment, gain};
    zoo_follow(c, ROWS, WIDTH, &after);
    give(names[activation], c, ROWS * WIDTH, 1e-6);
    give("its derivative", slope, ROWS * WIDTH, 1e-6);
    give("its moment", moment, ROWS * WIDTH, 1e-6);
  }
  for (int activation = ZOO_GELU; activation <= ZOO_GELU_TANH; activation++) {
    float *c = random_values(ROWS * WIDTH);
    struct zoo_epilogue after = {.bias = bias, .activation = activation, .nearly = 1};
    zoo_follow(c, ROWS, WIDTH, &after);
    give("nearly", c, ROWS * WIDTH, 1e-6);
  }
}

static void products(void) {
  float *x = random_values(ROWS * DEPTH), *b = random_values(DEPTH * WIDTH), *bias = random_values(WIDTH),
        *c = zeros(ROWS * WIDTH);
  ptrdiff_t width = zoo_strip_width();
  for (int across = 0; across < 2; across++) {
    // Full-width strips first; the last one takes less.
    float *strips = zeros((WIDTH + width) * DEPTH), *back = zeros(PROMPTS * DEPTH), *padded = zeros(PROMPTS * (WIDTH + 64));
    ptrdiff_t down = across ? 1 : WIDTH, right = across ? DEPTH : 1;
    for (ptrdiff_t n = 0; n < WIDTH; n += width)
      zoo_pack_strip(b + n * right, down, right, DEPTH, WIDTH - n < width ? WIDTH - n : width, 0, strips + n * DEPTH);
    struct zoo_epilogue after = {.bias = bias, .activation = ZOO_GELU};
    zoo_strip_product(x, DEPTH, strips, DEPTH, ROWS, WIDTH, 0, c, WIDTH, &after);
    give("strip_product", c, ROWS * WIDTH, 1e-5);
    for (int i = 0; i < PROMPTS; i++) memcpy(padded + i * (WIDTH + 64), c + i * WIDTH, WIDTH * sizeof(float));
    zoo_transposed_product(padded, WIDTH + 64, strips, DEPTH, 0, DEPTH, PROMPTS, WIDTH, 0, back, DEPTH);
    give("transposed_product", back, PROMPTS * DEPTH, 1e-5);
  }
  zoo_few_rows_product(x, b, WIDTH, DEPTH, PROMPTS, WIDTH, c, WIDTH);
  give("few_rows_product", c, PROMPTS * WIDTH, 1e-5);
}

// For each set of this machine that multiplies 8-bit integers; elsewhere for the widest.
static void bytes(void) {
  static const char *sets[] = {"neon+i8mm", "neon+dotprod", "neon"};
  enum { DEEP = (DEPTH + 3) / 4 };
  float *x = random_values(ROWS * DEPTH), *w = random_values(WIDTH * DEPTH), *bias = random_values(WIDTH);
  for (int number = 0; number < 3; number++) {
    if (!zoo_use_kernels(sets[number])) zoo_use_kernels(0);
    ptrdiff_t width = zoo_int8_strip_width();
    float *scales = zeros(WIDTH + width), *sums = zeros(WIDTH + width), *scratch = zeros(DEPTH),
          *factors = zeros(2 * ROWS), *c = zeros(ROWS * WIDTH), *back = zeros(PROMPTS * 4 * DEEP),
          *padded = zeros(PROMPTS * (WIDTH + 64));
    int32_t *strips = calloc((size_t)((WIDTH + width) * DEEP), 4);
    uint8_t *rows = calloc(ROWS * DEEP, 4);
    int8_t *columns = calloc(WIDTH, DEPTH);
    zoo_int8_columns(w, 1, DEPTH, DEPTH, WIDTH, scratch, columns, scales);
    zoo_int8_sums(columns, DEPTH, DEPTH, WIDTH, sums);
    give("int8_sums", sums, WIDTH, 0);
    for (ptrdiff_t n = 0; n < WIDTH; n += width)
      zoo_int8_pack_rows(columns + n * DEPTH, DEPTH, DEPTH, WIDTH - n < width ? WIDTH - n : width, strips + n * DEEP, sums + n);
    give("int8 scales", scales, WIDTH, 1e-6);
    give("int8 sums", sums, WIDTH, 0);
    zoo_int8_rows(x, 0, ROWS, DEPTH, rows, 4 * DEEP, factors);
    struct zoo_epilogue after = {.bias = bias, .activation = ZOO_GELU};
    zoo_int8_product(rows, 4 * DEEP, factors, strips, scales, sums, DEPTH, ROWS, WIDTH, c, WIDTH, &after);
    give("int8_product", c, ROWS * WIDTH, 1e-5);
    // This set's rows are signed.
    int isSigned = !strcmp(zoo_kernel_name(), "neon+dotprod");
    for (int i = 0; i < ROWS * WIDTH; i++) {
      int32_t sum = 0;
      for (int k = 0; k < DEPTH; k++) {
        uint8_t byte = rows[i / WIDTH * 4 * DEEP + k];
        sum += (isSigned ? (int8_t)byte : byte) * columns[i % WIDTH * DEPTH + k];
      }
      c[i] = (float)sum;
    }
    zoo_int8_finish(c, WIDTH, factors, scales, sums, ROWS, WIDTH, &after);
    give("int8_finish", c, ROWS * WIDTH, 1e-5);
    for (int i = 0; i < PROMPTS; i++) memcpy(padded + i * (WIDTH + 64), bias, WIDTH * sizeof(float));
    zoo_int8_transposed_product(padded, WIDTH + 64, strips, scales, DEPTH, 0, DEEP, PROMPTS, WIDTH, back, 4 * DEEP);
    give("int8_transposed_product", back, PROMPTS * 4 * DEEP, 1e-5);
    if (expected) printf("   by %s\n", zoo_kernel_name());
  }
  zoo_use_kernels(0);
}

static void heads(void) {
  enum { TOKENS = 53, HEAD = 20, ALL = 3 * HEAD };
  float *qkv = random_values(TOKENS * ALL), *out = zeros(TOKENS * HEAD), *shares = zeros(TOKENS * TOKENS),
        *sums = zeros(TOKENS), *scratch = zeros(zoo_attention_scratch(TOKENS, HEAD));
  for (int mask = 0; mask < 2; mask++) {
    zoo_attention(qkv, ALL, qkv + HEAD, qkv + 2 * HEAD, ALL, TOKENS, TOKENS, HEAD, 0.25f, 0, mask, 0, out, HEAD, scratch, shares);
    give("attention", out, TOKENS * HEAD, 1e-5);
    give("its probabilities", shares, TOKENS * TOKENS, 1e-5);
  }
  float *values = zeros(zoo_relu_values_size(TOKENS, HEAD)), *more = zeros(zoo_relu_sums_scratch(TOKENS, HEAD));
  zoo_relu_values(qkv + 2 * HEAD, ALL, TOKENS, HEAD, 0, values);
  zoo_relu_sums(qkv, ALL, values, TOKENS, TOKENS, HEAD, 0, sums, more);
  give("relu_sums", sums, TOKENS, 1e-5);
  float *angles = random_values(2 * TOKENS * HEAD);
  zoo_rotate_pairs(qkv, ALL, angles, angles + TOKENS * HEAD, TOKENS, 2, HEAD);
  give("rotate_pairs", qkv, TOKENS * ALL, 1e-6);
}

static void conversions(void) {
  enum { HALVES = 1 << 16 };
  static uint16_t bits[HALVES], narrow[HALVES];
  static float wide[HALVES], back[HALVES];
  for (int i = 0; i < HALVES; i++) bits[i] = (uint16_t)((i & 0x7C00) == 0x7C00 && i & 0x3FF ? 0 : i);  // no NaN
  zoo_widen_f16(bits, wide, HALVES);
  give("widen_f16", wide, HALVES, 0);
  for (int i = 0; i < HALVES; i++) bits[i] = (uint16_t)((i & 0x7F80) == 0x7F80 && i & 0x7F ? 0 : i);
  zoo_widen_bf16(bits, wide, HALVES);
  give("widen_bf16", wide, HALVES, 0);
  for (int i = 0; i < HALVES; i++) wide[i] = ldexpf(random_value(), i % 48 - 30);
  zoo_narrow_to_f16(wide, narrow, HALVES);
  zoo_widen_f16(narrow, back, HALVES);
  give("narrow_to_f16", back, HALVES, 0);
  zoo_narrow_to_bf16(wide, narrow, HALVES);
  zoo_widen_bf16(narrow, back, HALVES);
  give("narrow_to_bf16", back, HALVES, 0);
  int32_t nonzero = 0;
  wide[77] = NAN;
  wide[4711] = -INFINITY;
  float broken = (float)zoo_scan_f32(wide, HALVES, &nonzero);
  give("scan_f32", &broken, 1, 0);
}

static void pictures(void) {
  enum { SIDE = 40, SMALL = 13, TAPS = 4 };
  static uint8_t picture[SIDE * SIDE * 3], rows[SIDE * SMALL * 3], small[SMALL * SMALL * 3];
  static float result[SMALL * SMALL * 3];
  static int32_t starts[SMALL], lengths[SMALL], fixed[SMALL * TAPS];
  for (int i = 0; i < SIDE * SIDE * 3; i++) picture[i] = (uint8_t)(128 + 127 * random_value());
  for (int i = 0; i < SMALL; i++) {
    starts[i] = i * 3;
    lengths[i] = TAPS;
    for (int tap = 0; tap < TAPS; tap++) fixed[i * TAPS + tap] = (tap == 1 ? 3 << 20 : 1 << 20) - (tap == 3 ? 2 << 20 : 0);
  }
  zoo_axis axis = {.count = SMALL, .taps = TAPS, .starts = starts, .lengths = lengths, .fixed = fixed};
  zoo_resize_rows(picture, SIDE, SIDE, 3, &axis, rows);
  zoo_resize_columns(rows, SMALL * 3, &axis, small);
  for (int i = 0; i < SMALL * SMALL * 3; i++) result[i] = small[i];
  give("resize", result, SMALL * SMALL * 3, 0);
  static uint8_t labels[ROWS * WIDTH];
  float *scores = random_values(ROWS * WIDTH);
  for (int i = 0; i < ROWS * WIDTH; i++) labels[i] = scores[i] + random_value() > 0;
  float precision = (float)zoo_average_precision(scores, labels, ROWS * WIDTH);
  give("average_precision", &precision, 1, 1e-6);
}

int main(int count, char **arguments) {
  if (count > 1 && !(expected = fopen(arguments[1], "rb"))) {
    perror(arguments[1]);
    return 2;
  }
  if (expected) printf("%s\n", zoo_kernel_name());
  rows_kernels();
  products();
  bytes();
  heads();
  conversions();
  pictures();
  return failures > 0;
}
