// A common interface to the C APIs of oneDNN 2.x, whose descriptors are structs, and 3.x, whose descriptors are handles.
#ifndef ZOO_ONEDNN_API_H
#define ZOO_ONEDNN_API_H
#if !__has_include(<dnnl.h>)
#error "oneDNN is missing: install libdnnl-dev, or build with --disable-default-traits"
#endif
#include <dnnl.h>

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t layout;
typedef const_dnnl_memory_desc_t layout_ref;
#define REF(l) (l)
#else
typedef dnnl_memory_desc_t layout;
typedef const dnnl_memory_desc_t *layout_ref;
#define REF(l) (&(l))
#endif

// A matrix whose elements have the given strides; in oneDNN's preferred order if strides is null.
static inline int layout_make(layout *l, int64_t rows, int64_t columns, dnnl_data_type_t type, const int64_t *strides) {
  dnnl_dims_t dims = {rows, columns};
#if DNNL_VERSION_MAJOR >= 3
  if (!strides) return dnnl_memory_desc_create_with_tag(l, 2, dims, type, dnnl_format_tag_any) == dnnl_success;
  return dnnl_memory_desc_create_with_strides(l, 2, dims, type, strides) == dnnl_success;
#else
  if (!strides) return dnnl_memory_desc_init_by_tag(l, 2, dims, type, dnnl_format_tag_any) == dnnl_success;
  return dnnl_memory_desc_init_by_strides(l, 2, dims, type, strides) == dnnl_success;
#endif
}

static inline int layout_copy(layout *l, layout_ref from) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_clone(l, from) == dnnl_success;
#else
  *l = *from;
  return 1;
#endif
}

static inline void layout_free(layout *l) {
#if DNNL_VERSION_MAJOR >= 3
  if (*l) dnnl_memory_desc_destroy(*l);
  *l = 0;
#else
  (void)l;
#endif
}

static inline int append_eltwise(dnnl_post_ops_t ops, dnnl_alg_kind_t kind, float alpha) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_post_ops_append_eltwise(ops, kind, alpha, 0) == dnnl_success;
#else
  return dnnl_post_ops_append_eltwise(ops, 1, kind, alpha, 0) == dnnl_success;
#endif
}

static inline int matmul_make(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, layout *x, layout *b, layout *bias,
                              layout *y, dnnl_primitive_attr_t attributes) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_matmul_primitive_desc_create(pd, engine, *x, *b, bias ? *bias : NULL, *y, attributes) == dnnl_success;
#else
  dnnl_matmul_desc_t matmul;
  return dnnl_matmul_desc_init(&matmul, x, b, bias, y) == dnnl_success
         && dnnl_primitive_desc_create(pd, &matmul, attributes, engine, NULL) == dnnl_success;
#endif
}
#endif
