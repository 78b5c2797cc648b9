#define _GNU_SOURCE
#include "zoo_process.h"

#include "zoo_files.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

// All of this may run in a signal handler, or before the C library is initialised.

static void say(const char *text) {
  size_t left = strlen(text);
  while (left > 0) {
    ssize_t count = write(STDERR_FILENO, text, left);
    if (count <= 0) return;
    text += count;
    left -= (size_t)count;
  }
}

/// The limit on address space, or 0.
static rlim_t address_limit(void) {
  struct rlimit limit;
  return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY ? limit.rlim_cur : 0;
}

#ifdef __linux__

static void say_number(rlim_t number) {
  char digits[24];
  char *at = digits + sizeof digits - 1;
  *at = 0;
  do {
    *--at = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  say(at);
}

static void say_megabytes(rlim_t bytes) {
  say_number(bytes >> 20);
  say(" MB");
}

/// What the command itself needs before it opens anything: OpenBLAS starts a thread for each processor.
static rlim_t needed(void) {
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  return ((rlim_t)512 << 20) + ((rlim_t)(processors > 2 ? processors - 2 : 0) << 24);
}

/// Standard streams, descriptors for the dispatch queues, and a few open files.
enum { NEEDED_FILES = 24 };

static void check_limits(void) {
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < NEEDED_FILES) {
    say("zoo: the limit for open files (ulimit -n) is ");
    say_number(files.rlim_cur);
    say(", and at least ");
    say_number(NEEDED_FILES);
    say(" are needed\n");
    _exit(1);
  }
  rlim_t limit = address_limit();
  if (limit == 0 || limit >= needed()) return;
  say("zoo: the limit for memory (ulimit -v) is ");
  say_megabytes(limit);
  say(", and at least ");
  say_megabytes(needed());
  say(" are needed\n");
  _exit(1);
}

// Before the constructors of the libraries: OpenBLAS starts threads in its own, and hangs or crashes if it cannot.
__attribute__((section(".preinit_array"), used)) static void (*const before_libraries)(void) = check_limits;

#endif

static void on_fault(int number, siginfo_t *information, void *context) {
  (void)context;
  // Running out of memory stops several threads at once: one of them prints the message, and ends the process for all.
  static atomic_flag is_taken = ATOMIC_FLAG_INIT;
  while (atomic_flag_test_and_set(&is_taken)) pause();
  if (number == SIGBUS) {
    const char *name = zoo_file_mapped_at(information->si_addr);
    if (name != NULL) {
      say("zoo: ");
      say(name);
      say(": the file became shorter while it was read, or its disk failed\n");
      _exit(1);
    }
  }
#ifdef __linux__
  rlim_t limit = address_limit();
  // Requests for more than what is left cannot be distinguished from a defect here.
  if (limit != 0) {
    say("zoo: stopped by signal ");
    say_number((rlim_t)number);
    say(", most likely since there is no more memory within the limit (ulimit -v) of ");
    say_megabytes(limit);
    say("\n");
    _exit(1);
  }
#endif
  // A defect of the program: do what would have happened without this handler.
  signal(number, SIG_DFL);
  raise(number);
}

void zoo_catch_faults(void) {
  signal(SIGXFSZ, SIG_IGN);
  // A separate stack: that of the thread may be what could not grow.
  static char alternate[1 << 16];
  stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
  sigaltstack(&stack, NULL);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  int signals[] = {SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGSEGV};
  // Only limits turn the other signals into errors: without one, defects are left to the system and its debuggers.
  size_t count = address_limit() != 0 ? sizeof signals / sizeof *signals : 1;
  for (size_t i = 0; i < count; i++) sigaction(signals[i], &action, NULL);
}
