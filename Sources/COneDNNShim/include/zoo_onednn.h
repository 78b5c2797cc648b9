// What the package needs from oneDNN (2.x or 3.x): products by weight matrices, on the calling thread.
//
// All functions are thread-safe. They return null or 0 if oneDNN fails, and the caller then uses a different product. Without the package trait the
// library is empty.
#ifndef ZOO_ONEDNN_H
#define ZOO_ONEDNN_H
#include <stddef.h>
#include <stdint.h>

enum zoo_onednn_activation {
  ZOO_ONEDNN_NONE = 0,
  ZOO_ONEDNN_GELU = 1,
  ZOO_ONEDNN_GELU_TANH = 2,
  ZOO_ONEDNN_QUICK_GELU = 3,
  ZOO_ONEDNN_SILU = 4,
  ZOO_ONEDNN_RELU = 5,
};

// The memory layout of B [depth, columns].
enum zoo_onednn_order { ZOO_ONEDNN_PACKED = 0, ZOO_ONEDNN_ROWS = 1, ZOO_ONEDNN_COLUMNS = 2 };

// The types of x and B: f32, bf16, or unsigned bytes times signed ones. y is f32.
enum zoo_onednn_types { ZOO_ONEDNN_F32 = 0, ZOO_ONEDNN_BF16 = 1, ZOO_ONEDNN_INT8 = 2 };

// y [rows, columns] = act(x [rows, depth] B + bias). The rows of x have stride `x_stride`; those of y have stride `stride`, and so do those of B if it
// is stored in rows.
struct zoo_onednn_shape {
  int64_t rows, depth, columns, x_stride, stride;
  int32_t order, types, bias, activation;
};

// How a product of one shape is computed.
typedef struct zoo_onednn_product zoo_onednn_product;

// Such as "2.6.3".
const char *zoo_onednn_version(void);
// 1 if the processor has native products of these types.
int zoo_onednn_has(int types);

zoo_onednn_product *zoo_onednn_product_create(const struct zoo_onednn_shape *shape);
void zoo_onednn_product_destroy(zoo_onednn_product *product);
// oneDNN's name for the implementation that it runs.
const char *zoo_onednn_product_kind(const zoo_onednn_product *product);
// The size of the scratch buffer for a run in bytes; it must be 64-byte aligned.
size_t zoo_onednn_product_scratch(const zoo_onednn_product *product);
int zoo_onednn_product_run(const zoo_onednn_product *product, const void *x, const void *b, const float *bias, float *y,
                           void *scratch);

// The size in bytes of B when packed for products of a shape, for any number of rows; 0 if it cannot be packed.
size_t zoo_onednn_packed_size(const struct zoo_onednn_shape *shape);
// Packs B, which is in an unpacked order and f32, or int8 for products of integers, into `packed`, which is 64-byte aligned.
int zoo_onednn_pack(const struct zoo_onednn_shape *shape, int order, const void *b, void *packed);
#endif
