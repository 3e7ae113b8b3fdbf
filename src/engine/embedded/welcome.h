// SPDX-License-Identifier: Apache-2.0
/* welcome -- a watch is put on a stream: what it is told of it, and from where on it hears events.
 *
 *      watch ─▶ head as committed ─▶ settings, pins ─▶ on the bus ─▶ answered: all behind is heard
 *
 * Why a watch misses nothing and gets nothing twice: it is put on by the ordering thread between
 * batches, with the head as committed then; every later event is published by that thread too, and
 * letters of one sender arrive in order. So `done`, which tells the head, is opened before the
 * events behind it, and they are all of them. Why a sync seldom needs that thread stands in
 * publication.h.
 *
 * Used by:  writer.c.
 * Thread:   the ordering thread's; between transactions.
 * Bound:    PINS_MAX pins; of sweeps under way it reads those of who wrote what is pinned.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/bus.h"
#include "engine/embedded/log_tail.h"
#include "engine/embedded/ordering.h"
#include "hub/port.h"

#include <stdbool.h>
#include <stdint.h>

struct welcome { // all borrowed
    struct ordering *ordering;
    struct bus *bus;
    struct log_tail *tail;
    struct metric *damaged;
    bool is_blind; // no disk to be read: what memory has of the stream is followed all the same
};

/* Fills in the watch's answer but for epoch and result. ERR_NOT_FOUND: streams are made explicitly,
 * and there is none; ERR_NOMEM; ERR_SYS. */
MUST_USE enum err welcome_put_on(const struct welcome *welcome, struct watch *watch,
                                 int64_t wall_ms);
