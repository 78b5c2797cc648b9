#ifndef ZOO_HEVC_H
#define ZOO_HEVC_H

#include <libheif/heif.h>

/// Decodes an HEIC picture like libheif 1.19 and later, using an earlier libheif.
///
/// Returns 1 with an image of interleaved RGB or RGBA, as specified by `chroma`; 0 if libheif should decode it itself.
int zoo_hevc_decode(
    struct heif_context *context, const struct heif_image_handle *handle, const struct heif_decoding_options *options,
    enum heif_chroma chroma, struct heif_image **image);

#endif
