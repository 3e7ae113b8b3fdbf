// SPDX-License-Identifier: Apache-2.0
/* door -- whether a stream is open, and viewers going in and out of it.
 *
 * Used by:  stream.c, and the rooms of its viewers.
 * Thread:   the hub's reactor.
 */
#pragma once

#include "hub/heart.h"

bool door_is_open(const struct stream *stream); // it has all up to `heard` and follows
/* While it is not open a removal may have passed by unseen, so that nothing leaves. */
bool door_may_send(const struct stream *stream);
void door_step_soon(struct stream *stream);

void door_enter(struct stream *stream, struct viewer *viewer);
void door_leave(struct viewer *viewer); // the viewer is IDLE
/* Nobody reads it, from now on or any more. */
void door_begin_idle(struct stream *stream);
void door_end_idle(struct stream *stream);
