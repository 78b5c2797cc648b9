#include "picture.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

// Pillow uses libjpeg's defaults: the accurate integer IDCT and smooth ("fancy") chroma upsampling.

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf escape;
  zoo_picture *picture;
  int code;
} failure;

// Jumps out of the decoder.
static _Noreturn void give_up(failure *f, int code, const char *message) {
  f->code = zoo_picture_fail(f->picture, code, message);
  longjmp(f->escape, 1);
}

static void fail(j_common_ptr info) {
  failure *f = (failure *)info->err;
  char message[JMSG_LENGTH_MAX];
  info->err->format_message(info, message);
  // Valid files of kinds that only scanners and medical cameras write.
  switch (info->err->msg_code) {
    case JERR_SOF_UNSUPPORTED:
      give_up(f, ZOO_UNSUPPORTED, info->err->msg_parm.i[0] == 0xC3 ? "it is compressed without loss" : message);
    case JERR_BAD_PRECISION: give_up(f, ZOO_UNSUPPORTED, "its samples do not have 8 bits");
    case JERR_ARITH_NOTIMPL: give_up(f, ZOO_UNSUPPORTED, message);
    default: give_up(f, ZOO_DAMAGED, message);
  }
}

static void be_silent(j_common_ptr info) { (void)info; }

// A few bytes can declare a scan over the whole picture, so the number is limited: no legitimate file has several hundred.
static void limit_scans(j_common_ptr info) {
  if (!info->is_decompressor || ((j_decompress_ptr)info)->input_scan_number <= 500) return;
  give_up((failure *)info->err, ZOO_DAMAGED, "it has more than 500 scans");
}

static void no_op(j_decompress_ptr info) { (void)info; }

// libjpeg's own memory source invents an end marker and fills up with grey; here, a truncated file is an error.
static boolean refuse_more(j_decompress_ptr info) {
  give_up((failure *)info->err, ZOO_DAMAGED, "the file ends before the picture does");
}

static void skip(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  if ((size_t)count > info->src->bytes_in_buffer) refuse_more(info);
  info->src->next_input_byte += count;
  info->src->bytes_in_buffer -= (size_t)count;
}

static int decode(j_decompress_ptr info, size_t count, int64_t limit, zoo_picture *picture) {
  jpeg_read_header(info, TRUE);
  picture->width = info->image_width;
  picture->height = info->image_height;
  int checked = zoo_picture_check(picture, limit);
  if (checked) return checked;
  if (info->data_precision != 8) return zoo_picture_fail(picture, ZOO_UNSUPPORTED, "its samples do not have 8 bits");
  switch (info->num_components) {
    case 1:
      picture->mode = ZOO_L;
      info->out_color_space = JCS_GRAYSCALE;
      break;
    case 3:
      picture->mode = ZOO_RGB;
      info->out_color_space = JCS_RGB;
      break;
    case 4:
      picture->mode = ZOO_CMYK;
      info->out_color_space = JCS_CMYK;
      break;
    default: return zoo_picture_fail(picture, ZOO_UNSUPPORTED, "only 1, 3 or 4 colour components are read");
  }
  // A block of 64 pixels takes at least one bit of Huffman code, so the file cannot contain that many.
  if (!info->arith_code && picture->width * picture->height / 512 > (int64_t)count)
    return zoo_picture_fail(picture, ZOO_DAMAGED, "the file is too short for the size it declares");

  int room = zoo_picture_take_room(picture);
  if (room) return room;
  jpeg_start_decompress(info);
  size_t row_bytes = (size_t)picture->width * (size_t)info->output_components;
  while (info->output_scanline < info->output_height) {
    JSAMPROW row = picture->pixels + info->output_scanline * row_bytes;
    if (jpeg_read_scanlines(info, &row, 1) != 1) return zoo_picture_fail(picture, ZOO_DAMAGED, "a row is missing");
  }
  jpeg_finish_decompress(info);  // up to the end marker, like Pillow: errors there count as well
  if (picture->mode == ZOO_CMYK) {  // inverted, as written by Adobe; Pillow assumes that all are
    size_t size = row_bytes * (size_t)picture->height;
    for (size_t i = 0; i < size; i++) picture->pixels[i] = (uint8_t)~picture->pixels[i];
  }
  return ZOO_DECODED;
}

int zoo_jpeg_decode(const uint8_t *bytes, size_t count, int64_t limit, zoo_picture *picture) {
  struct jpeg_decompress_struct info;
  failure f;
  memset(&info, 0, sizeof info);
  info.err = jpeg_std_error(&f.base);
  f.base.error_exit = fail;
  f.base.output_message = be_silent;
  f.picture = picture;
  if (setjmp(f.escape)) {
    jpeg_destroy_decompress(&info);
    return f.code;
  }
  jpeg_create_decompress(&info);
  struct jpeg_source_mgr source = {
      .next_input_byte = bytes, .bytes_in_buffer = count, .init_source = no_op, .fill_input_buffer = refuse_more,
      .skip_input_data = skip, .resync_to_restart = jpeg_resync_to_restart, .term_source = no_op};
  info.src = &source;
  struct jpeg_progress_mgr progress = {.progress_monitor = limit_scans};
  info.progress = &progress;
  int code = decode(&info, count, limit, picture);
  jpeg_destroy_decompress(&info);
  return code;
}
