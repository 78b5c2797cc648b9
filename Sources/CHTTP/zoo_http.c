#include "zoo_http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void start(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

// Handles kept for the next request: their connections stay open.
enum { most_idle = 16 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static CURL *idle[most_idle];
static int idle_count;

static CURL *take_handle(void) {
  pthread_mutex_lock(&lock);
  CURL *curl = idle_count > 0 ? idle[--idle_count] : NULL;
  pthread_mutex_unlock(&lock);
  return curl ? curl : curl_easy_init();
}

static void give_back(CURL *curl) {
  curl_easy_reset(curl);
  pthread_mutex_lock(&lock);
  if (idle_count < most_idle) {
    idle[idle_count++] = curl;
    curl = NULL;
  }
  pthread_mutex_unlock(&lock);
  if (curl) curl_easy_cleanup(curl);
}

static size_t take_head(char *line, size_t size, size_t count, void *data) {
  const struct zoo_http_request *request = data;
  return request->head(request->context, line, size * count) == 0 ? size * count : 0;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *data) {
  const struct zoo_http_request *request = data;
  return request->body(request->context, bytes, size * count) == 0 ? size * count : 0;
}

static int ask(void *data, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
  (void)a, (void)b, (void)c, (void)d;
  const struct zoo_http_request *request = data;
  return request->stopped(request->context);
}

static enum zoo_http_failure failure(CURLcode code, const char *message) {
  switch (code) {
  case CURLE_OK: return zoo_http_done;
  case CURLE_WRITE_ERROR:
  case CURLE_ABORTED_BY_CALLBACK: return zoo_http_stopped;
  case CURLE_URL_MALFORMAT:
  case CURLE_UNSUPPORTED_PROTOCOL: return zoo_http_bad_url;
  case CURLE_COULDNT_RESOLVE_HOST: return zoo_http_no_host;
  case CURLE_COULDNT_CONNECT: return zoo_http_no_connection;
  case CURLE_OPERATION_TIMEDOUT: return zoo_http_timed_out;
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_INVALIDCERTSTATUS: return zoo_http_untrusted;
  case CURLE_COULDNT_RESOLVE_PROXY:
  case CURLE_PROXY: return zoo_http_proxy;
  case CURLE_PARTIAL_FILE:
  case CURLE_GOT_NOTHING:
  case CURLE_SEND_ERROR:
  case CURLE_RECV_ERROR:
    // There is no code for a proxy that refuses CONNECT.
    return strstr(message, "CONNECT") || strstr(message, "from proxy") ? zoo_http_proxy : zoo_http_cut;
  default: return zoo_http_other;
  }
}

enum zoo_http_failure zoo_http_get(const struct zoo_http_request *request, char message[256]) {
  char words[CURL_ERROR_SIZE] = "";
  pthread_once(&once, start);
  message[0] = 0;
  CURL *curl = take_handle();
  if (!curl) return zoo_http_other;
  struct curl_slist *headers = NULL;
  for (const char *const *header = request->headers; *header; header++) {
    struct curl_slist *longer = curl_slist_append(headers, *header);
    if (longer) headers = longer;
  }
  curl_easy_setopt(curl, CURLOPT_URL, request->url);
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "zoo");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 512L * 1024);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, request->connect_seconds);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, request->idle_seconds);
  if (request->certificates) curl_easy_setopt(curl, CURLOPT_CAINFO, request->certificates);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_head);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, request);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, request);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, ask);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, request);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
  CURLcode code = curl_easy_perform(curl);
  snprintf(message, 256, "%s", words[0] ? words : curl_easy_strerror(code));
  give_back(curl);
  curl_slist_free_all(headers);
  return failure(code, message);
}
