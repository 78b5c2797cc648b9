// Optional features of ARM processors, queried from the system.
#ifndef ZOO_PROCESSOR_H
#define ZOO_PROCESSOR_H
#if defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
static inline int zoo_has(const char *feature) {
  int value = 0;
  size_t size = sizeof value;
  return sysctlbyname(feature, &value, &size, 0, 0) == 0 && value != 0;
}
static inline int zoo_has_dotprod(void) { return zoo_has("hw.optional.arm.FEAT_DotProd"); }
static inline int zoo_has_i8mm(void) { return zoo_has("hw.optional.arm.FEAT_I8MM"); }
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
static inline int zoo_has_dotprod(void) { return getauxval(AT_HWCAP) >> 20 & 1; }  // HWCAP_ASIMDDP
static inline int zoo_has_i8mm(void) { return getauxval(AT_HWCAP2) >> 13 & 1; }    // HWCAP2_I8MM
#elif defined(__aarch64__)
static inline int zoo_has_dotprod(void) { return 0; }
static inline int zoo_has_i8mm(void) { return 0; }
#endif
#endif
