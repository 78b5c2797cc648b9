#ifdef ZOO_MORE_FORMATS
#include "picture.h"
#include <string.h>

#include <gif_lib.h>

// The first frame of a GIF on its canvas, in Pillow's mode and with its indices.

typedef struct {
  const uint8_t *bytes;
  size_t left;
} reader;

static int read_bytes(GifFileType *gif, GifByteType *target, int count) {
  reader *r = gif->UserData;
  size_t taken = (size_t)count < r->left ? (size_t)count : r->left;
  memcpy(target, r->bytes, taken);
  r->bytes += taken;
  r->left -= taken;
  return (int)taken;
}

static int broken(zoo_picture *picture, int error) {
  const char *reason = GifErrorString(error);
  return zoo_picture_fail(picture, ZOO_DAMAGED, reason ? reason : "it ends before the picture does");
}

// The target of row `row` in the file: interlaced frames come in four passes.
static int64_t place(int64_t row, int64_t height, bool interlaced) {
  static const int first[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};
  for (int pass = 0; interlaced && pass < 4; pass++) {
    int64_t rows = (height - first[pass] + step[pass] - 1) / step[pass];
    if (rows < 0) rows = 0;
    if (row < rows) return first[pass] + row * step[pass];
    row -= rows;
  }
  return row;
}

// Keeps the palette; one that is the grey scale itself makes a grey picture, and so does having none.
static void keep_palette(const ColorMapObject *colors, zoo_picture *picture) {
  picture->mode = ZOO_L;
  for (int i = 0; colors && i < colors->ColorCount && i < 256; i++) {
    GifColorType c = colors->Colors[i];
    if (c.Red != i || c.Green != i || c.Blue != i) picture->mode = ZOO_PALETTE;
    picture->palette[3 * i] = c.Red;
    picture->palette[3 * i + 1] = c.Green;
    picture->palette[3 * i + 2] = c.Blue;
  }
}

static int read_frame(GifFileType *gif, int transparent, int64_t limit, zoo_picture *picture) {
  if (DGifGetImageDesc(gif) == GIF_ERROR) return broken(picture, gif->Error);
  GifImageDesc frame = gif->Image;
  if (frame.Width < 1 || frame.Height < 1) return zoo_picture_fail(picture, ZOO_DAMAGED, "its first frame is empty");
  picture->width = frame.Left + frame.Width > gif->SWidth ? frame.Left + frame.Width : gif->SWidth;
  picture->height = frame.Top + frame.Height > gif->SHeight ? frame.Top + frame.Height : gif->SHeight;
  int checked = zoo_picture_check(picture, limit);
  if (checked) return checked;
  keep_palette(frame.ColorMap ? frame.ColorMap : gif->SColorMap, picture);
  int room = zoo_picture_take_room(picture);
  if (room) return room;
  memset(picture->pixels, transparent < 0 ? 0 : transparent, (size_t)(picture->width * picture->height));
  for (int64_t row = 0; row < frame.Height; row++) {
    int64_t y = frame.Top + place(row, frame.Height, frame.Interlace);
    if (DGifGetLine(gif, picture->pixels + y * picture->width + frame.Left, frame.Width) == GIF_ERROR)
      return broken(picture, gif->Error);
  }
  if (transparent >= 0 && picture->mode == ZOO_PALETTE) {
    picture->has_alpha = 1;
    memset(picture->alpha, 255, sizeof picture->alpha);
    picture->alpha[transparent] = 0;
  } else if (transparent >= 0) {
    picture->has_key = 1;
    picture->key[0] = (uint8_t)transparent;
  }
  return ZOO_DECODED;
}

static int decode(GifFileType *gif, int64_t limit, zoo_picture *picture) {
  int transparent = -1;
  for (;;) {
    GifRecordType type;
    if (DGifGetRecordType(gif, &type) == GIF_ERROR) return broken(picture, gif->Error);
    if (type == IMAGE_DESC_RECORD_TYPE) return read_frame(gif, transparent, limit, picture);
    if (type != EXTENSION_RECORD_TYPE) return zoo_picture_fail(picture, ZOO_DAMAGED, "it has no frame");
    int kind;
    GifByteType *block;
    if (DGifGetExtension(gif, &kind, &block) == GIF_ERROR) return broken(picture, gif->Error);
    // A block begins with its length. The graphic control has a flag, a delay, and the index that is transparent.
    if (kind == GRAPHICS_EXT_FUNC_CODE && block && block[0] >= 4 && block[1] & 1) transparent = block[4];
    while (block)
      if (DGifGetExtensionNext(gif, &block) == GIF_ERROR) return broken(picture, gif->Error);
  }
}

int zoo_gif_decode(const uint8_t *bytes, size_t count, int64_t limit, zoo_picture *picture) {
  reader r = {bytes, count};
  int error = 0;
  GifFileType *gif = DGifOpen(&r, read_bytes, &error);
  if (!gif) return broken(picture, error);
  int code = decode(gif, limit, picture);
  DGifCloseFile(gif, &error);
  return code;
}
#endif
