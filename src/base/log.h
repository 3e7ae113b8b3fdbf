// SPDX-License-Identifier: Apache-2.0
/* log -- one JSON object a line on stderr.
 *
 * Thread:  any; a line is one write, so lines never mix.
 * Bound:   LOG_LINE_MAX bytes; a longer value is cut and marked.
 * Promise: whatever bytes a value holds, the line stays one valid JSON object; tokens and tickets
 *          are never given to it.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

enum { LOG_LINE_MAX = 4096, LOG_FIELDS_MAX = 16 };
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
    const char *name;
    enum { LOG_FIELD_STR, LOG_FIELD_I64 } kind;
    struct str text;
    int64_t number;
};

#define LOG_STR(field_name, value)                                                                 \
    ((struct log_field){.name = (field_name), .kind = LOG_FIELD_STR, .text = (value)})
#define LOG_I64(field_name, value)                                                                 \
    ((struct log_field){.name = (field_name), .kind = LOG_FIELD_I64, .number = (int64_t)(value)})

/* log_line(LOG_INFO, "listening", LOG_STR("addr", addr), LOG_I64("workers", n)) */
#define log_line(level, msg, ...)                                                                  \
    log_write((level), (msg), (const struct log_field[]){__VA_ARGS__},                             \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

void log_write(enum log_level level, const char *msg, const struct log_field *fields,
               size_t field_count);
/* Of what may happen at every turn a line a minute is told, with how many `times`. */
enum { LOG_PACE_MS = 60 * 1000 };
struct log_pace {    // one thread's; {0}: it has not happened
    int64_t next_ms; // mono
    uint64_t untold;
};
/* It happened: so often since it was told, this time too; 0: it is not to be told yet. */
uint64_t log_pace_count(struct log_pace *pace, int64_t now_ms);
void log_set_level(enum log_level level); // any thread
/* "debug" "info" "warn" "error"; false when it is none of them. */
bool log_level_parse(struct str name, enum log_level *ret_level);
