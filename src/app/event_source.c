// SPDX-License-Identifier: Apache-2.0
#include "app/event_source.h"

#include <string.h>

void event_source_init(struct event_source *source)
{
    *source = (struct event_source){.retry_ms = 0};
    buf_init(&source->line, MEM_OTHER, EVENT_SOURCE_BYTES_MAX);
    buf_init(&source->data, MEM_OTHER, EVENT_SOURCE_BYTES_MAX);
}

void event_source_done(struct event_source *source)
{
    buf_done(&source->line);
    buf_done(&source->data);
}

void event_source_restart(struct event_source *source)
{
    buf_reset(&source->line);
    buf_reset(&source->data);
    source->after_cr = false;
    source->has_data = false;
}

static void on_field(struct event_source *source, struct str name, struct str value)
{
    uint64_t retry_ms = 0;
    if (str_eq(name, STR("data"))) {
        if (source->has_data) {
            buf_add_byte(&source->data, '\n');
        }
        buf_add_str(&source->data, value);
        source->has_data = true;
    } else if (str_eq(name, STR("id")) && value.len < sizeof(source->id) &&
               memchr(value.at, '\0', value.len) == NULL) {
        memcpy(source->id, value.at, value.len);
        source->id[value.len] = '\0';
    } else if (str_eq(name, STR("retry")) && str_to_u64(value, UINT32_MAX, &retry_ms)) {
        source->retry_ms = (uint32_t)retry_ms;
    }
}

static void on_line(struct event_source *source, void (*event)(void *user, struct str data),
                    void *user)
{
    const struct str line = buf_str(&source->line);
    if (line.len == 0) {
        if (source->has_data) {
            event(user, buf_str(&source->data));
        }
        buf_reset(&source->data);
        source->has_data = false;
        return;
    }
    if (line.at[0] != ':') {
        struct str value;
        const struct str name = str_cut(line, ':', &value);
        if (value.len > 0 && value.at[0] == ' ') {
            value = (struct str){.at = value.at + 1, .len = value.len - 1};
        }
        on_field(source, name, value.len == 0 ? STR("") : value);
    }
    buf_reset(&source->line);
}

enum err event_source_feed(struct event_source *source, struct str bytes,
                           void (*event)(void *user, struct str data), void *user)
{
    for (size_t i = 0; i < bytes.len; i++) {
        const char c = bytes.at[i];
        const bool is_second_half = c == '\n' && source->after_cr;
        source->after_cr = c == '\r';
        if (is_second_half) {
            continue;
        }
        if (c == '\n' || c == '\r') {
            on_line(source, event, user);
        } else {
            buf_add_byte(&source->line, (uint8_t)c);
        }
        if (!buf_ok(&source->line) || !buf_ok(&source->data)) {
            return ERR_LIMIT;
        }
    }
    return ERR_OK;
}
