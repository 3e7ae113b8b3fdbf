// SPDX-License-Identifier: Apache-2.0
/* subject -- an engine under test: what the suite asks of it beside src/hub/port.h.
 *
 * Time is the test's: `clock` stands still until it is moved.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "engine/embedded/embedded.h"
#include "hub/port.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct test_clock {
    struct clock clock; // first
    _Atomic int64_t mono_ms, wall_ms;
};

struct subject {
    struct test_clock clock;
    struct embedded_rules rules; // of the next start
    uint32_t posts_waiting_max;
    uint32_t reads_waiting_max; // 0: as in a server
    char folder[128];           // private to the test, gone after it
    struct port *port;
    void *engine; // the subject's own
};

/* Each executable of the suite brings one of these. */
extern const char *const subject_name;
void subject_start(struct subject *subject);
void subject_stop(struct subject *subject);
void subject_set_rules(struct subject *subject, const struct embedded_rules *rules);

/* ---- shared by all of them ---- */
int subject_set_up(void **state); // started, in an empty folder
int subject_tear_down(void **state);
void subject_restart(struct subject *subject);
void subject_pass(struct subject *subject, int64_t ms); // both clocks
void subject_make_folder(char folder[128]);
void subject_remove_folder(const char *folder);
