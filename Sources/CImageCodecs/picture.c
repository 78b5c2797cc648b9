#include "picture.h"
#include <stdio.h>
#include <sys/mman.h>

int zoo_picture_check(const zoo_picture *picture, int64_t limit) {
  int64_t width = picture->width, height = picture->height;
  if (width < 1 || height < 1) return ZOO_DAMAGED;
  return width > limit / height ? ZOO_TOO_LARGE : ZOO_DECODED;
}

int zoo_picture_channels(int mode) {
  switch (mode) {
    case ZOO_LA:
    case ZOO_L16: return 2;
    case ZOO_RGB: return 3;
    case ZOO_RGBA:
    case ZOO_CMYK: return 4;
    default: return 1;
  }
}

// Requests large pages: with small ones, page faults take a fifth of the time of decoding a photograph.
static void prefer_large_pages(uint8_t *pixels, size_t count) {
#ifdef MADV_HUGEPAGE
  const uintptr_t size = 2 << 20, first = ((uintptr_t)pixels + size - 1) & ~(size - 1), end = ((uintptr_t)pixels + count) & ~(size - 1);
  if (first < end) madvise((void *)first, end - first, MADV_HUGEPAGE);  // failure is harmless
#else
  (void)pixels, (void)count;
#endif
}

int zoo_picture_take_room(zoo_picture *picture) {
  if (!picture->pixels) return ZOO_MEASURED;
  size_t size = (size_t)picture->width * (size_t)picture->height * (size_t)zoo_picture_channels(picture->mode);
  if (size != picture->room) return zoo_picture_fail(picture, ZOO_DAMAGED, "its size changes");
  prefer_large_pages(picture->pixels, size);
  return ZOO_DECODED;
}

int zoo_picture_fail(zoo_picture *picture, int code, const char *message) {
  snprintf(picture->message, sizeof picture->message, "%s", message);
  return code;
}
