// SPDX-License-Identifier: Apache-2.0
/* wheel -- hashed timer wheel (Varghese and Lauck 1987): arming and cancelling cost O(1) for any
 * number of timers.
 *
 * Thread:  its owner's.
 * Promise: a timer fires once, not before its time, at most WHEEL_TICK_MS plus the loop's lateness
 *          after it; it may be armed again or freed in its own `fire`.
 */
#pragma once

#include "base/list.h"

#include <stdint.h>

enum { WHEEL_TICK_MS = 8, WHEEL_SLOTS = 4096 };

struct timer {
    struct link link; // in a slot of the wheel; not held: unarmed
    int64_t at_ms;    // mono
    void (*fire)(struct timer *timer);
};

struct wheel {
    struct link slots[WHEEL_SLOTS];
    uint64_t occupied[WHEEL_SLOTS / 64]; // a bit a slot that may hold timers
    int64_t now_tick;                    // all before it have fired
    uint32_t armed;
};

void wheel_init(struct wheel *wheel, int64_t now_ms);
void wheel_arm(struct wheel *wheel, struct timer *timer, int64_t at_ms); // an armed one is moved
void wheel_cancel(struct wheel *wheel, struct timer *timer);             // unarmed is legal
void wheel_turn(struct wheel *wheel, int64_t now_ms);                    // fires what is due
int64_t wheel_next_ms(
    const struct wheel *wheel); // when to turn again at the latest; INT64_MAX: nothing armed
