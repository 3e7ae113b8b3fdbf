// SPDX-License-Identifier: Apache-2.0
/* toml -- what a settings file needs of TOML 1.0: comments, [tables] of one name, bare keys, and as
 * values strings (basic and literal, one line), integers, true and false, arrays of strings.
 *
 * Thread:   any.
 * Bound:    TOML_TEXT_MAX bytes a string, TOML_ITEMS_MAX items an array, TOML_NAME_MAX bytes a
 *           name.
 * Promise:  what it does not know it refuses, with line and column; it never guesses.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { TOML_TEXT_MAX = 4096, TOML_ITEMS_MAX = 256, TOML_NAME_MAX = 64 };

enum toml_kind { TOML_STRING, TOML_INTEGER, TOML_BOOL, TOML_ARRAY };

struct toml_pair {
    struct str table; // empty: before the first [table]
    struct str key;
    uint32_t line, column;             // of the key, from 1; columns count bytes
    uint32_t value_line, value_column; // of the value
    enum toml_kind kind;
    struct str text;         // STRING, decoded
    int64_t number;          // INTEGER
    bool flag;               // BOOL
    const struct str *items; // ARRAY
    uint32_t item_count;
};

struct toml_fault {
    uint32_t line, column;
    const char *why; // static
};

struct toml_reader {
    /* Each pair in order, borrowed for the call; false stops the reading. */
    bool (*pair)(void *user, const struct toml_pair *pair);
    void *user;
};

/* ERR_PROTO: `ret_fault` says where and why; ERR_CLOSED: `pair` stopped it; ERR_NOMEM. */
MUST_USE enum err toml_read(struct str text, const struct toml_reader *reader,
                            struct toml_fault *ret_fault);
