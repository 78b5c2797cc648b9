#ifndef ZOO_FILES_H
#define ZOO_FILES_H

/// Exchanges what two paths of one file system name, in one step. Returns 0, or -1 with errno: EINVAL or ENOSYS where the
/// file system or the kernel cannot.
int zoo_exchange_paths(const char *first, const char *second);

#endif
