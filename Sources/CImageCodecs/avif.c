#ifdef ZOO_MORE_FORMATS
#include "picture.h"

#include <avif/avif.h>

// The first picture of an AVIF file as RGB or RGBA, with 8 bits a channel, as Pillow reads it: not turned.

static int broken(zoo_picture *picture, avifResult result) {
  return zoo_picture_fail(picture, ZOO_DAMAGED, avifResultToString(result));
}

// EXIF's number for a turn against the clock by quarters and a mirror after it.
static int orientation(const avifImage *image) {
#if AVIF_VERSION_MAJOR >= 1
  int axis = image->imir.axis;
#else
  int axis = image->imir.mode;
#endif
  int turns = image->transformFlags & AVIF_TRANSFORM_IROT ? image->irot.angle & 3 : 0;
  static const int turned[4] = {1, 8, 3, 6}, mirrored[4][2] = {{4, 2}, {5, 7}, {2, 4}, {7, 5}};
  return image->transformFlags & AVIF_TRANSFORM_IMIR ? mirrored[turns][axis != 0] : turned[turns];
}

static int decode(avifDecoder *decoder, const uint8_t *bytes, size_t count, int64_t limit, zoo_picture *picture) {
  decoder->ignoreExif = decoder->ignoreXMP = AVIF_TRUE;
  decoder->strictFlags = AVIF_STRICT_ENABLED & ~(AVIF_STRICT_CLAP_VALID | AVIF_STRICT_PIXI_REQUIRED);
  avifResult result = avifDecoderSetIOMemory(decoder, bytes, count);
  if (result == AVIF_RESULT_OK) result = avifDecoderParse(decoder);
  if (result != AVIF_RESULT_OK) return broken(picture, result);
  picture->width = decoder->image->width;
  picture->height = decoder->image->height;
  int checked = zoo_picture_check(picture, limit);
  if (checked) return checked;
  result = avifDecoderNextImage(decoder);
  if (result != AVIF_RESULT_OK) return broken(picture, result);
  picture->mode = decoder->alphaPresent ? ZOO_RGBA : ZOO_RGB;
  picture->orientation = orientation(decoder->image);
  int allocated = zoo_picture_allocate(picture);
  if (allocated) return allocated;
  avifRGBImage colors;
  avifRGBImageSetDefaults(&colors, decoder->image);
  colors.depth = 8;
  colors.format = decoder->alphaPresent ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
  colors.pixels = picture->pixels;
  colors.rowBytes = (uint32_t)(picture->width * zoo_picture_channels(picture->mode));
  result = avifImageYUVToRGB(decoder->image, &colors);
  return result == AVIF_RESULT_OK ? ZOO_DECODED : broken(picture, result);
}

int zoo_avif_decode(const uint8_t *bytes, size_t count, int64_t limit, zoo_picture *picture) {
  avifDecoder *decoder = avifDecoderCreate();
  if (!decoder) return zoo_picture_fail(picture, ZOO_DAMAGED, "not enough memory");
  int code = decode(decoder, bytes, count, limit, picture);
  avifDecoderDestroy(decoder);
  return code;
}
#endif
