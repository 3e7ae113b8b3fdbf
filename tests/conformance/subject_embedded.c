// SPDX-License-Identifier: Apache-2.0
#include "subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

const char *const subject_name = "embedded";

void subject_start(struct subject *subject)
{
    const struct embedded_options options = {
        .data = str_of(subject->folder),
        .clock = &subject->clock.clock,
        .readers = 2,
        .posts_waiting_max = subject->posts_waiting_max,
        .gather_ms = 4,
        .post_wait_ms_max = 500,
        .reads_waiting_max = subject->reads_waiting_max,
        .rules = subject->rules,
    };
    struct embedded *engine = NULL;
    struct embedded_fault fault = {.text = ""};
    if (embedded_open(&options, &engine, &fault) != ERR_OK) {
        fail_msg("%s", fault.text);
    }
    subject->engine = engine;
    subject->port = embedded_port(engine);
}

void subject_stop(struct subject *subject)
{
    embedded_close(subject->engine);
}

void subject_set_rules(struct subject *subject, const struct embedded_rules *rules)
{
    subject->rules = *rules;
    embedded_set_rules(subject->engine, rules);
}
