#ifndef ZOO_HTTP_H
#define ZOO_HTTP_H

#include <stddef.h>

/// A GET over http or https. Redirects are not followed, and bodies are given as the server sends them: never inflated.
struct zoo_http_request {
  const char *url;
  /// `Name: value`, ended by NULL.
  const char *const *headers;
  /// A file of certificates to trust in place of the system's, or NULL.
  const char *certificates;
  /// Seconds in which a connection must stand.
  long connect_seconds;
  /// Seconds without a byte after which a connection counts as cut.
  long idle_seconds;
  void *context;
  /// Is given every line of the head with its end; what is not 0 ends the transfer.
  int (*head)(void *context, const char *line, size_t count);
  /// Is given the body piece by piece, at most 512 kB at once; what is not 0 ends the transfer.
  int (*body)(void *context, const void *bytes, size_t count);
  /// Is asked several times a second; what is not 0 ends the transfer.
  int (*stopped)(void *context);
};

/// What became of a request that got no complete answer.
enum zoo_http_failure {
  zoo_http_done,
  zoo_http_stopped,
  zoo_http_bad_url,
  zoo_http_no_host,
  zoo_http_no_connection,
  zoo_http_timed_out,
  zoo_http_untrusted,
  zoo_http_cut,
  zoo_http_proxy,
  zoo_http_other,
};

/// Waits for the end of a request. `message` gets libcurl's words, at most 255 bytes.
enum zoo_http_failure zoo_http_get(const struct zoo_http_request *request, char message[256]);

#endif
