#ifndef ZOO_PROCESS_H
#define ZOO_PROCESS_H

/// Turns conditions for which the system would end the process into errors with a sentence on standard error and exit code 1: a mapped file that
/// shrinks while it is read or whose disk fails, memory refused because of a limit (`ulimit -v`). Writing beyond the file size limit (`ulimit -f`)
/// becomes an ordinary error, EFBIG.
///
/// A limit so low that the libraries cannot start is detected before they do, without this call.
void zoo_catch_faults(void);

/// The version of the package, such as "0.1.0".
const char *zoo_version(void);

#endif
