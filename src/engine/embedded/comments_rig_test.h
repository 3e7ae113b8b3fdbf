// SPDX-License-Identifier: Apache-2.0
/* comments_rig_test -- a log in memory for the tests of what becomes of comments: posts, removes,
 * restores as the ordering point would.
 *
 * Thread:  its test's.
 */
#pragma once

#include "engine/embedded/removals.h"
#include "engine/embedded/store.h"
#include "engine/embedded/store_breaks_test.h"
#include "engine/embedded/store_number_test.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/store_schema.h"
#include "engine/embedded/store_streams.h"

#include <stdint.h>

enum { COMMENTS_RIG_TEXT_MAX = 1 << 20 };

struct comments_rig {
    struct restoring_out out; // first
    struct store store;
    struct store_identity identity;
    struct store_stream streams[2]; // "demo" and "other"
    uint64_t seq[2], public_seq[2]; // newest of each, and of those that everybody sees
    uint64_t next_n;
    uint32_t restores, retracts;      // events that everybody is told of
    uint32_t hidden_restores;         // that eve alone is
    char told[COMMENTS_RIG_TEXT_MAX]; // what restores and retracts said, one after the other
    size_t told_len;
};

/* For cmocka: inside a write transaction. */
int comments_rig_set_up(void **state);
int comments_rig_tear_down(void **state);

#define COMMENTS_RIG_TEST(name)                                                                    \
    cmocka_unit_test_setup_teardown(name, comments_rig_set_up, comments_rig_tear_down)
/* Each thing that the store does for `work` fails in turn, on a rig of its own: `work` says so. It
 * arms `breaks` with what it is given when all that it needs is there. */
struct comments_rig_break {
    enum store_breaks_what what;
    uint64_t n;
    struct store_breaks *breaks;
};
void comments_rig_break_all(void **state, enum err (*work)(struct comments_rig *rig,
                                                           const struct comments_rig_break *at));

/* A comment of `user` in stream 0 or 1; gives its seq. */
uint64_t comments_rig_post(struct comments_rig *rig, int stream, const char *user,
                           const char *text);
uint64_t comments_rig_post_shadowed(struct comments_rig *rig, const char *user, const char *text);
/* An event that carries the comment at `seq`; gives its row. */
uint64_t comments_rig_pin(struct comments_rig *rig, uint64_t seq);

struct removals_by comments_rig_by(struct comments_rig *rig, uint64_t act); // in stream 0
/* How what stands there is seen. */
enum comment_state comments_rig_state(struct comments_rig *rig, uint64_t seq);
/* Whether the text stands anywhere in `log`. */
bool comments_rig_log_holds(struct comments_rig *rig, const char *text);
/* All that is left is rewritten and restored. */
void comments_rig_finish(struct comments_rig *rig);
