// Available on every processor.
#define ZOO_LANES 4
#define ZOO_TILE_ROWS 4
#define ZOO_TILE_VECTORS 2
#define ZOO_NAME(x) x##_generic
#include "quads_body.h"
