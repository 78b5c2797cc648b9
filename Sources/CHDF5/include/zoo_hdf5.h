// Arrays in HDF5 files, such as MATLAB's v7.3, read by the HDF5 library, which is loaded when first needed and not required for the build. Not
// thread-safe, like the library.
#ifndef ZOO_HDF5_H
#define ZOO_HDF5_H
#include <stddef.h>
#include <stdint.h>

#define ZOO_HDF5_RANK 4

enum zoo_hdf5_kind { ZOO_HDF5_BYTES, ZOO_HDF5_SHORTS, ZOO_HDF5_REFERENCES };

typedef struct {
  int kind;  // type of `data`: uint8_t, uint16_t or uint64_t
  int rank;
  uint64_t sides[ZOO_HDF5_RANK];
  uint64_t count;
  void *data;  // to be freed by the caller; NULL if count is 0
} zoo_hdf5_array;

// Loads the library; returns NULL on success, otherwise the reason.
const char *zoo_hdf5_load(void);
// Opens a file; negative on failure.
int64_t zoo_hdf5_open(const char *path);
void zoo_hdf5_close(int64_t file);
// Reads a whole array, by its path or by a reference if that is not NULL. Returns NULL, or what is wrong with it.
const char *zoo_hdf5_read(int64_t file, const char *path, const uint64_t *reference, uint64_t limit,
                          zoo_hdf5_array *array);
#endif
