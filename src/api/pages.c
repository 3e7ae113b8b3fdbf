// SPDX-License-Identifier: Apache-2.0
#include "api/pages.h"

#include "api/ask.h"
#include "api/asset.h"
#include "api/etag.h"
#include "api/respond.h"
#include "wire/accept_encoding.h"

enum { PAGE_HEADERS_BYTES_MAX = 2048 };

enum pages_coding pages_coding_for(struct str accept_encoding)
{
    const bool gzip = accept_encoding_takes(accept_encoding, STR("gzip"));
    const bool brotli = accept_encoding_takes(accept_encoding, STR("br"));
    return brotli ? PAGES_BROTLI : gzip ? PAGES_GZIP : PAGES_PLAIN;
}

static const struct asset_body *body_for(const struct asset *asset, struct str accept,
                                         const char **ret_coding)
{
    const enum pages_coding coding = pages_coding_for(accept);
    if (coding == PAGES_BROTLI && asset->brotli.bytes != NULL) {
        *ret_coding = "br";
        return &asset->brotli;
    }
    if (coding != PAGES_PLAIN && asset->gzip.bytes != NULL) {
        *ret_coding = "gzip";
        return &asset->gzip;
    }
    *ret_coding = NULL;
    return &asset->plain;
}

static void add_headers(struct buf *out, const struct asset *asset, const struct asset_body *body,
                        const char *coding)
{
    buf_addf(out, "Cache-Control: %s\r\nETag: %s\r\nVary: Accept-Encoding\r\n", asset->cache,
             body->etag);
    if (coding != NULL) {
        buf_addf(out, "Content-Encoding: %s\r\n", coding);
    }
    buf_add_str(out, STR("Cross-Origin-Opener-Policy: same-origin\r\n"
                         "Referrer-Policy: no-referrer\r\n"));
    if (str_has_prefix(str_of(asset->type), STR("text/html"))) {
        buf_add_str(out, STR("Content-Security-Policy: " ASSET_CONTENT_SECURITY_POLICY "\r\n"));
    }
}

void pages_get(struct ask *ask)
{
    const struct str path = ask->request->path;
    const struct asset *asset = asset_find(path.at, path.len);
    if (asset == NULL) {
        ask_fail(ask, PROBLEM_NOT_FOUND, NULL, "There is no such file in this version.");
        return;
    }
    const char *coding = NULL;
    const struct asset_body *body =
        body_for(asset, request_field(ask->request, "accept-encoding"), &coding);
    struct buf headers;
    buf_init(&headers, MEM_CONN, PAGE_HEADERS_BYTES_MAX);
    add_headers(&headers, asset, body, coding);
    struct answer answer = {
        .status = 200,
        .type = str_of(asset->type),
        .body = {.at = (const char *)body->bytes, .len = body->bytes_count},
        .headers = buf_str(&headers),
    };
    if (etag_is_named(request_field(ask->request, "if-none-match"), str_of(body->etag))) {
        answer = (struct answer){.status = 304, .headers = buf_str(&headers)};
    }
    respond_bytes(ask->exchange, &answer);
    buf_done(&headers);
}
