// SPDX-License-Identifier: Apache-2.0
/* Warnings in force, as who comes back is told of them. */
#include "desk.h"
#include "subject.h"
#include "suite.h"

#include "rules/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { TOLD_MAX = 256 };

static const struct str bob[] = {STR("bob")};

static struct act on_bob(enum act_do what, const char *words)
{
    return (struct act){.what = what,
                        .at = ACT_AT_USERS,
                        .users = bob,
                        .target_count = 1,
                        .value = str_of(words),
                        .seconds = -1};
}

/* What bob is told when he comes back: as it was told first, and nothing else of him. */
static uint32_t warnings_of(struct desk *desk, const struct subject *subject, const char *stream,
                            const char *user, char *ret_first)
{
    struct reminded asked = {.warnings = {.stream = str_of(stream),
                                          .user = port_user_hash(subject->port, str_of(user))}};
    desk_ask_warnings(desk, &asked);
    assert_int_equal(asked.warnings.result, ERR_OK);
    const uint32_t count = asked.warnings.count;
    const struct notice *first = count == 0 ? NULL : asked.warnings.notices[0];
    ret_first[0] = '\0';
    if (first != NULL) {
        assert_int_equal(first->user_hash, asked.warnings.user);
        snprintf(ret_first, TOLD_MAX, "%.*s", (int)first->json_len, first->json);
    }
    warnings_done(&asked.warnings);
    assert_true(count == 0 || port_may_be_warned(subject->port, asked.warnings.user));
    return count;
}

void moderation_tells_warnings_again(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    const struct act warn = on_bob(ACT_WARN, "be kind");
    char told[TOLD_MAX], wanted[TOLD_MAX];
    desk_open(&desk, subject->port);
    assert_false(port_may_be_warned(subject->port, port_user_hash(subject->port, STR("bob"))));
    (void)desk_do(&desk, "demo", on_bob(ACT_SHADOW, "")); // of which he is told nothing
    assert_int_equal(warnings_of(&desk, subject, "demo", "bob", told), 0);
    const uint64_t act = desk_do(&desk, "demo", warn);
    snprintf(wanted, sizeof(wanted),
             "{\"type\":\"warned\",\"stream\":\"demo\",\"act\":\"a%llu\",\"text\":\"be kind\"}",
             (unsigned long long)act);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(warnings_of(&desk, subject, "demo", "bob", told), 1);
        assert_string_equal(told, wanted);
        assert_int_equal(warnings_of(&desk, subject, "demo", "cleo", told), 0);
        assert_int_equal(warnings_of(&desk, subject, "other", "bob", told), 0);
        desk_close(&desk);
        subject_restart(subject);
        desk_open(&desk, subject->port);
    }
    struct acting all = desk_act_by("", warn, "root", ROLE_ADMIN);
    desk_act(&desk, &all);
    assert_int_equal(warnings_of(&desk, subject, "other", "bob", told), 1);
    assert_int_equal(warnings_of(&desk, subject, "demo", "bob", told), 2);
    assert_string_equal(told, wanted); // the oldest first
    struct acting bobs = desk_act_by("demo", desk_on_act(ACT_ACKNOWLEDGE, act), "bob", ROLE_VIEWER);
    desk_act(&desk, &bobs);
    assert_int_equal(warnings_of(&desk, subject, "demo", "bob", told), 1);
    struct acting undo = desk_act_by("", desk_on_act(ACT_UNDO, all.call.act_n), "root", ROLE_ADMIN);
    desk_act(&desk, &undo);
    assert_int_equal(warnings_of(&desk, subject, "demo", "bob", told), 0);
    assert_false(port_may_be_warned(subject->port, port_user_hash(subject->port, STR("bob"))));
    desk_close(&desk);
}
