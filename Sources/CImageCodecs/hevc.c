#ifdef ZOO_MORE_FORMATS
#include "hevc.h"

#if !LIBHEIF_HAVE_VERSION(1, 19, 0)
#include <libde265/de265.h>
#include <libheif/heif_plugin.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

// Before 1.19, libheif first converts every picture into planes of red, green and blue in floating point, whereas later versions use integers for the
// most common kind: 8 bits, 4:2:0, full range. Some samples differ by one. This decoder plugin makes the planes of that kind like later versions, and
// leaves all others to libheif's own.

/// What this thread is decoding.
static _Thread_local struct {
  int is_wanted;
  /// The colours stated by the file; without them, those of the stream are used.
  int has_colours, matrix, is_full_range;
} now;

static const struct heif_error fine = {heif_error_Ok, heif_suberror_Unspecified, ""};
static const struct heif_error other = {heif_error_Decoder_plugin_error, heif_suberror_Unspecified, "a picture of another kind"};

static const char *name(void) { return "zoo: HEVC 4:2:0 through libde265"; }

/// Higher than the priority of libheif's own.
static int supports(enum heif_compression_format format) { return now.is_wanted && format == heif_compression_HEVC ? 200 : 0; }

static struct heif_error make(void **decoder) {
  *decoder = de265_new_decoder();
  return *decoder ? fine : other;
}

static void end(void *decoder) { de265_free_decoder(decoder); }

static struct heif_error push(void *decoder, const void *data, size_t size) {
  const uint8_t *bytes = data;
  while (size > 0) {
    if (size < 4) return other;
    size_t length = (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
    bytes += 4;
    size -= 4;
    if (length > size || length > INT32_MAX) return other;
    if (de265_push_NAL(decoder, bytes, (int)length, 0, NULL) != DE265_OK) return other;
    bytes += length;
    size -= length;
  }
  return fine;
}

/// The weights of red and blue in luma (ITU-T H.273, table 4); 0 for a matrix of another kind.
static int weights(int matrix, float *red, float *blue) {
  switch (matrix) {
    case 1: *red = 0.2126f, *blue = 0.0722f; return 1;
    case 4: *red = 0.30f, *blue = 0.11f; return 1;
    case 2:
    case 5:
    case 6: *red = 0.299f, *blue = 0.114f; return 1;
    case 7: *red = 0.212f, *blue = 0.087f; return 1;
    case 9: *red = 0.2627f, *blue = 0.0593f; return 1;
    default: return 0;
  }
}

static uint8_t clipped(int value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value); }

/// A picture of separate 8-bit planes, with the start and the row length of each.
static struct heif_error make_planes(
    int width, int height, enum heif_colorspace colours, enum heif_chroma chroma, const enum heif_channel *channels, int count,
    struct heif_image **image, uint8_t **planes, int *strides) {
  struct heif_error error = heif_image_create(width, height, colours, chroma, image);
  for (int plane = 0; plane < count && !error.code; plane++) {
    error = heif_image_add_plane(*image, channels[plane], width, height, 8);
    if (error.code) {
      heif_image_release(*image);
      *image = NULL;
    } else {
      planes[plane] = heif_image_get_plane(*image, channels[plane], &strides[plane]);
    }
  }
  return error;
}

/// Alpha is a separate picture without colours.
static struct heif_error copy_alpha(const struct de265_image *source, struct heif_image **result) {
  int width = de265_get_image_width(source, 0), height = de265_get_image_height(source, 0), stride, step;
  const uint8_t *values = de265_get_image_plane(source, 0, &stride);
  if (!values || de265_get_bits_per_pixel(source, 0) != 8) return other;
  const enum heif_channel channel = heif_channel_Y;
  uint8_t *target;
  struct heif_error error = make_planes(
      width, height, heif_colorspace_monochrome, heif_chroma_monochrome, &channel, 1, result, &target, &step);
  for (int y = 0; y < height && !error.code; y++)
    memcpy(target + (size_t)y * (size_t)step, values + (size_t)y * (size_t)stride, (size_t)width);
  return error;
}

static struct heif_error convert(const struct de265_image *source, struct heif_image **result) {
  float red, blue;
  int matrix = now.has_colours ? now.matrix : de265_get_image_matrix_coefficients(source);
  int is_full_range = now.has_colours ? now.is_full_range : de265_get_image_full_range_flag(source);
  if (de265_get_chroma_format(source) == de265_chroma_mono) return copy_alpha(source, result);
  if (!is_full_range || !weights(matrix, &red, &blue) || de265_get_chroma_format(source) != de265_chroma_420) return other;
  const uint8_t *planes[3];
  int strides[3], width = de265_get_image_width(source, 0), height = de265_get_image_height(source, 0);
  for (int plane = 0; plane < 3; plane++) {
    planes[plane] = de265_get_image_plane(source, plane, &strides[plane]);
    if (!planes[plane] || de265_get_bits_per_pixel(source, plane) != 8) return other;
  }
  if ((width + 1) / 2 > de265_get_image_width(source, 1) || (height + 1) / 2 > de265_get_image_height(source, 1)) return other;
  uint8_t *colours[3];
  int steps[3];
  const enum heif_channel channels[] = {heif_channel_R, heif_channel_G, heif_channel_B};
  struct heif_error error =
      make_planes(width, height, heif_colorspace_RGB, heif_chroma_444, channels, 3, result, colours, steps);
  if (error.code) return error;
  // In units of 1/256, each rounded.
  float green = 1 - red - blue;
  int r_cr = (int)lroundf(256 * 2 * (1 - red)), g_cr = (int)lroundf(-256 * 2 * red * (1 - red) / green);
  int g_cb = (int)lroundf(-256 * 2 * blue * (1 - blue) / green), b_cb = (int)lroundf(256 * 2 * (1 - blue));
  for (int y = 0; y < height; y++) {
    const uint8_t *luma = planes[0] + (size_t)y * (size_t)strides[0];
    const uint8_t *cbs = planes[1] + (size_t)(y / 2) * (size_t)strides[1], *crs = planes[2] + (size_t)(y / 2) * (size_t)strides[2];
    for (int x = 0; x < width; x++) {
      int cb = cbs[x / 2] - 128, cr = crs[x / 2] - 128;
      colours[0][(size_t)y * (size_t)steps[0] + (size_t)x] = clipped(luma[x] + ((r_cr * cr + 128) >> 8));
      colours[1][(size_t)y * (size_t)steps[1] + (size_t)x] = clipped(luma[x] + ((g_cb * cb + g_cr * cr + 128) >> 8));
      colours[2][(size_t)y * (size_t)steps[2] + (size_t)x] = clipped(luma[x] + ((b_cb * cb + 128) >> 8));
    }
  }
  return fine;
}

static struct heif_error decode(void *decoder, struct heif_image **result) {
  *result = NULL;
  de265_flush_data(decoder);
  int more = 1;
  while (more) {
    more = 0;
    if (de265_decode(decoder, &more) != DE265_OK) break;
    const struct de265_image *image = de265_get_next_picture(decoder);
    if (!image) continue;
    if (*result) heif_image_release(*result);
    *result = NULL;
    struct heif_error error = convert(image, result);
    de265_release_next_picture(decoder);
    if (error.code) return error;
  }
  return *result ? fine : other;
}

static void add(void) {
  static const struct heif_decoder_plugin plugin = {
      .plugin_api_version = 1, .get_plugin_name = name, .does_support_format = supports, .new_decoder = make, .free_decoder = end,
      .push_data = push, .decode_image = decode};
  heif_register_decoder_plugin(&plugin);
}

int zoo_hevc_decode(
    struct heif_context *context, const struct heif_image_handle *handle, const struct heif_decoding_options *options,
    enum heif_chroma chroma, struct heif_image **image) {
  if (heif_image_handle_get_luma_bits_per_pixel(handle) != 8) return 0;
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, add);
  struct heif_color_profile_nclx *colours = NULL;
  heif_image_handle_get_nclx_color_profile(handle, &colours);
  now.has_colours = colours != NULL;
  if (colours) {
    now.matrix = colours->matrix_coefficients;
    now.is_full_range = colours->full_range_flag;
    heif_nclx_color_profile_free(colours);
  }
  // Tiles are decoded on this thread, which knows what is wanted.
  heif_context_set_max_decoding_threads(context, 0);
  now.is_wanted = 1;
  struct heif_error error = heif_decode_image(handle, image, heif_colorspace_RGB, chroma, options);
  now.is_wanted = 0;
  return !error.code;
}

#else

int zoo_hevc_decode(
    struct heif_context *context, const struct heif_image_handle *handle, const struct heif_decoding_options *options,
    enum heif_chroma chroma, struct heif_image **image) {
  (void)context, (void)handle, (void)options, (void)chroma, (void)image;
  return 0;
}

#endif
#endif
