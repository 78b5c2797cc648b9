#include "picture.h"
#include <webp/decode.h>

int zoo_webp_decode(const uint8_t *bytes, size_t count, int64_t limit, zoo_picture *picture) {
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(bytes, count, &features) != VP8_STATUS_OK)
    return zoo_picture_fail(picture, ZOO_DAMAGED, "its header is not a WebP header");
  if (features.has_animation) return zoo_picture_fail(picture, ZOO_UNSUPPORTED, "animations are not read");
  picture->width = features.width;
  picture->height = features.height;
  int checked = zoo_picture_check(picture, limit);
  if (checked) return checked;
  picture->mode = features.has_alpha ? ZOO_RGBA : ZOO_RGB;
  int allocated = zoo_picture_allocate(picture);
  if (allocated) return allocated;
  int stride = features.width * zoo_picture_channels(picture->mode);
  size_t size = (size_t)stride * (size_t)features.height;
  uint8_t *done = features.has_alpha ? WebPDecodeRGBAInto(bytes, count, picture->pixels, size, stride)
                                     : WebPDecodeRGBInto(bytes, count, picture->pixels, size, stride);
  return done ? ZOO_DECODED : zoo_picture_fail(picture, ZOO_DAMAGED, "its data is broken or ends early");
}
