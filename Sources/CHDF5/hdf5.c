#include "include/zoo_hdf5.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

// As declared in the library's headers, from 1.10 on.
typedef int64_t hid_t;
typedef int herr_t;
typedef uint64_t hsize_t;

enum { READ_ONLY = 0, STANDARD = 0, OBJECT_REFERENCE = 0, ALL = 0, CLASS_INTEGER = 0, CLASS_REFERENCE = 7, DATASET = 5 };

#define FUNCTIONS(F) \
  F(herr_t, H5dont_atexit, (void)) \
  F(herr_t, H5open, (void)) \
  F(herr_t, H5get_libversion, (unsigned *, unsigned *, unsigned *)) \
  F(herr_t, H5Eset_auto2, (hid_t, void *, void *)) \
  F(hid_t, H5Fopen, (const char *, unsigned flags, hid_t access)) \
  F(herr_t, H5Fclose, (hid_t)) \
  F(hid_t, H5Oopen, (hid_t, const char *, hid_t access)) \
  F(herr_t, H5Oclose, (hid_t)) \
  F(int, H5Iget_type, (hid_t)) \
  F(hid_t, H5Rdereference2, (hid_t, hid_t access, int type, const void *)) \
  F(hid_t, H5Dget_space, (hid_t)) \
  F(hid_t, H5Dget_type, (hid_t)) \
  F(herr_t, H5Dread, (hid_t, hid_t type, hid_t memory, hid_t file, hid_t transfer, void *)) \
  F(int, H5Sget_simple_extent_ndims, (hid_t)) \
  F(int, H5Sget_simple_extent_dims, (hid_t, hsize_t *, hsize_t *)) \
  F(herr_t, H5Sclose, (hid_t)) \
  F(int, H5Tget_class, (hid_t)) \
  F(size_t, H5Tget_size, (hid_t)) \
  F(herr_t, H5Tclose, (hid_t))

static struct {
#define MEMBER(result, name, parameters) result(*name) parameters;
  FUNCTIONS(MEMBER)
} h5;
// The memory types of the three kinds.
static hid_t types[3];
static char problem[256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

#ifdef __APPLE__
static const char *const paths[] = {"libhdf5.dylib", "/opt/homebrew/lib/libhdf5.dylib", "/usr/local/lib/libhdf5.dylib"};
#else
static const char *const paths[] = {"libhdf5_serial.so.103", "libhdf5_serial.so.310", "libhdf5_serial.so.200",
                                    "libhdf5.so.103", "libhdf5.so.310", "libhdf5.so.200", "libhdf5.so"};
#endif

static void load(void) {
  void *library = NULL;
  for (size_t i = 0; i < sizeof paths / sizeof *paths && !library; i++) library = dlopen(paths[i], RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    snprintf(problem, sizeof problem, "it is not installed");
    return;
  }
#define FIND(result, name, parameters) \
  if (!(h5.name = (result(*) parameters)dlsym(library, #name))) \
    snprintf(problem, sizeof problem, "it has no function %s", #name);
  FUNCTIONS(FIND)
  if (problem[0]) return;
  unsigned major = 0, minor = 0, release = 0;
  h5.H5dont_atexit();
  h5.H5get_libversion(&major, &minor, &release);
  if (major == 1 && minor < 10) {
    snprintf(problem, sizeof problem, "it is version %u.%u, 1.10 or later is needed", major, minor);
    return;
  }
  static const char *const names[] = {"H5T_NATIVE_UINT8_g", "H5T_NATIVE_UINT16_g", "H5T_STD_REF_OBJ_g"};
  h5.H5open();
  for (int i = 0; i < 3; i++) {
    hid_t *type = dlsym(library, names[i]);
    if (!type) {
      snprintf(problem, sizeof problem, "it has no type %s", names[i]);
      return;
    }
    types[i] = *type;
  }
  h5.H5Eset_auto2(0, NULL, NULL);  // errors are returned, not printed by the library
}

const char *zoo_hdf5_load(void) {
  pthread_once(&once, load);
  return problem[0] ? problem : NULL;
}

int64_t zoo_hdf5_open(const char *path) { return h5.H5Fopen(path, READ_ONLY, STANDARD); }

void zoo_hdf5_close(int64_t file) { h5.H5Fclose(file); }

// The kind that the elements of a dataset are converted to; -1 for none.
static int kind(hid_t dataset) {
  hid_t type = h5.H5Dget_type(dataset);
  if (type < 0) return -1;
  int class = h5.H5Tget_class(type);
  size_t size = h5.H5Tget_size(type);
  h5.H5Tclose(type);
  if (class == CLASS_REFERENCE && size == 8) return ZOO_HDF5_REFERENCES;
  if (class != CLASS_INTEGER || size > 2) return -1;
  return size == 1 ? ZOO_HDF5_BYTES : ZOO_HDF5_SHORTS;
}

static const char *read_dataset(hid_t dataset, uint64_t limit, zoo_hdf5_array *array) {
  static const size_t sizes[] = {1, 2, 8};
  array->kind = kind(dataset);
  if (array->kind < 0) return "it holds neither references nor numbers of 8 or 16 bits";
  hid_t space = h5.H5Dget_space(dataset);
  if (space < 0) return "it has no shape";
  array->rank = h5.H5Sget_simple_extent_ndims(space);
  if (array->rank < 0 || array->rank > ZOO_HDF5_RANK) {
    h5.H5Sclose(space);
    return "it has too many dimensions";
  }
  h5.H5Sget_simple_extent_dims(space, array->sides, NULL);
  h5.H5Sclose(space);
  array->count = 1;
  for (int i = 0; i < array->rank; i++)
    if (__builtin_mul_overflow(array->count, array->sides[i], &array->count)) return "it is too large";
  if (array->count > limit / sizes[array->kind]) return "it is too large";
  if (array->count == 0) return NULL;
  array->data = calloc(array->count, sizes[array->kind]);
  if (!array->data) return "there is no memory for it";
  if (h5.H5Dread(dataset, types[array->kind], ALL, ALL, STANDARD, array->data) >= 0) return NULL;
  free(array->data);
  array->data = NULL;
  return "its values cannot be read";
}

const char *zoo_hdf5_read(int64_t file, const char *path, const uint64_t *reference, uint64_t limit,
                          zoo_hdf5_array *array) {
  *array = (zoo_hdf5_array){0};
  hid_t object = reference ? h5.H5Rdereference2(file, STANDARD, OBJECT_REFERENCE, reference)
                           : h5.H5Oopen(file, path, STANDARD);
  if (object < 0) return reference ? "a reference leads nowhere" : "it is missing";
  const char *reason = h5.H5Iget_type(object) == DATASET ? read_dataset(object, limit, array) : "it is not an array";
  h5.H5Oclose(object);
  return reason;
}
