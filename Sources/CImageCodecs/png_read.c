#include "picture.h"
#include <setjmp.h>
#include <string.h>

#include <png.h>

typedef struct {
  const uint8_t *bytes;
  size_t left;
  zoo_picture *picture;
} reader;

static void fail(png_structp png, png_const_charp message) {
  reader *r = png_get_error_ptr(png);
  zoo_picture_fail(r->picture, ZOO_DAMAGED, message);
  longjmp(png_jmpbuf(png), 1);
}

static void be_silent(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void read_bytes(png_structp png, png_bytep target, size_t count) {
  reader *r = png_get_io_ptr(png);
  if (count > r->left) png_error(png, "the file ends before the picture does");
  memcpy(target, r->bytes, count);
  r->bytes += count;
  r->left -= count;
}

// Pillow's mode for this colour type and depth, and the transformations that lead to it.
static int choose_mode(png_structp png, int color, int depth) {
  png_set_packing(png);
  switch (color) {
    case PNG_COLOR_TYPE_GRAY:
      if (depth == 16) {
        png_set_swap(png);
        return ZOO_L16;
      }
      if (depth < 8) png_set_expand_gray_1_2_4_to_8(png);
      return depth == 1 ? ZOO_BILEVEL : ZOO_L;
    case PNG_COLOR_TYPE_PALETTE: return ZOO_PALETTE;
    case PNG_COLOR_TYPE_GRAY_ALPHA:
      if (depth == 8) return ZOO_LA;
      png_set_gray_to_rgb(png);
      png_set_strip_16(png);
      return ZOO_RGBA;
    case PNG_COLOR_TYPE_RGB:
      if (depth == 16) png_set_strip_16(png);
      return ZOO_RGB;
    default:
      if (depth == 16) png_set_strip_16(png);
      return ZOO_RGBA;
  }
}

// The content of tRNS, in the numbers that Pillow compares: the low byte of a colour, as stored in the file.
static void keep_transparency(png_structp png, png_infop info, zoo_picture *picture) {
  png_bytep alpha = NULL;
  png_color_16p color = NULL;
  int count = 0;
  if (!png_get_tRNS(png, info, &alpha, &count, &color)) return;
  switch (picture->mode) {
    case ZOO_PALETTE:
      picture->has_alpha = alpha != NULL;
      for (int i = 0; i < 256; i++) picture->alpha[i] = alpha && i < count ? alpha[i] : 255;
      break;
    case ZOO_BILEVEL:
    case ZOO_L:
      picture->has_key = color != NULL;
      if (color) picture->key[0] = picture->mode == ZOO_BILEVEL ? (color->gray ? 255 : 0) : (uint8_t)color->gray;
      break;
    case ZOO_RGB:
      picture->has_key = color != NULL;
      if (color) {
        picture->key[0] = (uint8_t)color->red;
        picture->key[1] = (uint8_t)color->green;
        picture->key[2] = (uint8_t)color->blue;
      }
      break;
    default: break;
  }
}

static int decode(png_structp png, png_infop info, reader *r, size_t count, int64_t limit) {
  zoo_picture *picture = r->picture;
  // Text, profiles and gamma are not used: neither parse nor inflate them.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);
  // Checksums up to the pixels must be correct, including those of text: Pillow checks the same ones.
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_read_info(png, info);
  picture->width = png_get_image_width(png, info);
  picture->height = png_get_image_height(png, info);
  int checked = zoo_picture_check(picture, limit);
  if (checked) return checked;
  // Deflate cannot shrink more than 1032 : 1.
  if ((int64_t)png_get_rowbytes(png, info) * picture->height / 1032 > (int64_t)count)
    return zoo_picture_fail(picture, ZOO_DAMAGED, "the file is too short for the size it declares");

  picture->mode = choose_mode(png, png_get_color_type(png, info), png_get_bit_depth(png, info));
  png_colorp colors;
  int color_count = 0;
  if (picture->mode == ZOO_PALETTE && png_get_PLTE(png, info, &colors, &color_count)) {
    for (int i = 0; i < color_count && i < 256; i++) {
      picture->palette[3 * i] = colors[i].red;
      picture->palette[3 * i + 1] = colors[i].green;
      picture->palette[3 * i + 2] = colors[i].blue;
    }
  }
  keep_transparency(png, info, picture);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  size_t row_bytes = (size_t)picture->width * (size_t)zoo_picture_channels(picture->mode);
  if (png_get_rowbytes(png, info) != row_bytes) png_error(png, "rows of an unexpected length");
  int room = zoo_picture_take_room(picture);
  if (room) return room;
  // Row by row: an array of row pointers, as needed by png_read_image, can be larger than the picture.
  for (int pass = 0; pass < passes; pass++)
    for (int64_t y = 0; y < picture->height; y++) png_read_row(png, picture->pixels + (size_t)y * row_bytes, NULL);
  return ZOO_DECODED;
}

int zoo_png_decode(const uint8_t *bytes, size_t count, int64_t limit, zoo_picture *picture) {
  reader r = {bytes, count, picture};
  reader *volatile kept = &r;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, kept, fail, be_silent);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  volatile int code = ZOO_DAMAGED;
  if (!info) {
    zoo_picture_fail(picture, ZOO_DAMAGED, "libpng cannot start");
  } else if (!setjmp(png_jmpbuf(png))) {
    png_set_read_fn(png, kept, read_bytes);
    code = decode(png, info, kept, count, limit);
  }
  png_destroy_read_struct(&png, &info, NULL);
  return code;
}
