// SPDX-License-Identifier: Apache-2.0
/* world_test -- for tests of the hub: one hub over the fake engine, a few readers, and time. */
#pragma once

#include "hub/fake_reader_test.h"
#include "hub/hub.h"

enum { WORLD_RESUME_MAX = 100, WORLD_TTL_MS = 30000 };

struct raw {
    struct viewer viewer; // first
    struct hub *hub;
    char text[4096];
    size_t len;
    bool leaves_at_open;
};

struct world {
    struct fake_engine engine;
    struct fake_home home;
    struct hub *hub;
    int64_t now_ms, wish_ms;
    struct fake_reader readers[4];
    struct raw raw;
};

/* cmocka set-ups and tear-down; `*state` is the world. */
int world_begin(void **state);
int world_begin_with(void **state, struct hub_options options);
int world_end(void **state); // nothing may be left over

void world_turn(struct world *world); // opens the letters, turns the hub once
void world_rest(struct world *world); // until nothing more happens at this time
void world_pass(struct world *world, int64_t ms);

struct fake_reader *world_join(struct world *world, int i, const struct join *join);
/* The first reader, plain and live, and nothing more happens. */
struct fake_reader *world_reader(struct world *world);
/* What hubs say of the act whose event is at `seq`. */
struct reach_call world_reach(struct world *world, uint64_t seq);
struct join world_plain(uint32_t tail); // of "demo", by the prover's encoding
struct join world_after(uint64_t seq, uint32_t tail);
void world_commit_many(struct world *world, uint32_t count);
