// Picture codecs behind plain functions: every setjmp for libpng and libjpeg stays inside this target.
#ifndef ZOO_IMAGE_CODECS_H
#define ZOO_IMAGE_CODECS_H
#include <stddef.h>
#include <stdint.h>

enum {
  ZOO_BILEVEL,  // one byte a pixel, 0 or 255
  ZOO_L,
  ZOO_LA,
  ZOO_L16,  // two bytes a pixel, little-endian
  ZOO_RGB,
  ZOO_RGBA,
  ZOO_CMYK,
  ZOO_PALETTE,
};

enum {
  ZOO_DECODED,
  ZOO_DAMAGED,      // `message` says what is wrong
  ZOO_UNSUPPORTED,  // a valid file of an unsupported kind; `message` says which
  ZOO_TOO_LARGE,    // `width` and `height` say how large
  ZOO_MEASURED,     // `width`, `height` and `mode` are known; nothing is decoded yet
};

// A picture as rows without padding.
typedef struct {
  int64_t width, height;
  int mode;
  uint8_t *pixels;  // owned by the caller; null in a call that only measures
  size_t room;      // size of `pixels` in bytes: height * width * bytes per pixel
  uint8_t palette[768];
  int has_alpha;       // the palette entries have `alpha`
  uint8_t alpha[256];
  int has_key;         // pixels of this colour are transparent; grey has one number
  uint8_t key[3];
  int orientation;     // by EXIF's numbers; 0 if the decoder does not tell
  char message[256];
} zoo_picture;

// Decoders. A call without `pixels` measures the picture, a second one with them decodes into them, so that no decoded picture is ever copied.
// `limit` is the maximum number of declared pixels, checked before anything is allocated for them.
int zoo_png_decode(const uint8_t *bytes, size_t count, int64_t limit, zoo_picture *picture);
int zoo_jpeg_decode(const uint8_t *bytes, size_t count, int64_t limit, zoo_picture *picture);
int zoo_webp_decode(const uint8_t *bytes, size_t count, int64_t limit, zoo_picture *picture);

// Only available with ZOO_MORE_FORMATS.
int zoo_gif_decode(const uint8_t *bytes, size_t count, int64_t limit, zoo_picture *picture);
int zoo_tiff_decode(const uint8_t *bytes, size_t count, int64_t limit, zoo_picture *picture);
int zoo_heic_decode(const uint8_t *bytes, size_t count, int64_t limit, zoo_picture *picture);
int zoo_avif_decode(const uint8_t *bytes, size_t count, int64_t limit, zoo_picture *picture);

// Encodes 8-bit grey (1), RGB (3) or RGBA (4 channels) rows; null if out of memory. Free the result with free().
uint8_t *zoo_png_encode(const uint8_t *pixels, int64_t width, int64_t height, int channels, size_t *count);
#endif
