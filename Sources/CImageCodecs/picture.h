// Code shared by the codecs.
#ifndef ZOO_PICTURE_H
#define ZOO_PICTURE_H
#include "include/zoo_image_codecs.h"

// Checks the declared size against the limit; ZOO_DECODED if it fits.
int zoo_picture_check(const zoo_picture *picture, int64_t limit);
// Called when size and mode are known: ends a call that only measures, and checks the buffer of one that decodes.
int zoo_picture_take_room(zoo_picture *picture);
int zoo_picture_fail(zoo_picture *picture, int code, const char *message);
int zoo_picture_channels(int mode);  // bytes per pixel
#endif
