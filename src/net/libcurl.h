// SPDX-License-Identifier: Apache-2.0
/* libcurl -- libcurl, loaded when the first hook needs it: with all that it loads itself it would
 * double the time a start takes and cost 5 MB, and most servers have no hook.
 *
 * Used by:  outcalls.c.
 * Thread:   libcurl_load() main's; what it gives is as libcurl(3) says.
 */
#pragma once

#include "base/err.h"

#include <curl/curl.h>

/* The functions we call, under their own names without `curl_`. */
struct libcurl {
    __typeof__(&curl_global_init) global_init;
    __typeof__(&curl_easy_init) easy_init;
    CURLcode (*easy_setopt)(CURL *easy, CURLoption option, ...);
    CURLcode (*easy_getinfo)(CURL *easy, CURLINFO info, ...);
    __typeof__(&curl_easy_cleanup) easy_cleanup;
    __typeof__(&curl_easy_strerror) easy_strerror;
    __typeof__(&curl_slist_append) slist_append;
    __typeof__(&curl_slist_free_all) slist_free_all;
    __typeof__(&curl_multi_init) multi_init;
    CURLMcode (*multi_setopt)(CURLM *multi, CURLMoption option, ...);
    __typeof__(&curl_multi_add_handle) multi_add_handle;
    __typeof__(&curl_multi_remove_handle) multi_remove_handle;
    __typeof__(&curl_multi_poll) multi_poll;
    __typeof__(&curl_multi_perform) multi_perform;
    __typeof__(&curl_multi_info_read) multi_info_read;
    __typeof__(&curl_multi_cleanup) multi_cleanup;
    __typeof__(&curl_url) url;
    __typeof__(&curl_url_set) url_set;
    __typeof__(&curl_url_get) url_get;
    __typeof__(&curl_url_cleanup) url_cleanup;
    __typeof__(&curl_free) free;
};

/* Static, once loaded, until the process ends. ERR_NOT_FOUND: it is not installed, or older than
 * 7.85. */
MUST_USE enum err libcurl_load(const struct libcurl **ret_libcurl);
