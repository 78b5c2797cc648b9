// The files of the web page, which are built into the binary.
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

// The file with this name; NULL if there is none.
const zoo_file *_Nullable zoo_page_file(const char *_Nonnull name);
#endif
