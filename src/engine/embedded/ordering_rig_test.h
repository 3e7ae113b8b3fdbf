// SPDX-License-Identifier: Apache-2.0
/* ordering_rig_test -- an ordering point over a store in memory, whose transactions are published
 * to a bus and a tail as they are committed.
 *
 * Thread:  its test's.
 */
#pragma once

#include "engine/embedded/act_case.h"
#include "engine/embedded/bus.h"
#include "engine/embedded/log_tail.h"
#include "engine/embedded/ordering.h"
#include "engine/embedded/outbox.h"
#include "hub/port.h"

#include <stdint.h>

struct ordering_rig {
    struct store store;
    struct store_identity identity;
    struct ordering ordering;
    struct bus bus;
    struct log_tail tail;
    const struct embedded_rules *rules; // borrowed until it is closed
    struct moment now;                  // at which all is done; a test may set it
};

void ordering_rig_open(struct ordering_rig *rig, const struct embedded_rules *rules,
                       struct moment now);
void ordering_rig_close(struct ordering_rig *rig);
void ordering_rig_reopen(struct ordering_rig *rig); // the ordering point, as after a restart
struct outlet ordering_rig_outlet(struct ordering_rig *rig);

/* ---- a transaction ---- */
void ordering_rig_begin(struct ordering_rig *rig);
void ordering_rig_commit(struct ordering_rig *rig);

/* ---- inside one ---- */
/* A comment that says "secret". */
struct submit ordering_rig_comment(const char *stream, const char *user);
/* It is accepted; gives its seq. */
uint64_t ordering_rig_post(struct ordering_rig *rig, const struct submit *submit);
struct act_verdict ordering_rig_act(struct ordering_rig *rig, const struct act_call *call);
