// SPDX-License-Identifier: Apache-2.0
/* asset -- the pages and their scripts, as bytes inside the binary.
 *
 * Owns:     nothing; the bytes are constants that tools/embed writes at build time.
 * Used by:  the route that serves pages.
 * Thread:   any; everything here is read-only.
 * Bound:    the files of web/, a handful.
 * Promise:  two builds of the same sources have the same paths, bytes and ETags.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What every answer that carries HTML says beside its own headers. The page needs no more than
 * this: its script and style are files of ours, and no string ever becomes markup. */
#define ASSET_CONTENT_SECURITY_POLICY                                                              \
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "                \
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "          \
    "require-trusted-types-for 'script'; trusted-types 'none'"

/* One representation. Each has a strong ETag of its own (RFC 9110 8.8.3): the same words in another
 * coding are other bytes. */
struct asset_body {
    const uint8_t *bytes; // NULL where this coding would not be smaller than the plain bytes
    size_t bytes_count;
    const char *etag; // quoted
};

struct asset {
    const char *path;  // what the URL's path is, "/" for the page
    const char *type;  // Content-Type
    const char *cache; // Cache-Control; immutable where the path holds the content's hash
    struct asset_body plain;
    struct asset_body gzip;
    struct asset_body brotli;
};

/* The asset at exactly this path (no query, percent signs not decoded), or NULL. */
const struct asset *asset_find(const char *path, size_t path_bytes);

/* Every asset, paths unique and in strcmp() order: the file that tools/embed writes. */
extern const struct asset asset_table[];
extern const size_t asset_table_count;
