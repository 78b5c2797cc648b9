#ifdef ZOO_MORE_FORMATS
#include "picture.h"

#include <string.h>

#include <avif/avif.h>

// The first picture of an AVIF file as RGB or RGBA, with 8 bits a channel, as Pillow reads it: not turned.

static int broken(zoo_picture *picture, avifResult result) {
  return zoo_picture_fail(picture, ZOO_DAMAGED, avifResultToString(result));
}

// The EXIF orientation for counter-clockwise quarter turns followed by a mirror.
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

// Reduces a plane of 10 or 12 bits to 8 in place, by dropping the lowest bits.
static void shift_plane(uint8_t *plane, uint32_t row_bytes, uint32_t width, uint32_t height, int shift) {
  if (!plane) return;
  for (uint32_t y = 0; y < height; y++) {
    uint8_t *row = plane + (size_t)y * row_bytes;
    for (uint32_t x = 0; x < width; x++) {
      uint16_t value;
      memcpy(&value, row + 2 * (size_t)x, 2);
      row[x] = (uint8_t)(value >> shift);
    }
  }
}

static void shift_alpha(avifImage *image) {
  shift_plane(image->alphaPlane, image->alphaRowBytes, image->width, image->height, (int)image->depth - 8);
}

static void shift_to_8(avifImage *image) {
  avifPixelFormatInfo format;
  avifGetPixelFormatInfo(image->yuvFormat, &format);
  for (int c = 0; c < 3; c++) {
    uint32_t across = c ? (uint32_t)format.chromaShiftX : 0, down = c ? (uint32_t)format.chromaShiftY : 0;
    shift_plane(image->yuvPlanes[c], image->yuvRowBytes[c], (image->width + across) >> across,
                (image->height + down) >> down, (int)image->depth - 8);
  }
  shift_alpha(image);
  image->depth = 8;
}

// Whether libyuv converts these colours.
static int is_fast(const avifImage *image) {
  switch (image->matrixCoefficients) {
    case AVIF_MATRIX_COEFFICIENTS_BT709:
    case AVIF_MATRIX_COEFFICIENTS_BT470BG:
    case AVIF_MATRIX_COEFFICIENTS_BT601:
    case AVIF_MATRIX_COEFFICIENTS_UNSPECIFIED:
    case AVIF_MATRIX_COEFFICIENTS_BT2020_NCL: break;
    case AVIF_MATRIX_COEFFICIENTS_CHROMA_DERIVED_NCL:
      switch (image->colorPrimaries) {
        case AVIF_COLOR_PRIMARIES_BT709:
        case AVIF_COLOR_PRIMARIES_UNSPECIFIED:
        case AVIF_COLOR_PRIMARIES_BT470BG:
        case AVIF_COLOR_PRIMARIES_BT601:
        case AVIF_COLOR_PRIMARIES_BT2020: break;
        default: return 0;
      }
      break;
    default: return 0;
  }
  return image->yuvFormat != AVIF_PIXEL_FORMAT_YUV400;
}

// Converts deep pictures like newer versions of libavif, such as Pillow's: by libyuv; if that only takes 8 bits, by the highest 8.
static int convert(avifImage *image, zoo_picture *picture) {
  int has_alpha = picture->mode == ZOO_RGBA, is_deep = image->depth > 8 && is_fast(image);
  int takes_10 = is_deep && has_alpha && image->depth == 10;
  int takes_12 = is_deep && has_alpha && image->depth == 12 && image->yuvFormat == AVIF_PIXEL_FORMAT_YUV420;
  if (is_deep && !takes_10 && !takes_12) shift_to_8(image);
  avifRGBImage colors;
  avifRGBImageSetDefaults(&colors, image);
  colors.depth = 8;
  colors.format = has_alpha ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
  colors.pixels = picture->pixels;
  colors.rowBytes = (uint32_t)(picture->width * zoo_picture_channels(picture->mode));
  avifResult result = avifImageYUVToRGB(image, &colors);
  if (result != AVIF_RESULT_OK) return broken(picture, result);
  if (takes_10) {
    shift_alpha(image);
    for (int64_t y = 0; y < picture->height; y++)
      for (int64_t x = 0; x < picture->width; x++)
        picture->pixels[4 * (y * picture->width + x) + 3] = image->alphaPlane[y * image->alphaRowBytes + x];
  }
  return ZOO_DECODED;
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
  picture->mode = decoder->alphaPresent ? ZOO_RGBA : ZOO_RGB;
  picture->orientation = orientation(decoder->image);
  int room = zoo_picture_take_room(picture);
  if (room) return room;
  result = avifDecoderNextImage(decoder);
  if (result != AVIF_RESULT_OK) return broken(picture, result);
  if (decoder->image->width != picture->width || decoder->image->height != picture->height)
    return zoo_picture_fail(picture, ZOO_DAMAGED, "it has not the size that it declares");
  return convert(decoder->image, picture);
}

int zoo_avif_decode(const uint8_t *bytes, size_t count, int64_t limit, zoo_picture *picture) {
  avifDecoder *decoder = avifDecoderCreate();
  if (!decoder) return zoo_picture_fail(picture, ZOO_DAMAGED, "not enough memory");
  int code = decode(decoder, bytes, count, limit, picture);
  avifDecoderDestroy(decoder);
  return code;
}
#endif
