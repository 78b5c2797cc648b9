#include "zoo_process.h"

const char *zoo_version(void) { return ZOO_VERSION; }
