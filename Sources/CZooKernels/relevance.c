#include "zoo_relevance.h"

#include <math.h>

static inline float share(float flow, float z) {
  const float denominator = z + 1e-9f;
  const float quotient = flow / (denominator == 0 ? 1e-9f : denominator);
  return z == 0 ? 0 : quotient;
}

void zoo_shares(const float *flow, const float *a, const float *b, float *shares, ptrdiff_t count) {
  if (!b) {
    for (ptrdiff_t i = 0; i < count; i++) shares[i] = share(flow[i], a[i]);
  } else {
    for (ptrdiff_t i = 0; i < count; i++) shares[i] = share(flow[i], (a[i] + b[i]) * 0.5f);
  }
}

void zoo_unite_sizes(const float *x, const float *p, const float *q, float *flow, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) flow[i] = (x[i] * p[i] + fabsf(x[i]) * q[i]) * 0.5f;
}

void zoo_unite_signs(const float *x, const float *p, const float *q, float *flow, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) flow[i] = x[i] * (x[i] > 0 ? p[i] : q[i]);
}

void zoo_parts(const float *x, int part, float *parts, ptrdiff_t count) {
  switch (part) {
  case ZOO_PART_POSITIVE:
    for (ptrdiff_t i = 0; i < count; i++) parts[i] = x[i] > 0 ? x[i] : 0;
    break;
  case ZOO_PART_NEGATIVE:
    for (ptrdiff_t i = 0; i < count; i++) parts[i] = x[i] < 0 ? x[i] : 0;
    break;
  case ZOO_PART_MAGNITUDE:
    for (ptrdiff_t i = 0; i < count; i++) parts[i] = fabsf(x[i]);
    break;
  default:
    for (ptrdiff_t i = 0; i < count; i++) parts[i] = x[i];
  }
}

void zoo_split_flow(
    const float *flow, const float *x, const float *y, float *a, float *b, double sums[3], ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) {
    const float s = share(flow[i], x[i] + y[i]);
    a[i] = s * x[i];
    b[i] = s * y[i];
  }
  // Several independent sums, so that none waits for the previous one.
  double part[3][8] = {{0}};
  const float *const terms[3] = {flow, a, b};
  for (int k = 0; k < 3; k++) {
    ptrdiff_t i = 0;
    for (; i + 8 <= count; i += 8)
      for (int lane = 0; lane < 8; lane++) part[k][lane] += terms[k][i + lane];
    for (; i < count; i++) part[k][0] += terms[k][i];
    for (int lane = 0; lane < 8; lane++) sums[k] += part[k][lane];
  }
}

void zoo_join_flows(const float *a, const float *b, const float *t, float *flow, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) flow[i] = share(a[i] + b[i], t[i]) * t[i];
}
