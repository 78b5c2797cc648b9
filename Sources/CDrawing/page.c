#include "text.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct zoo_page {
  int format;
  cairo_surface_t *surface;
  cairo_t *cairo;
  int columns, rows;  // of a raster
  // The bytes of the file so far.
  uint8_t *bytes;
  size_t count, capacity;
};

static int append(void *closure, const unsigned char *data, unsigned int length) {
  zoo_page *page = closure;
  if (length > page->capacity - page->count) {
    size_t capacity = page->capacity * 2 + length + 65536;
    uint8_t *bytes = realloc(page->bytes, capacity);
    if (!bytes) return CAIRO_STATUS_WRITE_ERROR;
    page->bytes = bytes;
    page->capacity = capacity;
  }
  memcpy(page->bytes + page->count, data, length);
  page->count += length;
  return CAIRO_STATUS_SUCCESS;
}

zoo_page *zoo_page_new(int format, double width, double height, double top) {
  zoo_page *page = calloc(1, sizeof *page);
  if (!page) return NULL;
  page->format = format;
  if (format == ZOO_PAGE_RASTER) {
    page->columns = (int)ceil(width);
    page->rows = (int)ceil(height);
    page->surface = zoo_drawing.cairo_image_surface_create(CAIRO_FORMAT_RGB24, page->columns, page->rows);
  } else if (format == ZOO_PAGE_SVG) {
    page->surface = zoo_drawing.cairo_svg_surface_create_for_stream(append, page, width, height);
  } else {
    page->surface = zoo_drawing.cairo_pdf_surface_create_for_stream(append, page, width, height);
    // The same drawing gives the same file on any day.
    zoo_drawing.cairo_pdf_surface_set_metadata(page->surface, CAIRO_PDF_METADATA_CREATE_DATE, "2000-01-01T00:00:00Z");
  }
  page->cairo = zoo_drawing.cairo_create(page->surface);
  zoo_drawing.cairo_translate(page->cairo, 0, -top);
  return page;
}

static void set_color(zoo_page *page, uint32_t color) {
  zoo_drawing.cairo_set_source_rgb(
      page->cairo, (color >> 16 & 255) / 255.0, (color >> 8 & 255) / 255.0, (color & 255) / 255.0);
}

void zoo_page_rectangle(zoo_page *page, double x, double y, double width, double height, double radius, uint32_t color) {
  cairo_t *cairo = page->cairo;
  set_color(page, color);
  if (radius > 0) {
    zoo_drawing.cairo_new_sub_path(cairo);
    zoo_drawing.cairo_arc(cairo, x + width - radius, y + radius, radius, -M_PI / 2, 0);
    zoo_drawing.cairo_arc(cairo, x + width - radius, y + height - radius, radius, 0, M_PI / 2);
    zoo_drawing.cairo_arc(cairo, x + radius, y + height - radius, radius, M_PI / 2, M_PI);
    zoo_drawing.cairo_arc(cairo, x + radius, y + radius, radius, M_PI, 3 * M_PI / 2);
    zoo_drawing.cairo_close_path(cairo);
  } else {
    zoo_drawing.cairo_rectangle(cairo, x, y, width, height);
  }
  zoo_drawing.cairo_fill(cairo);
}

static uint32_t *row(cairo_surface_t *surface, int y) {
  int stride = zoo_drawing.cairo_image_surface_get_stride(surface);
  return (uint32_t *)(void *)(zoo_drawing.cairo_image_surface_get_data(surface) + (ptrdiff_t)y * stride);
}

void zoo_page_picture(zoo_page *page, const uint8_t *rgb, int columns, int rows, double x, double y, double width,
                      double height) {
  cairo_t *cairo = page->cairo;
  cairo_surface_t *picture = zoo_drawing.cairo_image_surface_create(CAIRO_FORMAT_RGB24, columns, rows);
  if (zoo_drawing.cairo_surface_status(picture) == CAIRO_STATUS_SUCCESS) {
    for (int v = 0; v < rows; v++) {
      uint32_t *target = row(picture, v);
      for (int u = 0; u < columns; u++, rgb += 3) {
        target[u] = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
      }
    }
    zoo_drawing.cairo_surface_mark_dirty(picture);
  }
  zoo_drawing.cairo_save(cairo);
  zoo_drawing.cairo_translate(cairo, x, y);
  zoo_drawing.cairo_rectangle(cairo, 0, 0, width, height);
  zoo_drawing.cairo_scale(cairo, width / columns, height / rows);
  zoo_drawing.cairo_set_source_surface(cairo, picture, 0, 0);  // a surface that failed makes the page fail
  zoo_drawing.cairo_pattern_set_filter(zoo_drawing.cairo_get_source(cairo), CAIRO_FILTER_GOOD);
  zoo_drawing.cairo_pattern_set_extend(zoo_drawing.cairo_get_source(cairo), CAIRO_EXTEND_PAD);
  zoo_drawing.cairo_fill(cairo);
  zoo_drawing.cairo_restore(cairo);
  zoo_drawing.cairo_surface_destroy(picture);
}

void zoo_page_text(zoo_page *page, const zoo_text *text, double x, double y, uint32_t color) {
  set_color(page, color);
  zoo_drawing.cairo_move_to(page->cairo, x - text->extent.x, y);
  zoo_drawing.pango_cairo_show_layout(page->cairo, text->layout);
}

// RGB rows of a raster.
static void read_raster(zoo_page *page) {
  page->count = (size_t)page->columns * (size_t)page->rows * 3;
  page->bytes = malloc(page->count);
  uint8_t *target = page->bytes;
  for (int y = 0; target && y < page->rows; y++) {
    const uint32_t *source = row(page->surface, y);
    for (int x = 0; x < page->columns; x++) {
      *target++ = (uint8_t)(source[x] >> 16);
      *target++ = (uint8_t)(source[x] >> 8);
      *target++ = (uint8_t)source[x];
    }
  }
}

uint8_t *zoo_page_finish(zoo_page *page, size_t *count) {
  int failed = zoo_drawing.cairo_status(page->cairo) != CAIRO_STATUS_SUCCESS;
  zoo_drawing.cairo_destroy(page->cairo);
  zoo_drawing.cairo_surface_flush(page->surface);
  if (page->format == ZOO_PAGE_RASTER && !failed) read_raster(page);
  zoo_drawing.cairo_surface_finish(page->surface);
  failed = failed || zoo_drawing.cairo_surface_status(page->surface) != CAIRO_STATUS_SUCCESS;
  zoo_drawing.cairo_surface_destroy(page->surface);
  uint8_t *bytes = page->bytes;
  *count = page->count;
  free(page);
  if (!failed) return bytes;
  free(bytes);
  return NULL;
}
