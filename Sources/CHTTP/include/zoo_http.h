#ifndef ZOO_HTTP_H
#define ZOO_HTTP_H

#include <stddef.h>

/// A GET over http or https. Redirects are not followed, and bodies are passed on as the server sends them, never inflated.
struct zoo_http_request {
  const char *url;
  /// `Name: value`, terminated by NULL.
  const char *const *headers;
  /// A file with certificates to trust instead of the system's, or NULL.
  const char *certificates;
  /// Seconds within which a connection must be established.
  long connect_seconds;
  /// Seconds without a byte after which a connection is considered broken.
  long idle_seconds;
  void *context;
  /// Receives every header line including its line ending; a nonzero result ends the transfer.
  int (*head)(void *context, const char *line, size_t count);
  /// Receives the body piece by piece, at most 512 kB at once; a nonzero result ends the transfer.
  int (*body)(void *context, const void *bytes, size_t count);
  /// Called several times a second; a nonzero result ends the transfer.
  int (*stopped)(void *context);
};

/// Why a request got no complete answer.
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

/// Performs a request and waits until it ends. `message` gets libcurl's message, at most 255 bytes.
enum zoo_http_failure zoo_http_get(const struct zoo_http_request *request, char message[256]);

#endif
