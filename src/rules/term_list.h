// SPDX-License-Identifier: Apache-2.0
/* term_list -- lists of terms as people write them.
 *
 *      JSON   [{"text":"buy now","match":"substring","action":"hold"}]     act `terms`
 *      file   # comment                                          moderation.terms_file
 *             buy now[TAB substring[TAB hold]]
 *
 * Without `match` a term is a word, without `action` it refuses. White space at the ends of a line,
 * empty lines and a byte order mark are of no account. A term that begins with # cannot stand in a
 * file.
 *
 * Promise:  all or nothing: a list with a bad line is refused, and the first bad lines are named.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "rules/terms.h"
#include "wire/json.h"

#include <stdint.h>

enum { TERM_LIST_FILE_BYTES_MAX = 8 * 1024 * 1024, TERM_LIST_WHY_MAX = 160 };

struct term_list_fault { // "line 3: ...; also lines 7, 9 and 2 more"
    char text[TERM_LIST_WHY_MAX];
};

/* `*ret_terms` is a reference; NULL for a list without terms. ERR_PROTO, ERR_LIMIT: `fault` says
 * where and why, the terms of a JSON list are counted from 1; ERR_NOMEM. */
MUST_USE enum err term_list_read_file(struct str text, struct terms **ret_terms,
                                      struct term_list_fault *fault);
MUST_USE enum err term_list_read_json(struct str text, struct terms **ret_terms,
                                      struct term_list_fault *fault);
/* The same of a list that is a member of a document. */
MUST_USE enum err term_list_read_value(const struct json *list, struct terms **ret_terms,
                                       struct term_list_fault *fault);

/* The JSON array, `[]` for NULL. */
void term_list_write(struct buf *out, const struct terms *terms);
