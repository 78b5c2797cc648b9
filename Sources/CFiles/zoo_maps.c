#define _GNU_SOURCE
#include "zoo_files.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// A checkpoint has a few shards and a model one file: if there is no slot left, a file is still mapped, but not named.
enum { MAPS = 256 };

static struct {
  _Atomic(char *) name;
  atomic_uintptr_t start, end;
} maps[MAPS];

int zoo_remember_map(const void *start, size_t count, const char *name) {
  char *copy = strdup(name);
  if (copy == NULL) return -1;
  for (int i = 0; i < MAPS; i++) {
    char *none = NULL;
    if (!atomic_compare_exchange_strong(&maps[i].name, &none, copy)) continue;
    atomic_store(&maps[i].end, (uintptr_t)start + count);
    atomic_store(&maps[i].start, (uintptr_t)start);
    return i;
  }
  free(copy);
  return -1;
}

void zoo_forget_map(int number) {
  if (number < 0 || number >= MAPS) return;
  atomic_store(&maps[number].end, 0);
  free(atomic_exchange(&maps[number].name, NULL));
}

const char *zoo_file_mapped_at(const void *address) {
  for (int i = 0; i < MAPS; i++) {
    if ((uintptr_t)address >= atomic_load(&maps[i].start) && (uintptr_t)address < atomic_load(&maps[i].end)) {
      return atomic_load(&maps[i].name);
    }
  }
  return NULL;
}
