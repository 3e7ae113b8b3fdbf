// SPDX-License-Identifier: Apache-2.0
/* options -- a command's arguments: `--name value`, `--name=value`, `--flag`, words; `--` ends the
 * options. */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { OPTIONS_MAX = 64, OPTIONS_WORDS_MAX = 8, OPTIONS_WHY_MAX = 256 };

struct option_kind {
    const char *name; // without dashes
    bool has_value;
};

struct options_spec {
    const struct option_kind *kinds; // ended by a NULL name
    bool takes_settings;             // and all of setting_table
    uint32_t words_min, words_max;
};

struct options {
    struct {
        const char *name, *value; // name: static or of the arguments; value: of the arguments
        uint32_t name_len;
    } given[OPTIONS_MAX]; // in order
    uint32_t count;
    const char *words[OPTIONS_WORDS_MAX];
    uint32_t word_count;
};

/* `args` ends with NULL. ERR_PROTO: `why` is a sentence for the user. */
MUST_USE enum err options_read(const struct options_spec *spec, char *const *args,
                               struct options *ret_options, char why[OPTIONS_WHY_MAX]);
bool options_has(const struct options *options, const char *name);
/* The last one given, or NULL. */
const char *options_value(const struct options *options, const char *name);
/* That, else what the environment's variable says: an empty one says nothing. */
const char *options_value_or(const struct options *options, const char *name, const char *variable);
/* Each one given in turn; *at starts at 0; NULL is the end. */
const char *options_next(const struct options *options, const char *name, uint32_t *at);
