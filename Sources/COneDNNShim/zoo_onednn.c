#include "zoo_onednn.h"
#ifdef ZOO_ONEDNN
#define _GNU_SOURCE
#include "onednn_api.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dnnl_engine_t engine;
static void (*set_threads)(int);
static char version[32];

static void start(void) {
  // Builds on OpenMP would start a second thread pool beside ours.
  set_threads = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) engine = NULL;
  const dnnl_version_t *v = dnnl_version();
  snprintf(version, sizeof version, "%d.%d.%d", v->major, v->minor, v->patch);
}

// Called before any work by oneDNN: the number of threads is a setting of the calling thread.
static dnnl_engine_t ready(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, start);
  if (set_threads) set_threads(1);
  return engine;
}

// A stream for each thread, for the lifetime of the thread.
static pthread_key_t stream_key;
static void free_stream(void *stream) { dnnl_stream_destroy(stream); }
static void make_stream_key(void) { pthread_key_create(&stream_key, free_stream); }
static dnnl_stream_t thread_stream(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_stream_key);
  dnnl_stream_t stream = pthread_getspecific(stream_key);
  if (!stream && dnnl_stream_create(&stream, engine, dnnl_stream_default_flags) == dnnl_success)
    pthread_setspecific(stream_key, stream);
  return stream;
}

const char *zoo_onednn_version(void) {
  ready();
  return version;
}

int zoo_onednn_has(int types) {
  if (types == ZOO_ONEDNN_F32) return 1;
#if defined(__x86_64__)
  dnnl_cpu_isa_t needed = types == ZOO_ONEDNN_BF16 ? dnnl_cpu_isa_avx512_core_bf16 : dnnl_cpu_isa_avx512_core_vnni;
  return (dnnl_get_effective_cpu_isa() & needed) == needed;
#else
  return 0;
#endif
}

static dnnl_data_type_t x_type(const struct zoo_onednn_shape *s) {
  return s->types == ZOO_ONEDNN_INT8 ? dnnl_u8 : s->types == ZOO_ONEDNN_BF16 ? dnnl_bf16 : dnnl_f32;
}

static dnnl_data_type_t b_type(const struct zoo_onednn_shape *s) {
  return s->types == ZOO_ONEDNN_INT8 ? dnnl_s8 : x_type(s);
}

struct zoo_onednn_product {
  dnnl_primitive_t primitive;
  layout x, b, bias, y, scratch;
  size_t scratch_size;
  int has_bias;
  char kind[64];
};

static int append_activation(dnnl_primitive_attr_t attributes, int activation) {
  dnnl_post_ops_t ops;
  if (dnnl_post_ops_create(&ops) != dnnl_success) return 0;
  int ok = 0;
  switch (activation) {
  case ZOO_ONEDNN_GELU: ok = append_eltwise(ops, dnnl_eltwise_gelu_erf, 0); break;
  case ZOO_ONEDNN_GELU_TANH: ok = append_eltwise(ops, dnnl_eltwise_gelu_tanh, 0); break;
  case ZOO_ONEDNN_QUICK_GELU: ok = append_eltwise(ops, dnnl_eltwise_swish, 1.702f); break;
  case ZOO_ONEDNN_SILU: ok = append_eltwise(ops, dnnl_eltwise_swish, 1); break;
  case ZOO_ONEDNN_RELU: ok = append_eltwise(ops, dnnl_eltwise_relu, 0); break;
  }
  ok = ok && dnnl_primitive_attr_set_post_ops(attributes, ops) == dnnl_success;
  dnnl_post_ops_destroy(ops);
  return ok;
}

// The memory layout of B; queried from oneDNN if packed.
static int weights_layout(const struct zoo_onednn_shape *s, int order, dnnl_data_type_t type, layout *target) {
  const int64_t down[2] = {s->stride, 1}, across[2] = {1, s->depth};
  return layout_make(target, s->depth, s->columns, type,
                     order == ZOO_ONEDNN_PACKED ? NULL : order == ZOO_ONEDNN_ROWS ? down : across);
}

// The descriptor of a product; `b` is used as given, or replaced by oneDNN's choice if it has no order yet.
static int describe(struct zoo_onednn_product *p, const struct zoo_onednn_shape *s, dnnl_primitive_desc_t *pd) {
  const int64_t wide[2] = {s->x_stride, 1}, result[2] = {s->stride, 1};
  dnnl_primitive_attr_t attributes = NULL;
  int ok = layout_make(&p->x, s->rows, s->depth, x_type(s), wide)
           && layout_make(&p->y, s->rows, s->columns, dnnl_f32, result)
           && (!s->bias || layout_make(&p->bias, 1, s->columns, dnnl_f32, result))
           && dnnl_primitive_attr_create(&attributes) == dnnl_success
           && dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user) == dnnl_success
           && (!s->activation || append_activation(attributes, s->activation))
           && matmul_make(pd, ready(), &p->x, &p->b, s->bias ? &p->bias : NULL, &p->y, attributes);
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  p->has_bias = s->bias;
  return ok;
}

// oneDNN's order for packed B must not depend on rows or epilogue: it is queried for one plain product.
static int packed_layout(const struct zoo_onednn_shape *s, layout *target) {
  struct zoo_onednn_shape nominal = *s;
  nominal.rows = 256;
  nominal.bias = nominal.activation = 0;
  zoo_onednn_product *p = calloc(1, sizeof *p);
  dnnl_primitive_desc_t pd = NULL;
  int ok = p && weights_layout(s, ZOO_ONEDNN_PACKED, b_type(s), &p->b)
           && describe(p, &nominal, &pd)
           && layout_copy(target, dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0));
  if (pd) dnnl_primitive_desc_destroy(pd);
  if (p) zoo_onednn_product_destroy(p);
  return ok;
}

zoo_onednn_product *zoo_onednn_product_create(const struct zoo_onednn_shape *s) {
  if (!ready()) return NULL;
  zoo_onednn_product *p = calloc(1, sizeof *p);
  if (!p) return NULL;
  dnnl_primitive_desc_t pd = NULL;
  int ok = (s->order == ZOO_ONEDNN_PACKED ? packed_layout(s, &p->b) : weights_layout(s, s->order, b_type(s), &p->b))
           && describe(p, s, &pd);
  if (ok) {
    layout_ref scratch = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    const char *kind = "";
    dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &kind);
    snprintf(p->kind, sizeof p->kind, "%s", kind);
    p->scratch_size = dnnl_memory_desc_get_size(scratch);
    ok = layout_copy(&p->scratch, scratch) && dnnl_primitive_create(&p->primitive, pd) == dnnl_success;
  }
  if (pd) dnnl_primitive_desc_destroy(pd);
  if (ok) return p;
  zoo_onednn_product_destroy(p);
  return NULL;
}

void zoo_onednn_product_destroy(zoo_onednn_product *p) {
  if (p->primitive) dnnl_primitive_destroy(p->primitive);
  layout_free(&p->x);
  layout_free(&p->b);
  layout_free(&p->bias);
  layout_free(&p->y);
  layout_free(&p->scratch);
  free(p);
}

const char *zoo_onednn_product_kind(const zoo_onednn_product *p) { return p->kind; }
size_t zoo_onednn_product_scratch(const zoo_onednn_product *p) { return p->scratch_size; }

// Runs a primitive over memory given as (argument, layout, pointer), at most five.
struct argument {
  int name;
  layout_ref layout;
  const void *data;
};

static int run(dnnl_primitive_t primitive, int count, const struct argument *arguments) {
  dnnl_exec_arg_t list[5];
  int made = 0, ok = 1;
  for (; ok && made < count; made += ok) {
    list[made].arg = arguments[made].name;
    ok = dnnl_memory_create(&list[made].memory, arguments[made].layout, engine, (void *)arguments[made].data)
         == dnnl_success;
  }
  dnnl_stream_t stream = thread_stream();
  ok = ok && stream && dnnl_primitive_execute(primitive, stream, count, list) == dnnl_success
       && dnnl_stream_wait(stream) == dnnl_success;
  while (made-- > 0) dnnl_memory_destroy(list[made].memory);
  return ok;
}

int zoo_onednn_product_run(const zoo_onednn_product *p, const void *x, const void *b, const float *bias, float *y,
                           void *scratch) {
  ready();
  const struct argument arguments[] = {
      {DNNL_ARG_SRC, REF(p->x), x},
      {DNNL_ARG_WEIGHTS, REF(p->b), b},
      {DNNL_ARG_DST, REF(p->y), y},
      {DNNL_ARG_SCRATCHPAD, REF(p->scratch), scratch},
      {DNNL_ARG_BIAS, REF(p->bias), bias},
  };
  return run(p->primitive, p->has_bias ? 5 : 4, arguments);
}

size_t zoo_onednn_packed_size(const struct zoo_onednn_shape *s) {
  layout packed = {0};
  size_t size = ready() && packed_layout(s, &packed) ? dnnl_memory_desc_get_size(REF(packed)) : 0;
  layout_free(&packed);
  return size;
}

int zoo_onednn_pack(const struct zoo_onednn_shape *s, int order, const void *b, void *target) {
  layout plain = {0}, packed = {0};
  dnnl_primitive_desc_t pd = NULL;
  dnnl_primitive_t reorder = NULL;
  int ok = ready() && packed_layout(s, &packed)
           && weights_layout(s, order, s->types == ZOO_ONEDNN_INT8 ? dnnl_s8 : dnnl_f32, &plain)
           && dnnl_reorder_primitive_desc_create(&pd, REF(plain), engine, REF(packed), engine, NULL) == dnnl_success
           && dnnl_primitive_create(&reorder, pd) == dnnl_success;
  if (ok) {
    const struct argument arguments[] = {{DNNL_ARG_FROM, REF(plain), b}, {DNNL_ARG_TO, REF(packed), target}};
    ok = run(reorder, 2, arguments);
  }
  if (reorder) dnnl_primitive_destroy(reorder);
  if (pd) dnnl_primitive_desc_destroy(pd);
  layout_free(&plain);
  layout_free(&packed);
  return ok;
}
#endif
