#ifndef PUYPUY_CCURL_SHIM_H
#define PUYPUY_CCURL_SHIM_H

#include <curl/curl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

/* curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call: one shim per
   argument type. curl/curl.h's type-checking macros do not see through these, so callers pair each
   option with the type that its man page names. */

static inline CURLcode puypuy_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode puypuy_curl_set_off(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode puypuy_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode puypuy_curl_set_pointer(CURL *handle, CURLoption option, const void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode puypuy_curl_set_list(CURL *handle, CURLoption option,
                                            struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}

typedef size_t (*puypuy_curl_data_callback)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode puypuy_curl_set_data_callback(CURL *handle, CURLoption option,
                                                     puypuy_curl_data_callback callback) {
    return curl_easy_setopt(handle, option, callback);
}

typedef int (*puypuy_curl_progress_callback)(void *context, curl_off_t download_total,
                                             curl_off_t downloaded, curl_off_t upload_total,
                                             curl_off_t uploaded);

static inline CURLcode puypuy_curl_set_progress_callback(CURL *handle,
                                                         puypuy_curl_progress_callback callback) {
    return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, callback);
}

static inline CURLcode puypuy_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode puypuy_curl_get_off(CURL *handle, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode puypuy_curl_get_double(CURL *handle, CURLINFO info, double *value) {
    return curl_easy_getinfo(handle, info, value);
}

/* The string belongs to the handle and lives until its next transfer. */
static inline CURLcode puypuy_curl_get_string(CURL *handle, CURLINFO info, const char **value) {
    return curl_easy_getinfo(handle, info, (char **)value);
}

/* The socket of a connection; CURL_SOCKET_BAD without one. */
static inline curl_socket_t puypuy_curl_get_socket(CURL *handle) {
    curl_socket_t descriptor = CURL_SOCKET_BAD;
    return curl_easy_getinfo(handle, CURLINFO_ACTIVESOCKET, &descriptor) == CURLE_OK
               ? descriptor
               : CURL_SOCKET_BAD;
}

/* OpenSSL's SSL of a connection; NULL without TLS, or when libcurl uses another library. */
static inline void *puypuy_curl_get_openssl(CURL *handle) {
    struct curl_tlssessioninfo *session = NULL;
    CURLcode code = curl_easy_getinfo(handle, CURLINFO_TLS_SSL_PTR, &session);
    if (code != CURLE_OK || session == NULL || session->backend != CURLSSLBACKEND_OPENSSL) {
        return NULL;
    }
    return session->internals;
}

/* tcp(7), SIOCOUTQ: the bytes that the peer's kernel has not acknowledged; -1 when unknown.
   ioctl(2) is variadic. */
static inline int puypuy_socket_unacknowledged(int descriptor) {
    int count = 0;
    return ioctl(descriptor, SIOCOUTQ, &count) == 0 ? count : -1;
}

/* The option was renamed in 7.85.0, and the old name deprecated. */
static inline CURLcode puypuy_curl_allow_http_only(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    return curl_easy_setopt(handle, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

/* Without it (new in 7.87.0), giving up on a name look-up waits for the resolver's thread. */
static inline CURLcode puypuy_curl_leave_resolver(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x075700
    return curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
#else
    (void)handle;
    return CURLE_OK;
#endif
}

#endif
