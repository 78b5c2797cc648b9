#include "zoo_page.h"
#include <string.h>

#define HTML "text/html; charset=utf-8"
#define CSS "text/css; charset=utf-8"
#define JS "text/javascript; charset=utf-8"
#define SVG "image/svg+xml"
#define JPEG "image/jpeg"
#define JSON "application/json"

static const unsigned char index_html[] = {
#embed "page/index.html"
};
static const unsigned char page_css[] = {
#embed "page/page.css"
};
static const unsigned char favicon_svg[] = {
#embed "page/favicon.svg"
};
static const unsigned char page_js[] = {
#embed "page/page.js"
};
static const unsigned char state_js[] = {
#embed "page/state.js"
};
static const unsigned char api_js[] = {
#embed "page/api.js"
};
static const unsigned char requests_js[] = {
#embed "page/requests.js"
};
static const unsigned char settings_js[] = {
#embed "page/settings.js"
};
static const unsigned char pictures_js[] = {
#embed "page/pictures.js"
};
static const unsigned char elements_js[] = {
#embed "page/elements.js"
};
static const unsigned char content_js[] = {
#embed "page/content.js"
};
static const unsigned char maps_js[] = {
#embed "page/maps.js"
};
static const unsigned char colors_js[] = {
#embed "page/colors.js"
};
static const unsigned char drawing_js[] = {
#embed "page/drawing.js"
};
static const unsigned char panels_js[] = {
#embed "page/panels.js"
};
static const unsigned char chips_js[] = {
#embed "page/chips.js"
};
static const unsigned char downloads_js[] = {
#embed "page/downloads.js"
};
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
    FILE_OF("index.html", HTML, index_html),
    FILE_OF("page.css", CSS, page_css),
    FILE_OF("favicon.svg", SVG, favicon_svg),
    FILE_OF("page.js", JS, page_js),
    FILE_OF("state.js", JS, state_js),
    FILE_OF("api.js", JS, api_js),
    FILE_OF("requests.js", JS, requests_js),
    FILE_OF("settings.js", JS, settings_js),
    FILE_OF("pictures.js", JS, pictures_js),
    FILE_OF("elements.js", JS, elements_js),
    FILE_OF("content.js", JS, content_js),
    FILE_OF("maps.js", JS, maps_js),
    FILE_OF("colors.js", JS, colors_js),
    FILE_OF("drawing.js", JS, drawing_js),
    FILE_OF("panels.js", JS, panels_js),
    FILE_OF("chips.js", JS, chips_js),
    FILE_OF("downloads.js", JS, downloads_js),
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
