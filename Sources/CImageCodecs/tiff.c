#ifdef ZOO_MORE_FORMATS
#include "picture.h"
#include "include/zoo_pixels.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

// The first picture of a TIFF file, in Pillow's mode. It is not turned upright yet.

typedef struct {
  const uint8_t *bytes;
  toff_t count, at;
} reader;

static tmsize_t read_bytes(thandle_t handle, void *target, tmsize_t count) {
  reader *r = handle;
  if (r->at >= r->count) return 0;
  toff_t left = r->count - r->at, taken = (toff_t)count < left ? (toff_t)count : left;
  memcpy(target, r->bytes + r->at, taken);
  r->at += taken;
  return (tmsize_t)taken;
}

static tmsize_t write_nothing(thandle_t handle, void *source, tmsize_t count) {
  (void)handle, (void)source, (void)count;
  return 0;
}

static toff_t seek(thandle_t handle, toff_t offset, int whence) {
  reader *r = handle;
  r->at = offset + (whence == SEEK_CUR ? r->at : whence == SEEK_END ? r->count : 0);
  return r->at;
}

static int close_nothing(thandle_t handle) {
  (void)handle;
  return 0;
}

static toff_t size(thandle_t handle) { return ((reader *)handle)->count; }

// The file is in memory, so nothing is copied.
static int map(thandle_t handle, void **base, toff_t *count) {
  reader *r = handle;
  *base = (void *)r->bytes;
  *count = r->count;
  return 1;
}

static void unmap(thandle_t handle, void *base, toff_t count) { (void)handle, (void)base, (void)count; }

typedef struct {
  uint16_t bits, samples, photometric, planar, format, compression, extra;
  int inverted;       // white is zero
  int premultiplied;  // colours are multiplied by alpha
} layout;

static int choose_mode(TIFF *tiff, layout *l, zoo_picture *picture) {
  uint16_t extras = 0, *kinds = NULL;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &l->bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &l->samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &l->planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &l->format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &l->compression);
  if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &l->photometric)) l->photometric = PHOTOMETRIC_MINISWHITE;
  if (TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extras, &kinds) && extras) l->extra = kinds[0];
  // JPEG's grey and colour are decoded as RGB; subsampled colours in other compressions are not supported.
  if (l->photometric == PHOTOMETRIC_YCBCR && l->compression == COMPRESSION_JPEG && l->samples == 3) {
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    l->photometric = PHOTOMETRIC_RGB;
  }
  l->inverted = l->photometric == PHOTOMETRIC_MINISWHITE && l->bits <= 8;
  int is_small = l->bits == 1 || l->bits == 2 || l->bits == 4 || l->bits == 8, is_byte = l->bits == 8 || l->bits == 16;
  int color = l->samples - extras;
  picture->mode = -1;
  if (l->format == SAMPLEFORMAT_UINT) switch (l->photometric) {
      case PHOTOMETRIC_MINISWHITE:
      case PHOTOMETRIC_MINISBLACK:
        if (l->samples == 1 && is_small) picture->mode = l->bits == 1 ? ZOO_BILEVEL : ZOO_L;
        if (l->samples == 1 && l->bits == 16) picture->mode = ZOO_L16;
        if (l->samples == 2 && l->bits == 8 && extras == 1 && !l->inverted) {
          if (l->extra == EXTRASAMPLE_UNSPECIFIED) picture->mode = ZOO_L;
          if (l->extra == EXTRASAMPLE_UNASSALPHA) picture->mode = ZOO_LA;
        }
        break;
      case PHOTOMETRIC_PALETTE:
        if (l->samples == 1 && is_small) picture->mode = ZOO_PALETTE;
        break;
      case PHOTOMETRIC_RGB:
        if (!is_byte) break;
        if (l->samples == 3 || (color == 3 && l->extra == EXTRASAMPLE_UNSPECIFIED)) picture->mode = ZOO_RGB;
        else if (l->samples == 4 || (color == 3 && l->bits == 8)) picture->mode = ZOO_RGBA;
        l->premultiplied = picture->mode == ZOO_RGBA && extras > 0 && l->extra == EXTRASAMPLE_ASSOCALPHA;
        break;
      case PHOTOMETRIC_SEPARATED:
        if (is_byte && color == 4) picture->mode = ZOO_CMYK;
        break;
      default: break;
    }
  if (picture->mode < 0) {
    snprintf(picture->message, sizeof picture->message, "photometric interpretation %d with %d samples of %d bits",
             l->photometric, l->samples, l->bits);
    return ZOO_UNSUPPORTED;
  }
  uint16_t *red, *green, *blue;
  if (picture->mode == ZOO_PALETTE) {
    if (!TIFFGetField(tiff, TIFFTAG_COLORMAP, &red, &green, &blue))
      return zoo_picture_fail(picture, ZOO_DAMAGED, "it has no palette");
    for (int i = 0; i < 1 << l->bits; i++) {
      picture->palette[3 * i] = red[i] >> 8;
      picture->palette[3 * i + 1] = green[i] >> 8;
      picture->palette[3 * i + 2] = blue[i] >> 8;
    }
  }
  return ZOO_DECODED;
}

static unsigned sample(const uint8_t *row, size_t index, int bits) {
  if (bits == 8) return row[index];
  if (bits == 16) {
    uint16_t value;
    memcpy(&value, row + 2 * index, 2);
    return value;
  }
  size_t at = index * (size_t)bits;
  return row[at / 8] >> (8 - bits - (int)(at % 8)) & ((1u << bits) - 1);
}

// Writes some pixels of a row in the layout of the file: all samples of each, or those of one plane.
static void put(const layout *l, zoo_picture *picture, const uint8_t *row, int64_t x, int64_t y, int64_t count,
                int plane) {
  int channels = picture->mode == ZOO_L16 ? 1 : zoo_picture_channels(picture->mode);
  int contiguous = l->planar == PLANARCONFIG_CONTIG, most = (1 << l->bits) - 1;
  uint8_t *target = picture->pixels + (y * picture->width + x) * zoo_picture_channels(picture->mode);
  for (int64_t i = 0; i < count; i++) {
    for (int c = contiguous ? 0 : plane; c < (contiguous ? channels : plane + 1); c++) {
      unsigned value = sample(row, (size_t)(contiguous ? i * l->samples + c : i), l->bits);
      if (picture->mode == ZOO_L16) {
        target[2 * i] = (uint8_t)value;
        target[2 * i + 1] = (uint8_t)(value >> 8);
        continue;
      }
      if (l->bits == 16) value >>= 8;
      if (l->inverted) value = (unsigned)most - value;
      if (l->bits < 8 && picture->mode != ZOO_PALETTE) value = value * 255u / (unsigned)most;
      target[i * channels + c] = (uint8_t)value;
    }
  }
}

static int read_rows(TIFF *tiff, const layout *l, zoo_picture *picture, uint8_t *buffer, int plane) {
  for (int64_t y = 0; y < picture->height; y++) {
    if (TIFFReadScanline(tiff, buffer, (uint32_t)y, (uint16_t)plane) < 0) return 0;
    put(l, picture, buffer, 0, y, picture->width, plane);
  }
  return 1;
}

static int read_tiles(TIFF *tiff, const layout *l, zoo_picture *picture, uint8_t *buffer, int plane) {
  uint32_t width = 0, height = 0;
  TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_TILELENGTH, &height);
  tmsize_t row_bytes = TIFFTileRowSize(tiff);
  if (!width || !height) return 0;
  for (int64_t top = 0; top < picture->height; top += height)
    for (int64_t left = 0; left < picture->width; left += width) {
      if (TIFFReadTile(tiff, buffer, (uint32_t)left, (uint32_t)top, 0, (uint16_t)plane) < 0) return 0;
      int64_t columns = picture->width - left < width ? picture->width - left : width;
      for (int64_t y = top; y < top + height && y < picture->height; y++)
        put(l, picture, buffer + (y - top) * row_bytes, left, y, columns, plane);
    }
  return 1;
}

static int decode(TIFF *tiff, size_t count, int64_t limit, zoo_picture *picture) {
  uint32_t width = 0, height = 0;
  uint16_t orientation = 1;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &orientation);
  picture->width = width;
  picture->height = height;
  picture->orientation = orientation;
  int checked = zoo_picture_check(picture, limit);
  if (checked) return checked;
  layout l = {.bits = 1, .samples = 1, .planar = PLANARCONFIG_CONTIG, .format = SAMPLEFORMAT_UINT};
  int chosen = choose_mode(tiff, &l, picture);
  if (chosen) return chosen;
  if (!TIFFIsCODECConfigured(l.compression))
    return zoo_picture_fail(picture, ZOO_UNSUPPORTED, "libtiff does not read its compression here");
  uint64_t tile = TIFFIsTiled(tiff) ? TIFFTileSize64(tiff) : TIFFScanlineSize64(tiff);
  // No compression ratio exceeds a thousand, and no tile is larger than some megabytes.
  if (!tile || tile > 64 << 20 || (uint64_t)width * height / 16384 > count)
    return zoo_picture_fail(picture, ZOO_DAMAGED, "the file is too short for the size it declares");
  int room = zoo_picture_take_room(picture);
  if (room) return room;
  uint8_t *buffer = calloc(1, (size_t)tile);
  if (!buffer) return zoo_picture_fail(picture, ZOO_DAMAGED, "not enough memory for a tile");
  int planes = l.planar == PLANARCONFIG_CONTIG ? 1 : picture->mode == ZOO_L16 ? 1 : zoo_picture_channels(picture->mode);
  int done = 1;
  for (int plane = 0; done && plane < planes; plane++)
    done = (TIFFIsTiled(tiff) ? read_tiles : read_rows)(tiff, &l, picture, buffer, plane);
  free(buffer);
  if (!done) return zoo_picture_fail(picture, ZOO_DAMAGED, "its data is broken or ends early");
  if (l.premultiplied) {
    for (uint8_t *p = picture->pixels, *end = p + picture->width * picture->height * 4; p < end; p += 4)
      if (!p[3]) p[0] = p[1] = p[2] = 0;
    zoo_unpremultiply(picture->pixels, picture->width * picture->height, 4);
  }
  return ZOO_DECODED;
}

int zoo_tiff_decode(const uint8_t *bytes, size_t count, int64_t limit, zoo_picture *picture) {
  // Silences both: what they print would reach the terminal.
  TIFFSetErrorHandler(NULL);
  TIFFSetWarningHandler(NULL);
  reader r = {bytes, count, 0};
  TIFF *tiff = TIFFClientOpen("", "r", &r, read_bytes, write_nothing, seek, close_nothing, size, map, unmap);
  if (!tiff) return zoo_picture_fail(picture, ZOO_DAMAGED, "its directory cannot be read");
  int code = decode(tiff, count, limit, picture);
  TIFFClose(tiff);
  return code;
}
#endif
