#include "text.h"
#include <stdlib.h>

// The same glyphs in the same positions on every system with the same fonts: no hinting, 1 point is 1 unit, one language.
static PangoContext *make_context(void) {
  PangoContext *context = zoo_drawing.pango_font_map_create_context(zoo_drawing.pango_cairo_font_map_get_default());
  zoo_drawing.pango_cairo_context_set_resolution(context, 72);
  zoo_drawing.pango_context_set_language(context, zoo_drawing.pango_language_from_string("en"));
  cairo_font_options_t *options = zoo_drawing.cairo_font_options_create();
  zoo_drawing.cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  zoo_drawing.cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  zoo_drawing.cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  zoo_drawing.pango_cairo_context_set_font_options(context, options);
  zoo_drawing.cairo_font_options_destroy(options);
  return context;
}

zoo_text *zoo_text_new(const char *utf8, size_t count, zoo_text_style style) {
  zoo_text *text = malloc(sizeof *text);
  if (!text) return NULL;
  PangoContext *context = make_context();
  text->layout = zoo_drawing.pango_layout_new(context);
  zoo_drawing.g_object_unref(context);  // the layout keeps it
  PangoFontDescription *font = zoo_drawing.pango_font_description_new();
  zoo_drawing.pango_font_description_set_family(font, "DejaVu Sans, sans-serif");
  zoo_drawing.pango_font_description_set_absolute_size(font, style.size * PANGO_SCALE);
  zoo_drawing.pango_font_description_set_weight(font, style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
  zoo_drawing.pango_layout_set_font_description(text->layout, font);
  zoo_drawing.pango_font_description_free(font);
  zoo_drawing.pango_layout_set_width(text->layout, (int)(style.width * PANGO_SCALE));
  zoo_drawing.pango_layout_set_wrap(text->layout, PANGO_WRAP_WORD_CHAR);
  zoo_drawing.pango_layout_set_height(text->layout, -style.lines);
  zoo_drawing.pango_layout_set_ellipsize(text->layout, PANGO_ELLIPSIZE_MIDDLE);
  zoo_drawing.pango_layout_set_text(text->layout, utf8, (int)count);
  zoo_drawing.pango_layout_get_pixel_extents(text->layout, NULL, &text->extent);
  return text;
}

void zoo_text_free(zoo_text *text) {
  zoo_drawing.g_object_unref(text->layout);
  free(text);
}

void zoo_text_extent(const zoo_text *text, double *width, double *height) {
  *width = text->extent.width;
  *height = text->extent.height;
}

int zoo_text_is_cut(const zoo_text *text) { return zoo_drawing.pango_layout_is_ellipsized(text->layout); }

int zoo_text_unknown(const zoo_text *text) {
  return zoo_drawing.pango_layout_get_unknown_glyphs_count(text->layout);
}
