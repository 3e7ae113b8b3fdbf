// SPDX-License-Identifier: Apache-2.0
/* watcher -- people who watch: they come, go, come again where they were, read slowly or not at
 * all, or ask by long polls. Each has a prover; over its lives it keeps its own cursor, which is
 * never refused, since what it saw is durable.
 */
#pragma once

#include "world.h"

void watcher_begin(struct world *world);
void watcher_end(struct world *world);
void watcher_step(struct world *world, struct watcher *watcher);
void watcher_all_leave(struct world *world);  // the node goes down
void watcher_all_forget(struct world *world); // their cursors are of another life
void watcher_all_read(struct world *world);   // nobody is slow any more
/* At rest: everybody who watches has everything. */
void watcher_check_rest(struct world *world);
