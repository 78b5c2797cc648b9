// Text by Pango and pages by Cairo behind plain functions. Both libraries, and with them the system's fonts, are loaded at the first call of
// zoo_drawing_load: commands that draw nothing start without them.
#ifndef ZOO_DRAWING_H
#define ZOO_DRAWING_H
#include <stddef.h>
#include <stdint.h>

// Loads the libraries. Returns null on success, otherwise the loader's message, which stays valid. Any thread may call it, and it must be called
// before everything else.
const char *zoo_drawing_load(void);

// A text laid out in lines. Lengths are in units of the page, which are pixels of a raster.
typedef struct zoo_text zoo_text;

typedef struct {
  double size;   // of the font
  int bold;
  double width;  // line width
  int lines;     // maximum number; text that does not fit is left out of the middle of the last one
} zoo_text_style;

// UTF-8; null if out of memory.
zoo_text *zoo_text_new(const char *utf8, size_t count, zoo_text_style style);
void zoo_text_free(zoo_text *text);
void zoo_text_extent(const zoo_text *text, double *width, double *height);
int zoo_text_is_cut(const zoo_text *text);
// The number of characters that no system font has.
int zoo_text_unknown(const zoo_text *text);

enum {
  ZOO_PAGE_RASTER,  // RGB rows without padding
  ZOO_PAGE_SVG,
  ZOO_PAGE_PDF,
};

typedef struct zoo_page zoo_page;

// A blank page; null if out of memory. `top` is where a raster begins: a tall page is made of several.
zoo_page *zoo_page_new(int format, double width, double height, double top);
// Colours are 0xRRGGBB.
void zoo_page_rectangle(zoo_page *page, double x, double y, double width, double height, double radius, uint32_t color);
// RGB rows without padding, scaled to the rectangle.
void zoo_page_picture(zoo_page *page, const uint8_t *rgb, int columns, int rows, double x, double y, double width,
                      double height);
void zoo_page_text(zoo_page *page, const zoo_text *text, double x, double y, uint32_t color);
// Finishes and frees the page. The result, `count` bytes, is freed with free(); null on failure.
uint8_t *zoo_page_finish(zoo_page *page, size_t *count);
#endif
