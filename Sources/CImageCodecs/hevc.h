#ifndef ZOO_HEVC_H
#define ZOO_HEVC_H

#include <libheif/heif.h>

/// Decodes an HEIC picture as libheif 1.19 and later do, with an earlier libheif.
///
/// Returns 1 with an image of interleaved RGB or RGBA, as `chroma` says; 0 where libheif is to decode it by itself.
int zoo_hevc_decode(
    struct heif_context *context, const struct heif_image_handle *handle, const struct heif_decoding_options *options,
    enum heif_chroma chroma, struct heif_image **image);

#endif
