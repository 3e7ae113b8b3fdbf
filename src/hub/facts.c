// SPDX-License-Identifier: Apache-2.0
#include "hub/facts.h"

#include "base/mutant.h"
#include "wire/json_slice.h"

#include <string.h>

static struct str body_of(const struct event *event)
{
    return (struct str){.at = event->body, .len = event->body_len};
}

static struct str target_of(const struct event *event)
{
    return json_slice_member(body_of(event), STR("target"));
}

static void drop(struct stream *stream, uint32_t i)
{
    event_unref(stream->pins[i]);
    stream->pin_count--;
    memmove(stream->pins + i, stream->pins + i + 1,
            (stream->pin_count - i) * sizeof(struct event *));
}

static void unpin(struct stream *stream, struct str target)
{
    for (uint32_t i = stream->pin_count; i > 0; i--) {
        if (str_eq(target_of(stream->pins[i - 1]), target)) {
            drop(stream, i - 1);
        }
    }
}

static void pin(struct stream *stream, struct event *event)
{
    unpin(stream, target_of(event));
    if (stream->pin_count == PINS_MAX) {
        drop(stream, 0);
    }
    stream->pins[stream->pin_count++] = event_ref(event);
}

void facts_done(struct stream *stream)
{
    event_unref(stream->settings);
    stream->settings = NULL;
    while (stream->pin_count > 0) {
        drop(stream, stream->pin_count - 1);
    }
}

void facts_take_watch(struct stream *stream)
{
    struct watch *watch = &stream->watch;
    facts_done(stream);
    stream->settings = watch->settings;
    watch->settings = NULL;
    for (int i = 0; i < PINS_MAX && watch->pins[i] != NULL; i++) {
        stream->pins[stream->pin_count++] = watch->pins[i];
        watch->pins[i] = NULL;
    }
}

void facts_take(struct stream *stream, struct event *event)
{
    if (event->kind == EVENT_SETTINGS) {
        event_unref(stream->settings);
        stream->settings = event_ref(event);
    } else if (event->kind == EVENT_PIN) {
        pin(stream, event);
    } else if (event->kind == EVENT_UNPIN) {
        unpin(stream, target_of(event));
    }
}

enum err facts_redact(struct stream *stream, const struct removal *removal)
{
    return mutant(PIN_UNREDACTED) ? ERR_OK
                                  : removal_events(removal, stream->pins, stream->pin_count);
}

void facts_tell(const struct stream *stream, struct signals_hello *hello)
{
    if (stream->settings != NULL) {
        hello->slow = json_slice_member(body_of(stream->settings), STR("slow"));
        hello->modes = json_slice_member(body_of(stream->settings), STR("modes"));
    }
    for (uint32_t i = 0; i < stream->pin_count; i++) {
        hello->pins[i] = json_slice_member(body_of(stream->pins[i]), STR("comment"));
    }
}
