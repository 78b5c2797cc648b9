#ifdef ZOO_MORE_FORMATS
#include "picture.h"
#include "hevc.h"

#include <string.h>

// The main picture of an HEIC file as RGB or RGBA, with 8 bits a channel, turned as the file says.

static int broken(zoo_picture *picture, struct heif_error error) {
  int isKnown = error.code != heif_error_Unsupported_feature && error.code != heif_error_Unsupported_filetype;
  return zoo_picture_fail(picture, isKnown ? ZOO_DAMAGED : ZOO_UNSUPPORTED, error.message);
}

static int copy(const struct heif_image *image, zoo_picture *picture) {
  int stride = 0;
  const uint8_t *source = heif_image_get_plane_readonly(image, heif_channel_interleaved, &stride);
  if (!source) return zoo_picture_fail(picture, ZOO_DAMAGED, "it has no pixels");
  if (picture->width != heif_image_get_width(image, heif_channel_interleaved) ||
      picture->height != heif_image_get_height(image, heif_channel_interleaved))
    return zoo_picture_fail(picture, ZOO_DAMAGED, "it has not the size that it declares");
  size_t row_bytes = (size_t)picture->width * (size_t)zoo_picture_channels(picture->mode);
  for (int64_t y = 0; y < picture->height; y++)
    memcpy(picture->pixels + (size_t)y * row_bytes, source + y * stride, row_bytes);
  return ZOO_DECODED;
}

static int decode(
    struct heif_context *context, const struct heif_image_handle *handle, int64_t limit, zoo_picture *picture) {
  picture->width = heif_image_handle_get_width(handle);
  picture->height = heif_image_handle_get_height(handle);
  int checked = zoo_picture_check(picture, limit);
  if (checked) return checked;
  int has_alpha = heif_image_handle_has_alpha_channel(handle);
  if (has_alpha && heif_image_handle_is_premultiplied_alpha(handle))
    return zoo_picture_fail(picture, ZOO_UNSUPPORTED, "its colours are multiplied by alpha");
  picture->mode = has_alpha ? ZOO_RGBA : ZOO_RGB;
  int room = zoo_picture_take_room(picture);
  if (room) return room;
  struct heif_decoding_options *options = heif_decoding_options_alloc();
  if (!options) return zoo_picture_fail(picture, ZOO_DAMAGED, "not enough memory");
  options->convert_hdr_to_8bit = 1;
  struct heif_image *image = NULL;
  enum heif_chroma chroma = has_alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB;
  struct heif_error error = {heif_error_Ok, heif_suberror_Unspecified, ""};
  if (!zoo_hevc_decode(context, handle, options, chroma, &image))
    error = heif_decode_image(handle, &image, heif_colorspace_RGB, chroma, options);
  heif_decoding_options_free(options);
  int code = error.code ? broken(picture, error) : copy(image, picture);
  heif_image_release(image);
  return code;
}

int zoo_heic_decode(const uint8_t *bytes, size_t count, int64_t limit, zoo_picture *picture) {
  struct heif_context *context = heif_context_alloc();
  if (!context) return zoo_picture_fail(picture, ZOO_DAMAGED, "not enough memory");
  struct heif_image_handle *handle = NULL;
  struct heif_error error = heif_context_read_from_memory_without_copy(context, bytes, count, NULL);
  if (!error.code) error = heif_context_get_primary_image_handle(context, &handle);
  int code = error.code ? broken(picture, error) : decode(context, handle, limit, picture);
  heif_image_handle_release(handle);
  heif_context_free(context);
  return code;
}
#endif
