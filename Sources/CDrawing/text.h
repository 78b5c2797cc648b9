#ifndef ZOO_DRAWING_TEXT_H
#define ZOO_DRAWING_TEXT_H
#include "include/zoo_drawing.h"
#include "library.h"

struct zoo_text {
  PangoLayout *layout;
  PangoRectangle extent;  // of all lines, in units; x is not 0 for scripts that run from right to left
};
#endif
