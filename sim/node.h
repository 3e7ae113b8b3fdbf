// SPDX-License-Identifier: Apache-2.0
/* node -- the server's process: a stepped engine and the hubs of its reactors, all real; their
 * mailboxes are queues in virtual time.
 *
 * It ends in three ways: drained; killed (its files are as it wrote them); by a power cut. A crash
 * falls amid what it does: what it does after that, nobody sees, and it is taken down like any so
 * that what it holds is given back.
 */
#pragma once

#include "world.h"

void node_begin(struct world *world); // before its first start
void node_start(struct world *world);
void node_drain(struct world *world);
/* The disk has crashed: the process is gone. */
void node_die(struct world *world);
void node_step_reactor(struct world *world, struct reactor *reactor);
void node_step_writer(struct world *world);
void node_step_reader(struct world *world);
/* The engine was asked for something. */
void node_poke(struct world *world);
