// SPDX-License-Identifier: Apache-2.0
#include "bench/known.h"

#include "base/mem.h"

#include <string.h>

void known_done(struct known *known)
{
    mem_free(MEM_OTHER, known->frames);
    known->frames = NULL;
}

const struct known_frame *known_find(const struct known *known, uint64_t prev, struct str bytes)
{
    if (known->frames == NULL) {
        return NULL;
    }
    const struct known_frame *frame = &known->frames[prev % KNOWN_FRAMES];
    const bool is_it = frame->len > 0 && frame->event.prev == prev && frame->len <= bytes.len &&
                       memcmp(frame->bytes, bytes.at, frame->len) == 0;
    return is_it ? frame : NULL;
}

void known_add(struct known *known, const struct known_event *event, struct str bytes)
{
    if (known->frames == NULL) {
        known->frames = mem_new(MEM_OTHER, KNOWN_FRAMES * sizeof(*known->frames));
    }
    if (known->frames == NULL || bytes.len > KNOWN_BYTES_MAX) {
        return;
    }
    struct known_frame *frame = &known->frames[event->prev % KNOWN_FRAMES];
    frame->event = *event;
    frame->len = (uint32_t)bytes.len;
    memcpy(frame->bytes, bytes.at, bytes.len);
}
