// SPDX-License-Identifier: Apache-2.0
/* attendance -- who is really there, and that presence says so: P11. An answer counts nobody who
 * is gone longer than the TTL + 1 s, and everybody who is there longer than 1 s; at rest it is
 * exact.
 */
#pragma once

#include "world.h"

void attendance_begin(struct world *world);
void attendance_reset(struct world *world); // a new process: nobody is there
void attendance_enter(struct world *world, uint8_t stream, uint8_t identity);
void attendance_leave(struct world *world, uint8_t stream, uint8_t identity);
void attendance_beat(struct world *world, uint8_t stream, uint8_t identity);
/* The machine slept for so long: what was on its way (a coming, a beat, a leave) is as old as its
 * arrival. */
void attendance_slept(struct world *world, int64_t ms);
void attendance_step(struct world *world); // asks one of the hubs
