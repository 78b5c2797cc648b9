#ifndef ZOO_PROCESS_H
#define ZOO_PROCESS_H

/// Makes errors of what the system would end the process for, with a sentence on standard error and exit code 1:
/// a mapped file that shrinks while it is read or whose disk fails, memory that a limit (`ulimit -v`) does not give. Writing
/// beyond the limit for the size of a file (`ulimit -f`) becomes an ordinary error, EFBIG.
///
/// A limit so low that the libraries cannot start is found before they do, without this call.
void zoo_catch_faults(void);

/// The version that the package was built as, such as "0.1.0".
const char *zoo_version(void);

#endif
