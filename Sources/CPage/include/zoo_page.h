// The files of the page, which the binary carries.
#ifndef ZOO_PAGE_H
#define ZOO_PAGE_H
#include <stddef.h>

typedef struct {
  const char *_Nonnull name;
  // The media type.
  const char *_Nonnull type;
  const unsigned char *_Nonnull bytes;
  size_t size;
} zoo_file;

// The file of this name; NULL where there is none.
const zoo_file *_Nullable zoo_page_file(const char *_Nonnull name);
#endif
