#ifndef ZOO_FILES_H
#define ZOO_FILES_H

#include <stddef.h>

/// Exchanges what two paths of one file system name, in one step. Returns 0, or -1 with errno: EINVAL or ENOSYS where the
/// file system or the kernel cannot.
int zoo_exchange_paths(const char *first, const char *second);

/// Remembers which file lies at some addresses, under a name that may be shown, until it is forgotten. Returns a number for
/// that, or -1 where too many are remembered.
int zoo_remember_map(const void *start, size_t count, const char *name);
void zoo_forget_map(int number);

/// The name of the remembered file that lies at an address, or NULL. May be called in a signal handler, for an address that is
/// in use.
const char *zoo_file_mapped_at(const void *address);

#endif
