// SPDX-License-Identifier: Apache-2.0
/* str -- borrowed text that carries its length. Never assumed to end in NUL, may hold any byte. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *at; // borrowed; NULL only when len is 0
    size_t len;     // bytes
};

#define STR(literal) ((struct str){.at = "" literal, .len = sizeof(literal) - 1})
#define STR_NONE ((struct str){.at = NULL, .len = 0})
/* For printf's "%.*s". */
#define STR_ARG(s) (int)(s).len, (s).at

static inline struct str str_of(const char *text)
{
    return (struct str){.at = text, .len = text == NULL ? 0 : strlen(text)};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* ASCII letters of either case are equal. */
bool str_eq_nocase(struct str a, struct str b);
bool str_has_prefix(struct str text, struct str prefix);

/* The part before the first `byte`; `*rest` becomes what follows it, or empty when there is none.
 * `rest` may be &text. */
struct str str_cut(struct str text, char byte, struct str *rest);

/* Without leading and trailing SP and HTAB. */
struct str str_trim(struct str text);

/* Decimal digits only, no sign, no space; false when empty, not a number or above `max`. `*ret`
 * untouched then. */
bool str_to_u64(struct str text, uint64_t max, uint64_t *ret);
