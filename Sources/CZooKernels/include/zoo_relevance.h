// Element-wise operations of the LRP rules.
#ifndef ZOO_RELEVANCE_H
#define ZOO_RELEVANCE_H
#include <stddef.h>

// shares := flow / z with a small number added to z, and 0 if z is 0; z is a, or the mean of a and b if b is not null.
void zoo_shares(const float *flow, const float *a, const float *b, float *shares, ptrdiff_t count);

// flow := (x * p + |x| * q) / 2.
void zoo_unite_sizes(const float *x, const float *p, const float *q, float *flow, ptrdiff_t count);

// flow := x * p if x > 0, otherwise x * q.
void zoo_unite_signs(const float *x, const float *p, const float *q, float *flow, ptrdiff_t count);

// A number, its positive or negative part, or its absolute value.
enum { ZOO_PART_ALL, ZOO_PART_POSITIVE, ZOO_PART_NEGATIVE, ZOO_PART_MAGNITUDE };

// parts := that part of each number in x; they may be the same buffer.
void zoo_parts(const float *x, int part, float *parts, ptrdiff_t count);

// a and b := x and y times flow / (x + y), as in zoo_shares; adds the sums of flow, a and b to `sums`.
void zoo_split_flow(
    const float *flow, const float *x, const float *y, float *a, float *b, double sums[3], ptrdiff_t count);

// flow := (a + b) / t * t, as in zoo_shares: 0 if t is 0.
void zoo_join_flows(const float *a, const float *b, const float *t, float *flow, ptrdiff_t count);
#endif
