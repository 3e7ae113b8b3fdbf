// SPDX-License-Identifier: Apache-2.0
#include "net/libcurl.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* ISO C knows no way from an object's address to a function's; POSIX promises that the bits are the
 * same. */
static bool find(void *library, const char *name, void *ret_function)
{
    void *const symbol = dlsym(library, name);
    if (symbol != NULL) {
        memcpy(ret_function, &symbol, sizeof(symbol));
    }
    return symbol != NULL;
}

static bool find_all(void *library, struct libcurl *libcurl)
{
    const struct {
        const char *name;
        void *function;
    } wanted[] = {
        {"curl_global_init", &libcurl->global_init},
        {"curl_easy_init", &libcurl->easy_init},
        {"curl_easy_setopt", &libcurl->easy_setopt},
        {"curl_easy_getinfo", &libcurl->easy_getinfo},
        {"curl_easy_cleanup", &libcurl->easy_cleanup},
        {"curl_easy_strerror", &libcurl->easy_strerror},
        {"curl_slist_append", &libcurl->slist_append},
        {"curl_slist_free_all", &libcurl->slist_free_all},
        {"curl_multi_init", &libcurl->multi_init},
        {"curl_multi_setopt", &libcurl->multi_setopt},
        {"curl_multi_add_handle", &libcurl->multi_add_handle},
        {"curl_multi_remove_handle", &libcurl->multi_remove_handle},
        {"curl_multi_poll", &libcurl->multi_poll},
        {"curl_multi_perform", &libcurl->multi_perform},
        {"curl_multi_info_read", &libcurl->multi_info_read},
        {"curl_multi_cleanup", &libcurl->multi_cleanup},
        {"curl_url", &libcurl->url},
        {"curl_url_set", &libcurl->url_set},
        {"curl_url_get", &libcurl->url_get},
        {"curl_url_cleanup", &libcurl->url_cleanup},
        {"curl_free", &libcurl->free},
    };
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (!find(library, wanted[i].name, wanted[i].function)) {
            return false;
        }
    }
    return true;
}

enum err libcurl_load(const struct libcurl **ret_libcurl)
{
    static struct libcurl libcurl;
    static bool is_loaded;
    if (!is_loaded) {
        void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
        is_loaded = library != NULL && find_all(library, &libcurl) &&
                    libcurl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    }
    if (!is_loaded) {
        return ERR_NOT_FOUND;
    }
    *ret_libcurl = &libcurl;
    return ERR_OK;
}
