// Attention of one head, and LeGrad's sums. Part of kernels_body.h.

static ptrdiff_t attention_scratch(ptrdiff_t keys, ptrdiff_t width) {
  ptrdiff_t columns = padded(keys), wide = padded(width);
  // The second line is for pairs.
  return width * columns + keys * wide + ZOO_ATTENTION_ROWS * (columns + wide)
         + (keys + ZOO_ATTENTION_ROWS) * (width + 1) / 2 + ZOO_ATTENTION_ROWS * columns / 2;
}

// rows [count, keys] := their softmax without the division, whose factors are stored in `inverse`. bias [all rows, keys] may be null.
INLINE void weights(float *scores, ptrdiff_t columns, ptrdiff_t first, ptrdiff_t count, ptrdiff_t keys, float scale,
                    const float *bias, int mask, float *inverse, float *probabilities) {
  for (ptrdiff_t i = 0; i < count; i++) {
    ptrdiff_t visible = mask == ZOO_MASK_CAUSAL ? first + i + 1 : keys;
    if (visible > keys) visible = keys;
    float *row = scores + i * columns;
    if (bias) {
      const float *own = bias + (first + i) * keys;
      for (ptrdiff_t j = 0; j < keys; j++) row[j] = row[j] * scale + own[j];
    }
    for (ptrdiff_t j = visible; j < columns; j++) row[j] = -INFINITY;  // e^-inf is 0
    inverse[i] = 1.0f / exponentials(row, columns, bias ? 1.0f : scale);
    if (!probabilities) continue;
    float *target = probabilities + (first + i) * keys;
    for (ptrdiff_t j = 0; j < keys; j++) target[j] = row[j] * inverse[i];
  }
}

static void attention(const float *q, ptrdiff_t ldq, const float *k, const float *v, ptrdiff_t ldkv, ptrdiff_t rows,
                      ptrdiff_t keys, ptrdiff_t width, float scale, const float *bias, int mask, int bf16,
                      float *out, ptrdiff_t ldo, float *scratch, float *probabilities) {
  ptrdiff_t columns = padded(keys), wide = padded(width);
  float *kt = scratch, *vp = kt + width * columns, *scores = vp + keys * wide;
  float *result = scores + ZOO_ATTENTION_ROWS * columns;
#ifdef ZOO_BF16
  ptrdiff_t half = (width + 1) / 2;
  float *keyPairs = result + ZOO_ATTENTION_ROWS * wide, *queryPairs = keyPairs + keys * half;
  float *weightPairs = queryPairs + ZOO_ATTENTION_ROWS * half;
  if (bf16) {
    narrow(k, ldkv, keys, width, keyPairs, half);
    transpose_padded(keyPairs, half, keys, half, kt);
    interleave(v, ldkv, keys, width, vp, wide);
  }
#else
  bf16 = 0;
#endif
  if (!bf16) {
    transpose_padded(k, ldkv, keys, width, kt);
    for (ptrdiff_t j = 0; j < keys; j++) {
      memcpy(vp + j * wide, v + j * ldkv, (size_t)width * 4);
      memset(vp + j * wide + width, 0, (size_t)(wide - width) * 4);
    }
  }
  ptrdiff_t pieces = (rows + ZOO_ATTENTION_ROWS - 1) / ZOO_ATTENTION_ROWS;
  for (ptrdiff_t piece = 0; piece < pieces; piece++) {
    ptrdiff_t first = rows * piece / pieces, count = rows * (piece + 1) / pieces - first;
    float inverse[ZOO_ATTENTION_ROWS];
#ifdef ZOO_BF16
    if (bf16) {
      narrow(q + first * ldq, ldq, count, width, queryPairs, half);
      pair_product(queryPairs, half, kt, columns, scores, columns, count, columns, half);
      weights(scores, columns, first, count, keys, scale, bias, mask, inverse, probabilities);
      narrow(scores, columns, count, columns, weightPairs, columns / 2);
      pair_product(weightPairs, columns / 2, vp, wide, result, wide, count, wide, (keys + 1) / 2);
    }
#endif
    if (!bf16) {
      plain_product(q + first * ldq, ldq, kt, columns, scores, columns, count, columns, width);
      weights(scores, columns, first, count, keys, scale, bias, mask, inverse, probabilities);
      plain_product(scores, columns, vp, wide, result, wide, count, wide, keys);
    }
    for (ptrdiff_t i = 0; i < count; i++)
      for (ptrdiff_t k = 0; k < width; k++) out[(first + i) * ldo + k] = result[i * wide + k] * inverse[i];
  }
}

static ptrdiff_t relu_values_size(ptrdiff_t keys, ptrdiff_t width) { return (width + 1) * padded(keys); }

// Transposes the rows of values; for pairs, they are first narrowed into the memory after the transpose.
static void relu_values(const float *v, ptrdiff_t ldv, ptrdiff_t keys, ptrdiff_t width, int bf16, float *values) {
#ifdef ZOO_BF16
  if (bf16) {
    ptrdiff_t half = (width + 1) / 2;
    float *pairs = values + half * padded(keys);
    narrow(v, ldv, keys, width, pairs, half);
    transpose_padded(pairs, half, keys, half, values);
    return;
  }
#endif
  transpose_padded(v, ldv, keys, width, values);
}

static ptrdiff_t relu_sums_scratch(ptrdiff_t keys, ptrdiff_t width) {
  return padded(keys) + ZOO_ATTENTION_ROWS * (width + 1) / 2;
}

static void relu_sums(const float *r, ptrdiff_t ldr, const float *values, ptrdiff_t rows, ptrdiff_t keys,
                      ptrdiff_t width, int bf16, float *sums, float *scratch) {
  ptrdiff_t columns = padded(keys);
  float *total = scratch;
  memset(total, 0, (size_t)columns * 4);
#ifdef ZOO_BF16
  if (bf16) {
    ptrdiff_t half = (width + 1) / 2;
    float *pairs = total + columns;
    for (ptrdiff_t i = 0; i < rows; i += ZOO_ATTENTION_ROWS) {
      ptrdiff_t count = rows - i < ZOO_ATTENTION_ROWS ? rows - i : ZOO_ATTENTION_ROWS;
      narrow(r + i * ldr, ldr, count, width, pairs, half);
      product(pairs, half, values, columns, total, columns, count, columns, half, RELU_SUMS, PAIRS);
    }
  }
#else
  bf16 = 0;
#endif
  if (!bf16) product(r, ldr, values, columns, total, columns, rows, columns, width, RELU_SUMS, SINGLES);
  for (ptrdiff_t j = 0; j < keys; j++) sums[j] += total[j];
}
