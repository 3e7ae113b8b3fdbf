// SPDX-License-Identifier: Apache-2.0
/* remote -- the server that `roar post` and `roar tail` talk to: --url, --token, or ROAR_URL,
 * ROAR_TOKEN. */
#pragma once

#include "app/client.h"
#include "app/options.h"
#include "base/buf.h"

#define REMOTE_OPTIONS                                                                             \
    {.name = "url", .has_value = true}, {.name = "token", .has_value = true},                      \
        {.name = "json", .has_value = false},                                                      \
    {                                                                                              \
        .name = "help", .has_value = false                                                         \
    }
#define REMOTE_HELP                                                                                \
    "  --url URL      where the server is; or ROAR_URL [http://127.0.0.1:8080]\n"                  \
    "  --token JWT    as whom; or ROAR_TOKEN\n"

struct remote {
    struct client_url url;
    const char *token; // NULL: as nobody
};

/* ERR_PROTO: `why` is a sentence for the user. */
MUST_USE enum err remote_find(const struct options *options, struct remote *ret_remote,
                              char why[CLIENT_WHY_MAX]);
/* The Authorization line, when there is a token. */
void remote_write_auth(const struct remote *remote, struct buf *headers);
/* A GET of `path` there; both are borrowed. */
struct client_request remote_get(const struct remote *remote, const struct buf *path,
                                 const struct buf *headers, uint32_t silence_ms);
/* "rate_user: Too many comments (429)" of a problem document, harmless for a terminal. */
void remote_explain(int status, struct str body, char why[CLIENT_WHY_MAX]);
