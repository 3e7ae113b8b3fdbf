// SPDX-License-Identifier: Apache-2.0
#include "api/pin_list.h"

#include "hub/port.h"
#include "wire/json.h"
#include "wire/json_slice.h"

struct pins {
    uint64_t targets[PINS_MAX];
    struct str comments[PINS_MAX]; // borrowed from the events
    uint32_t count;
};

static void take(struct pins *pins, uint64_t target)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < pins->count; i++) {
        if (pins->targets[i] != target) {
            pins->targets[kept] = pins->targets[i];
            pins->comments[kept++] = pins->comments[i];
        }
    }
    pins->count = kept;
}

static void put(struct pins *pins, uint64_t target, struct str comment)
{
    take(pins, target);
    if (pins->count == PINS_MAX) { // its unpin is on its way
        take(pins, pins->targets[0]);
    }
    pins->targets[pins->count] = target;
    pins->comments[pins->count++] = comment;
}

void pin_list_write(struct buf *out, struct event *const *events, uint32_t count)
{
    struct pins pins = {.count = 0};
    for (uint32_t i = 0; i < count; i++) {
        const struct event *event = events[i];
        const struct str body = {.at = event->body, .len = event->body_len};
        uint64_t target = 0;
        if (!str_to_u64(json_slice_member(body, STR("target")), SEQ_MAX, &target)) {
            continue;
        }
        if (event->kind == EVENT_PIN) {
            put(&pins, target, json_slice_member(body, STR("comment")));
        } else if (event->kind == EVENT_UNPIN) {
            take(&pins, target);
        }
    }
    json_write_name(out, "pins");
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < pins.count; i++) {
        buf_add_str(out, i == 0 ? STR_NONE : STR(","));
        buf_add_str(out, pins.comments[i].len == 0 ? STR("null") : pins.comments[i]);
    }
    buf_add_byte(out, ']');
}
