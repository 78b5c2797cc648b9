// Row operations: norms, activations, softmax. Part of kernels_body.h.

// --- scalar functions that the loops below vectorise -----------------------------------------------------------------

INLINE float float_from_bits(int32_t i) {
  float f;
  memcpy(&f, &i, 4);
  return f;
}

// 2^x for x <= 0, accurate to about one unit in the last place; x is clamped to -126. The polynomial is fitted to -0.5...0.5.
INLINE float power_of_two(float x) {
  float clamped = x < -126.0f ? -126.0f : x;
  float n = __builtin_rintf(clamped);
  float r = clamped - n;
  float p = 1.327647160e-3f;
  p = p * r + 9.675541331e-3f;
  p = p * r + 5.550713275e-2f;
  p = p * r + 2.402211972e-1f;
  p = p * r + 6.931469671e-1f;
  p = p * r + 1.0f;
  int32_t bits;
  memcpy(&bits, &p, 4);
  return float_from_bits(bits + (int32_t)((uint32_t)(int32_t)n << 23));
}

// Upper tail of the normal distribution: e^(-x^2/2) times a polynomial in 1 / (1 + x/4), fitted to 1e-8 relative on 0...13.
INLINE float normal_tail(float x, float density_kernel) {
  float t = 1.0f / (1.0f + 0.25f * x);
  float p = 3.501598590e-02f;
  p = p * t + -2.019693850e-01f;
  p = p * t + 4.086069220e-01f;
  p = p * t + -3.516309940e-01f;
  p = p * t + 3.196472280e-01f;
  p = p * t + -2.857919900e-02f;
  p = p * t + 1.244332360e-01f;
  p = p * t + 9.419603170e-02f;
  p = p * t + 1.003058390e-01f;
  p = p * t + -2.567138390e-05f;
  return p * density_kernel;
}

typedef struct {
  float value, slope;
} activated;

INLINE activated gelu(float x) {
  float kernel = power_of_two(-0.721347520f * x * x);  // e^(-x^2/2)
  float tail = normal_tail(__builtin_fabsf(x), kernel);
  float phi = x < 0 ? tail : 1.0f - tail;
  return (activated){x * phi, phi + x * kernel * 0.398942280f};
}

// GELU or its form with tanh to 5e-5, without division and power: x (1/2 + x p(x^2)), with p fitted to 0...c, where it reaches 1/2c. Beyond c, the
// result is 0 or x.
INLINE float gelu_nearly(float x, int activation) {
  static const float odd[2][9] = {
      {3.569427046e-11f, -3.754047295e-09f, 1.740846756e-07f, -4.724867267e-06f, 8.429300942e-05f, -1.054992434e-03f,
       9.643027559e-03f, -6.607642770e-02f, 3.987616003e-01f},
      {5.374706583e-11f, -5.253926627e-09f, 2.264719257e-07f, -5.722222795e-06f, 9.547253285e-05f, -1.128650620e-03f,
       9.904832579e-03f, -6.645299494e-02f, 3.987877667e-01f}};
  const float *own = odd[activation == ZOO_GELU_TANH], c = activation == ZOO_GELU_TANH ? 4.25f : 4.4f;
  float near = x < -c ? -c : x > c ? c : x, square = near * near, p = own[0];
  for (int i = 1; i < 9; i++) p = p * square + own[i];
  return x * (near * p + 0.5f);
}

INLINE float sigmoid(float x) {
  float e = power_of_two(-1.44269504f * __builtin_fabsf(x));
  return (x < 0 ? e : 1.0f) / (1.0f + e);
}

INLINE activated gelu_tanh(float x) {
  float inner = 0.797884561f * (x + 0.044715f * x * x * x);
  float s = sigmoid(2.0f * inner);  // (1 + tanh) / 2
  return (activated){x * s, s + x * 2.0f * s * (1.0f - s) * 0.797884561f * (1.0f + 0.134145f * x * x)};
}

INLINE activated quick_gelu(float x) {
  float s = sigmoid(1.702f * x);
  return (activated){x * s, s + 1.702f * x * s * (1.0f - s)};
}

INLINE activated silu(float x) {
  float s = sigmoid(x);
  return (activated){x * s, s + x * s * (1.0f - s)};
}

// --- rows ------------------------------------------------------------------------------------------------------------

static void layer_norm(const float *x, ptrdiff_t rows, ptrdiff_t width, const float *gamma, const float *beta,
                       float eps, float *y, float *mean, float *inv) {
  for (ptrdiff_t i = 0; i < rows; i++, x += width, y += width) {
    float sum = 0, squares = 0;
    for (ptrdiff_t k = 0; k < width; k++) sum += x[k];
    float mu = sum / (float)width;
    for (ptrdiff_t k = 0; k < width; k++) squares += (x[k] - mu) * (x[k] - mu);
    float scale = 1.0f / __builtin_sqrtf(squares / (float)width + eps);
    for (ptrdiff_t k = 0; k < width; k++) y[k] = (x[k] - mu) * scale * gamma[k] + beta[k];
    if (mean) mean[i] = mu;
    if (inv) inv[i] = scale;
  }
}

static void normalise(const float *x, const float *mean, const float *inv, const float *gain, ptrdiff_t rows,
                      ptrdiff_t width, float *y) {
  for (ptrdiff_t i = 0; i < rows; i++, x += width, y += width)
    for (ptrdiff_t k = 0; k < width; k++) y[k] = (x[k] - mean[i]) * inv[i] * gain[k];
}

static void layer_norm_backward(float *g, const float *x, const float *mean, const float *inv, const float *gamma,
                                ptrdiff_t rows, ptrdiff_t width) {
  for (ptrdiff_t i = 0; i < rows; i++, g += width, x += width) {
    float mu = mean[i], scale = inv[i], sum = 0, dot = 0;
    for (ptrdiff_t k = 0; k < width; k++) {
      float q = g[k] * gamma[k];
      sum += q;
      dot += q * ((x[k] - mu) * scale);
    }
    sum /= (float)width;
    dot /= (float)width;
    for (ptrdiff_t k = 0; k < width; k++) g[k] = scale * (g[k] * gamma[k] - sum - (x[k] - mu) * scale * dot);
  }
}

static void add_bias(float *x, const float *bias, ptrdiff_t rows, ptrdiff_t width) {
  for (ptrdiff_t i = 0; i < rows; i++, x += width)
    for (ptrdiff_t k = 0; k < width; k++) x[k] += bias[k];
}

static void add_residual(float *x, const float *y, const float *bias, const float *scale, ptrdiff_t rows,
                         ptrdiff_t width) {
  for (ptrdiff_t i = 0; i < rows; i++, x += width, y += width) {
    if (bias && scale) {
      for (ptrdiff_t k = 0; k < width; k++) x[k] += (y[k] + bias[k]) * scale[k];
    } else if (bias) {
      for (ptrdiff_t k = 0; k < width; k++) x[k] += y[k] + bias[k];
    } else if (scale) {
      for (ptrdiff_t k = 0; k < width; k++) x[k] += y[k] * scale[k];
    } else {
      for (ptrdiff_t k = 0; k < width; k++) x[k] += y[k];
    }
  }
}

INLINE activated act(float x, int activation) {
  return activation == ZOO_GELU        ? gelu(x)
         : activation == ZOO_GELU_TANH ? gelu_tanh(x)
         : activation == ZOO_SILU      ? silu(x)
         : activation == ZOO_RELU      ? (activated){x > 0 ? x : 0, x > 0 ? 1.0f : 0.0f}
                                       : quick_gelu(x);
}

// One row; a separate loop for each set of outputs, so that each is vectorised.
INLINE void activate(float *restrict x, const float *restrict bias, ptrdiff_t width, float *restrict derivative,
                     float *restrict moment, const float *restrict centre, int activation, int nearly) {
  if (moment) {
    for (ptrdiff_t k = 0; k < width; k++) {
      activated a = act(x[k] + (bias ? bias[k] : 0.0f), activation);
      derivative[k] = a.slope;
      moment[k] = a.slope * (x[k] - centre[k]);
      x[k] = a.value;
    }
  } else if (derivative) {
    for (ptrdiff_t k = 0; k < width; k++) {
      activated a = act(x[k] + (bias ? bias[k] : 0.0f), activation);
      derivative[k] = a.slope;
      x[k] = a.value;
    }
  } else if (nearly) {
    for (ptrdiff_t k = 0; k < width; k++) x[k] = gelu_nearly(x[k] + (bias ? bias[k] : 0.0f), activation);
  } else {
    for (ptrdiff_t k = 0; k < width; k++) x[k] = act(x[k] + (bias ? bias[k] : 0.0f), activation).value;
  }
}

// Applies what follows a product to `width` of its columns from n on; x, with stride ld, points to the first of them.
static void follow(float *x, ptrdiff_t ld, ptrdiff_t n, ptrdiff_t rows, ptrdiff_t width, const struct zoo_epilogue *after) {
  const float *bias = after->bias ? after->bias + n : 0, *centre = after->moment ? after->centre + n : 0;
  float *derivative = after->derivative ? after->derivative + n : 0, *moment = after->moment ? after->moment + n : 0;
#define ROWS(activation, nearly)                                                \
  do {                                                                          \
    for (ptrdiff_t i = 0; i < rows; i++, x += ld) {                             \
      activate(x, bias, width, derivative, moment, centre, activation, nearly); \
      if (derivative) derivative += ld;                                         \
      if (moment) moment += ld;                                                 \
    }                                                                           \
    return;                                                                     \
  } while (0)
  int nearly = after->nearly && !derivative;
  switch (after->activation) {
  case ZOO_GELU:
    if (nearly) ROWS(ZOO_GELU, 1);
    ROWS(ZOO_GELU, 0);
  case ZOO_GELU_TANH:
    if (nearly) ROWS(ZOO_GELU_TANH, 1);
    ROWS(ZOO_GELU_TANH, 0);
  case ZOO_QUICK_GELU: ROWS(ZOO_QUICK_GELU, 0);
  case ZOO_SILU: ROWS(ZOO_SILU, 0);
  case ZOO_RELU: ROWS(ZOO_RELU, 0);
  default:
    for (ptrdiff_t i = 0; bias && i < rows; i++, x += ld) add_bias(x, bias, 1, width);
  }
#undef ROWS
}

static void scale_columns(const float *restrict x, const float *restrict w, float *restrict y, ptrdiff_t rows,
                          ptrdiff_t width) {
  for (ptrdiff_t i = 0; i < rows; i++, x += width, y += width)
    for (ptrdiff_t k = 0; k < width; k++) y[k] = x[k] * w[k];
}

// sums [rows, count] := the products of the rows of x with those of y. Four by four, so that both are read from registers.
static void row_dots(const float *x, ptrdiff_t rows, const float *y, ptrdiff_t count, ptrdiff_t width, float *sums) {
  for (ptrdiff_t i = 0; i < rows; i += 4)
    for (ptrdiff_t j = 0; j < count; j += 4) {
      // Rows beyond the last one repeat the last row.
      const float *a[4], *b[4];
      for (int n = 0; n < 4; n++) {
        a[n] = x + (i + n < rows ? i + n : rows - 1) * width;
        b[n] = y + (j + n < count ? j + n : count - 1) * width;
      }
      vec sum[4][4] = {{{0}}};
      float rest[4][4] = {{0}};
      ptrdiff_t k = 0;
      for (; k + ZOO_LANES <= width; k += ZOO_LANES)
        for (int m = 0; m < 4; m++)
          for (int n = 0; n < 4; n++) sum[m][n] += load(a[m] + k) * load(b[n] + k);
      for (; k < width; k++)
        for (int m = 0; m < 4; m++)
          for (int n = 0; n < 4; n++) rest[m][n] += a[m][k] * b[n][k];
      for (ptrdiff_t m = 0; m < 4 && i + m < rows; m++)
        for (ptrdiff_t n = 0; n < 4 && j + n < count; n++) sums[(i + m) * count + j + n] = rest[m][n] + total(sum[m][n]);
    }
}

static void take_share(float *restrict x, const float *restrict along, const float *shares, ptrdiff_t step,
                       const float *scales, const float *restrict base, ptrdiff_t rows, ptrdiff_t width) {
  for (ptrdiff_t i = 0; i < rows; i++, x += width, along += width)
    for (ptrdiff_t k = 0; k < width; k++) x[k] = base[k] + scales[i] * (x[k] - shares[i * step] * along[k]);
}

static float dot(const float *x, const float *y, ptrdiff_t count) {
  float sum = 0;
  for (ptrdiff_t k = 0; k < count; k++) sum += x[k] * y[k];
  return sum;
}

INLINE float largest(const float *x, ptrdiff_t count) {
  vec tops = spread(-INFINITY);
  ptrdiff_t k = 0;
  for (; k + ZOO_LANES <= count; k += ZOO_LANES) tops = larger(load(x + k), tops);
  float lanes[ZOO_LANES];
  store(lanes, tops);
  for (int half = ZOO_LANES / 2; half > 0; half /= 2)
    for (int lane = 0; lane < half; lane++) lanes[lane] = lanes[lane] > lanes[lane + half] ? lanes[lane] : lanes[lane + half];
  float top = lanes[0];
  for (; k < count; k++) top = x[k] > top ? x[k] : top;
  return top;
}

// x := e^(scale * (x - max x)); returns the sum.
INLINE float exponentials(float *x, ptrdiff_t count, float scale) {
  float factor = scale * 1.44269504f, shift = largest(x, count) * factor, sum = 0;
  for (ptrdiff_t k = 0; k < count; k++) {
    float e = power_of_two(x[k] * factor - shift);
    x[k] = e;
    sum += e;
  }
  return sum;
}

static void softmax(float *x, ptrdiff_t count, float scale) {
  float inverse = 1.0f / exponentials(x, count, scale);
  for (ptrdiff_t k = 0; k < count; k++) x[k] *= inverse;
}
