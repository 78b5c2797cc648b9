#include "include/zoo_drawing.h"
#include "library.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

zoo_drawing_library zoo_drawing;
static char problem[512];
static pthread_once_t once = PTHREAD_ONCE_INIT;

#ifdef __APPLE__
static const char *const paths[] = {"libpangocairo-1.0.0.dylib", "/opt/homebrew/lib/libpangocairo-1.0.0.dylib",
                                    "/usr/local/lib/libpangocairo-1.0.0.dylib"};
#else
static const char *const paths[] = {"libpangocairo-1.0.so.0"};
#endif

static void load(void) {
  void *library = NULL;
  for (size_t i = 0; i < sizeof paths / sizeof *paths && !library; i++) {
    library = dlopen(paths[i], RTLD_NOW | RTLD_LOCAL);
    if (!library && i == 0) snprintf(problem, sizeof problem, "%s", dlerror());
  }
  if (!library) return;
  problem[0] = 0;
  // Looking up a function in a library also finds those of its dependencies.
#define ZOO_DRAWING_FIND(result, name, parameters) \
  if (!(zoo_drawing.name = (result(*) parameters)dlsym(library, #name))) \
    snprintf(problem, sizeof problem, "%s has no %s", paths[0], #name);
  ZOO_DRAWING_FUNCTIONS(ZOO_DRAWING_FIND)
}

const char *zoo_drawing_load(void) {
  pthread_once(&once, load);
  return problem[0] ? problem : NULL;
}
