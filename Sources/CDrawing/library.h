// The functions of Pango and Cairo that are used, as declared in their headers, found at run time.
#ifndef ZOO_DRAWING_LIBRARY_H
#define ZOO_DRAWING_LIBRARY_H

typedef struct cairo cairo_t;
typedef struct cairo_surface cairo_surface_t;
typedef struct cairo_pattern cairo_pattern_t;
typedef struct cairo_font_options cairo_font_options_t;
typedef struct PangoFontMap PangoFontMap;
typedef struct PangoContext PangoContext;
typedef struct PangoLayout PangoLayout;
typedef struct PangoLanguage PangoLanguage;
typedef struct PangoFontDescription PangoFontDescription;
typedef struct {
  int x, y, width, height;
} PangoRectangle;
// Receives the bytes of a file; returns a cairo_status_t.
typedef int (*cairo_write_func_t)(void *closure, const unsigned char *data, unsigned int length);

enum {
  CAIRO_STATUS_SUCCESS = 0,
  CAIRO_STATUS_WRITE_ERROR = 11,
  CAIRO_FORMAT_RGB24 = 1,
  CAIRO_ANTIALIAS_GRAY = 2,
  CAIRO_HINT_STYLE_NONE = 1,
  CAIRO_HINT_METRICS_OFF = 1,
  CAIRO_FILTER_GOOD = 1,
  CAIRO_EXTEND_PAD = 3,
  CAIRO_PDF_METADATA_CREATE_DATE = 5,
  PANGO_SCALE = 1024,
  PANGO_WEIGHT_NORMAL = 400,
  PANGO_WEIGHT_BOLD = 700,
  PANGO_WRAP_WORD_CHAR = 2,
  PANGO_ELLIPSIZE_MIDDLE = 2,
};

#define ZOO_DRAWING_FUNCTIONS(F) \
  F(void, cairo_arc, (cairo_t *, double x, double y, double radius, double from, double to)) \
  F(void, cairo_close_path, (cairo_t *)) \
  F(cairo_t *, cairo_create, (cairo_surface_t *)) \
  F(void, cairo_destroy, (cairo_t *)) \
  F(void, cairo_fill, (cairo_t *)) \
  F(cairo_font_options_t *, cairo_font_options_create, (void)) \
  F(void, cairo_font_options_destroy, (cairo_font_options_t *)) \
  F(void, cairo_font_options_set_antialias, (cairo_font_options_t *, int)) \
  F(void, cairo_font_options_set_hint_metrics, (cairo_font_options_t *, int)) \
  F(void, cairo_font_options_set_hint_style, (cairo_font_options_t *, int)) \
  F(cairo_pattern_t *, cairo_get_source, (cairo_t *)) \
  F(cairo_surface_t *, cairo_image_surface_create, (int format, int width, int height)) \
  F(unsigned char *, cairo_image_surface_get_data, (cairo_surface_t *)) \
  F(int, cairo_image_surface_get_stride, (cairo_surface_t *)) \
  F(void, cairo_move_to, (cairo_t *, double x, double y)) \
  F(void, cairo_new_sub_path, (cairo_t *)) \
  F(void, cairo_pattern_set_extend, (cairo_pattern_t *, int)) \
  F(void, cairo_pattern_set_filter, (cairo_pattern_t *, int)) \
  F(cairo_surface_t *, cairo_pdf_surface_create_for_stream, (cairo_write_func_t, void *, double, double)) \
  F(void, cairo_pdf_surface_set_metadata, (cairo_surface_t *, int key, const char *)) \
  F(void, cairo_rectangle, (cairo_t *, double x, double y, double width, double height)) \
  F(void, cairo_restore, (cairo_t *)) \
  F(void, cairo_save, (cairo_t *)) \
  F(void, cairo_scale, (cairo_t *, double x, double y)) \
  F(void, cairo_set_source_rgb, (cairo_t *, double red, double green, double blue)) \
  F(void, cairo_set_source_surface, (cairo_t *, cairo_surface_t *, double x, double y)) \
  F(int, cairo_status, (cairo_t *)) \
  F(void, cairo_surface_destroy, (cairo_surface_t *)) \
  F(void, cairo_surface_finish, (cairo_surface_t *)) \
  F(void, cairo_surface_flush, (cairo_surface_t *)) \
  F(void, cairo_surface_mark_dirty, (cairo_surface_t *)) \
  F(int, cairo_surface_status, (cairo_surface_t *)) \
  F(cairo_surface_t *, cairo_svg_surface_create_for_stream, (cairo_write_func_t, void *, double, double)) \
  F(void, cairo_translate, (cairo_t *, double x, double y)) \
  F(void, g_object_unref, (void *)) \
  F(void, pango_cairo_context_set_font_options, (PangoContext *, const cairo_font_options_t *)) \
  F(void, pango_cairo_context_set_resolution, (PangoContext *, double)) \
  F(PangoFontMap *, pango_cairo_font_map_get_default, (void)) \
  F(void, pango_cairo_show_layout, (cairo_t *, PangoLayout *)) \
  F(void, pango_context_set_language, (PangoContext *, PangoLanguage *)) \
  F(void, pango_font_description_free, (PangoFontDescription *)) \
  F(PangoFontDescription *, pango_font_description_new, (void)) \
  F(void, pango_font_description_set_absolute_size, (PangoFontDescription *, double)) \
  F(void, pango_font_description_set_family, (PangoFontDescription *, const char *)) \
  F(void, pango_font_description_set_weight, (PangoFontDescription *, int)) \
  F(PangoContext *, pango_font_map_create_context, (PangoFontMap *)) \
  F(PangoLanguage *, pango_language_from_string, (const char *)) \
  F(void, pango_layout_get_pixel_extents, (PangoLayout *, PangoRectangle *ink, PangoRectangle *logical)) \
  F(int, pango_layout_get_unknown_glyphs_count, (PangoLayout *)) \
  F(int, pango_layout_is_ellipsized, (PangoLayout *)) \
  F(PangoLayout *, pango_layout_new, (PangoContext *)) \
  F(void, pango_layout_set_ellipsize, (PangoLayout *, int)) \
  F(void, pango_layout_set_font_description, (PangoLayout *, const PangoFontDescription *)) \
  F(void, pango_layout_set_height, (PangoLayout *, int)) \
  F(void, pango_layout_set_text, (PangoLayout *, const char *, int length)) \
  F(void, pango_layout_set_width, (PangoLayout *, int)) \
  F(void, pango_layout_set_wrap, (PangoLayout *, int))

typedef struct {
#define ZOO_DRAWING_MEMBER(result, name, parameters) result(*name) parameters;
  ZOO_DRAWING_FUNCTIONS(ZOO_DRAWING_MEMBER)
} zoo_drawing_library;

extern zoo_drawing_library zoo_drawing;
#endif
