// What the codecs share.
#ifndef ZOO_PICTURE_H
#define ZOO_PICTURE_H
#include "include/zoo_image_codecs.h"

// Checks the declared size against the limit; ZOO_DECODED when it fits.
int zoo_picture_check(const zoo_picture *picture, int64_t limit);
// Gives `pixels` room for the picture, or says in `message` that there is none.
int zoo_picture_allocate(zoo_picture *picture);
int zoo_picture_fail(zoo_picture *picture, int code, const char *message);
int zoo_picture_channels(int mode);  // bytes of a pixel
#endif
