#include "picture.h"
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

// Decodes a frame into a picture of its mode, starting at pixel (x, y).
static int decode_frame(const uint8_t *bytes, size_t count, int64_t x, int64_t y, int height, zoo_picture *picture) {
  int channels = zoo_picture_channels(picture->mode), stride = (int)picture->width * channels;
  size_t start = (size_t)(y * stride + x * channels);
  // The last row may end before the canvas does.
  size_t size = (size_t)stride * (size_t)height - (size_t)(x * channels);
  uint8_t *target = picture->pixels + start;
  uint8_t *done = picture->mode == ZOO_RGBA ? WebPDecodeRGBAInto(bytes, count, target, size, stride)
                                            : WebPDecodeRGBInto(bytes, count, target, size, stride);
  return done ? ZOO_DECODED : zoo_picture_fail(picture, ZOO_DAMAGED, "its data is broken or ends early");
}

// The first frame of an animation on its canvas, which is transparent black.
static int decode_animation(const WebPDemuxer *file, int64_t limit, zoo_picture *picture) {
  picture->width = WebPDemuxGetI(file, WEBP_FF_CANVAS_WIDTH);
  picture->height = WebPDemuxGetI(file, WEBP_FF_CANVAS_HEIGHT);
  int checked = zoo_picture_check(picture, limit);
  if (checked) return checked;
  picture->mode = WebPDemuxGetI(file, WEBP_FF_FORMAT_FLAGS) & ALPHA_FLAG ? ZOO_RGBA : ZOO_RGB;
  int room = zoo_picture_take_room(picture);
  if (room) return room;
  memset(picture->pixels, 0, (size_t)(picture->width * picture->height * zoo_picture_channels(picture->mode)));
  WebPIterator frame;
  if (!WebPDemuxGetFrame(file, 1, &frame)) return zoo_picture_fail(picture, ZOO_DAMAGED, "it has no frame");
  int code = decode_frame(frame.fragment.bytes, frame.fragment.size, frame.x_offset, frame.y_offset, frame.height, picture);
  WebPDemuxReleaseIterator(&frame);
  return code;
}

int zoo_webp_decode(const uint8_t *bytes, size_t count, int64_t limit, zoo_picture *picture) {
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(bytes, count, &features) != VP8_STATUS_OK)
    return zoo_picture_fail(picture, ZOO_DAMAGED, "its header is not a WebP header");
  if (features.has_animation) {
    WebPData data = {bytes, count};
    WebPDemuxer *file = WebPDemux(&data);
    if (!file) return zoo_picture_fail(picture, ZOO_DAMAGED, "its data is broken or ends early");
    int code = decode_animation(file, limit, picture);
    WebPDemuxDelete(file);
    return code;
  }
  picture->width = features.width;
  picture->height = features.height;
  int checked = zoo_picture_check(picture, limit);
  if (checked) return checked;
  picture->mode = features.has_alpha ? ZOO_RGBA : ZOO_RGB;
  int room = zoo_picture_take_room(picture);
  return room ? room : decode_frame(bytes, count, 0, 0, features.height, picture);
}
