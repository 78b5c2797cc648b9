#include "zoo_page.h"
#include <string.h>

#define HTML "text/html; charset=utf-8"
#define CSS "text/css; charset=utf-8"
#define JS "text/javascript; charset=utf-8"
#define SVG "image/svg+xml"
#define JPEG "image/jpeg"
#define JSON "application/json"

static const unsigned char openapi[] = {
#embed "page/openapi.json"
};
static const unsigned char scene1[] = {
#embed "../../Examples/examples/scene1.jpg"
};
static const unsigned char scene2[] = {
#embed "../../Examples/examples/scene2.jpg"
};
static const unsigned char scene3[] = {
#embed "../../Examples/examples/scene3.jpg"
};

#define FILE_OF(name, type, data) {name, type, data, sizeof data}
static const zoo_file files[] = {
    FILE_OF("openapi.json", JSON, openapi),
    FILE_OF("examples/scene1.jpg", JPEG, scene1),
    FILE_OF("examples/scene2.jpg", JPEG, scene2),
    FILE_OF("examples/scene3.jpg", JPEG, scene3),
};

const zoo_file *zoo_page_file(const char *name) {
  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    if (strcmp(files[i].name, name) == 0) return &files[i];
  return NULL;
}
