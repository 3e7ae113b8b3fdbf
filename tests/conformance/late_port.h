// SPDX-License-Identifier: Apache-2.0
/* late_port -- a port before another that answers late and out of order, under a seed, as a remote
 * engine might: answers are held back and handed over shuffled; a watch's events come when its own
 * `done` was handed over, in order.
 *
 * Owns:    a thread that is the home of every call passed on.
 * Thread:  any asks; answers go to the askers' homes.
 * Promise: what port.h promises of the engine behind it still holds. Its homes are unbounded.
 */
#pragma once

#include "hub/port.h"

#include <stdint.h>

struct late_port;

struct late_port *late_port_new(struct port *behind, uint64_t seed);
struct port *late_port_port(struct late_port *late);
void late_port_free(struct late_port *late); // no call is under way
