#ifndef ZOO_FILES_H
#define ZOO_FILES_H

#include <stddef.h>

/// Atomically exchanges two paths in one file system. Returns 0, or -1 with errno: EINVAL or ENOSYS if the file system or the kernel does not support
/// it.
int zoo_exchange_paths(const char *first, const char *second);

/// Remembers which file is mapped at some addresses, under a name for messages, until it is forgotten. Returns a number for that, or -1 if too many
/// are remembered.
int zoo_remember_map(const void *start, size_t count, const char *name);
void zoo_forget_map(int number);

/// The name of the remembered file that is mapped at an address, or NULL. May be called in a signal handler, for an address that is in use.
const char *zoo_file_mapped_at(const void *address);

#endif
