// SPDX-License-Identifier: Apache-2.0
/* json -- strict JSON in (over jansson: UTF-8, NUL allowed so that it can be named, duplicate keys
 * refused, bounded depth, keys and size), escaping text out.
 *
 * Reading copies into the tree; strings stay borrowed from it until json_free(). Writing never
 * fails by itself: struct buf remembers.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { JSON_DEPTH_MAX = 16, JSON_KEYS_MAX = 64 };

struct json; // an opaque tree; any value in it is a borrowed `const struct json *`

enum json_kind {
    JSON_KIND_NULL,
    JSON_KIND_BOOL,
    JSON_KIND_INTEGER,
    JSON_KIND_REAL,
    JSON_KIND_STRING,
    JSON_KIND_ARRAY,
    JSON_KIND_OBJECT
};

/* Where and why, for the problem's detail: "line 1 column 17: ..." */
struct json_fault {
    char detail[160];
};

struct json_limits {
    size_t depth, keys;
};

/* ERR_PROTO (fault says why): not one JSON value, bad UTF-8, too deep, too many keys; ERR_NOMEM.
 * The caller bounds len. */
MUST_USE enum err json_parse(struct str text, struct json **ret_root, struct json_fault *fault);
/* The same within other limits than JSON_DEPTH_MAX and JSON_KEYS_MAX. */
MUST_USE enum err json_parse_within(struct str text, const struct json_limits *limits,
                                    struct json **ret_root, struct json_fault *fault);
/* The same for a document that is ours or the operator's and may have more keys (a JWKS). */
MUST_USE enum err json_parse_with(struct str text, size_t keys_max, struct json **ret_root,
                                  struct json_fault *fault);
void json_free(struct json *root); // NULL is legal
/* A value kept beyond its tree, on the tree's thread; given back by json_free(). */
struct json *json_share(const struct json *value);

enum json_kind json_kind(const struct json *value); // NULL is a JSON_KIND_NULL
const struct json *json_member(const struct json *object, const char *name); // NULL: absent
/* All false/untouched when the value is NULL or of another type. */
bool json_get_str(const struct json *value, struct str *ret_text);
bool json_get_i64(const struct json *value, int64_t *ret_number);
bool json_get_f64(const struct json *value, double *ret_number); // of an integer, too
bool json_get_bool(const struct json *value, bool *ret_flag);
size_t json_length(const struct json *array); // 0 when it is none
const struct json *json_at(const struct json *array, size_t index);

/* Writes a quoted string: valid UTF-8 goes through, quotes, backslash, controls, U+2028 and U+2029
 * are escaped; a byte that is not UTF-8 becomes U+FFFD. The result never holds CR or LF. */
void json_write_str(struct buf *out, struct str text);
/* ,"name":  with the comma only when the buffer does not end in an opening bracket. */
void json_write_name(struct buf *out, const char *name);
void json_write_member_str(struct buf *out, const char *name, struct str text);
void json_write_member_u64(struct buf *out, const char *name, uint64_t value);
void json_write_member_i64(struct buf *out, const char *name, int64_t value);
void json_write_member_bool(struct buf *out, const char *name, bool value);
/* Any value as it was read, members in their order; NULL is null. */
void json_write_value(struct buf *out, const struct json *value);
