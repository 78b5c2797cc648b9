#include "picture.h"
#include <stdio.h>
#include <stdlib.h>

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

int zoo_picture_allocate(zoo_picture *picture) {
  size_t size = (size_t)picture->width * (size_t)picture->height * (size_t)zoo_picture_channels(picture->mode);
  picture->pixels = malloc(size);
  return picture->pixels ? ZOO_DECODED : zoo_picture_fail(picture, ZOO_DAMAGED, "not enough memory for the pixels");
}

int zoo_picture_fail(zoo_picture *picture, int code, const char *message) {
  snprintf(picture->message, sizeof picture->message, "%s", message);
  return code;
}

void zoo_picture_free(zoo_picture *picture) {
  free(picture->pixels);
  picture->pixels = NULL;
}
