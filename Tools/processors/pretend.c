// Makes a process believe in $PROCESSORS processors: gcc -shared -fPIC pretend.c -o pretend.so, then LD_PRELOAD=./pretend.so PROCESSORS=64 zoo ...
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

static int believed(void) {
  const char *text = getenv("PROCESSORS");
  return text ? atoi(text) : 1;
}

int sched_getaffinity(pid_t process, size_t size, cpu_set_t *set) {
  (void)process;
  CPU_ZERO_S(size, set);
  for (int processor = 0; processor < believed(); processor++) CPU_SET_S(processor, size, set);
  return 0;
}

// libdispatch asks this.
int pthread_getaffinity_np(pthread_t thread, size_t size, cpu_set_t *set) {
  (void)thread;
  return sched_getaffinity(0, size, set);
}

// OpenBLAS asks this.
long sysconf(int name) {
  if (name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF) return believed();
  long (*real)(int) = (long (*)(int))dlsym(RTLD_NEXT, "sysconf");
  return real(name);
}
