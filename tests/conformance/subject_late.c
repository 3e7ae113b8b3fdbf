// SPDX-License-Identifier: Apache-2.0
/* The embedded engine behind a port that answers late and out of order. */
#include "late_port.h"
#include "subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

const char *const subject_name = "late";

struct late_engine {
    struct embedded *embedded;
    struct late_port *late;
};

/* ROAR_SEED replays a run that failed. */
static uint64_t seed_of(void)
{
    const char *text = getenv("ROAR_SEED");
    const uint64_t seed = text == NULL ? 20251121 : strtoull(text, NULL, 0);
    return seed;
}

void subject_start(struct subject *subject)
{
    const struct embedded_options options = {
        .data = str_of(subject->folder),
        .clock = &subject->clock.clock,
        .readers = 2,
        .posts_waiting_max = subject->posts_waiting_max,
        .gather_ms = 4,
        .post_wait_ms_max = 500,
        .rules = subject->rules,
    };
    struct late_engine *engine = calloc(1, sizeof(*engine));
    struct embedded_fault fault = {.text = ""};
    assert_non_null(engine);
    if (embedded_open(&options, &engine->embedded, &fault) != ERR_OK) {
        fail_msg("%s", fault.text);
    }
    engine->late = late_port_new(embedded_port(engine->embedded), seed_of());
    subject->engine = engine;
    subject->port = late_port_port(engine->late);
}

void subject_stop(struct subject *subject)
{
    struct late_engine *engine = subject->engine;
    late_port_free(engine->late);
    embedded_close(engine->embedded);
    free(engine);
}

void subject_set_rules(struct subject *subject, const struct embedded_rules *rules)
{
    struct late_engine *engine = subject->engine;
    subject->rules = *rules;
    embedded_set_rules(engine->embedded, rules);
}
