// SPDX-License-Identifier: Apache-2.0
/* fake_reader_test -- who watches a hub in its tests: takes as many bytes as it is allowed, and its
 * prover checks what it gets.
 */
#pragma once

#include "hub/fake_test.h"

struct fake_reader {
    struct viewer viewer; // first
    struct hub *hub;
    uint32_t room; // bytes it takes before it is full; UINT32_MAX: any
    struct fake_truth truth;
    bool is_open, is_refused, joined, was_cut;
    enum viewer_refusal refusal;
    struct prover prover;
};
void fake_reader_join(struct fake_reader *reader, struct hub *hub, struct fake_engine *engine,
                      const struct join *join);
/* Nothing where it could not: it polls, or is not in, or there is no memory. */
void fake_reader_change_lane(struct fake_reader *reader, enum lane lane);
uint64_t fake_reader_users_asked(void); // how often a hub wanted to know who one of them is
void fake_reader_leave(struct fake_reader *reader);
void fake_reader_say_own(struct fake_reader *reader); // its connection does, if it can
void fake_reader_allow(struct fake_reader *reader, uint32_t bytes); // more room
