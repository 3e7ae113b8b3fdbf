// SPDX-License-Identifier: Apache-2.0
/* Nobody acts on a higher role: whose it is known to be. */
#include "desk.h"
#include "subject.h"
#include "suite.h"

#include "rules/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct str bob[] = {STR("bob")};

static struct act on_bob(enum act_do what)
{
    return (struct act){
        .what = what, .at = ACT_AT_USERS, .users = bob, .target_count = 1, .seconds = -1};
}

static struct act slow_of(int64_t seconds)
{
    return (struct act){.what = ACT_SLOW, .seconds = seconds};
}

void ranks_spare_a_higher_role(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct post post = desk_post_of("demo", "bob", NULL, "hello");
    post.submit.author.privileged = true;
    post.submit.author.role_bits = ROLE_VIEWER | ROLE_HOST;
    desk_open(&desk, subject->port);
    desk_post(&desk, &post);
    assert_int_equal(post.submit.end, SUBMIT_DONE);
    desk_post_done(&post);
    assert_int_equal(desk_refuses(&desk, "demo", on_bob(ACT_BAN)), ACT_REFUSAL_HIGHER_ROLE);
    assert_int_equal(desk_refuses(&desk, "", on_bob(ACT_BAN)), ACT_REFUSAL_HIGHER_ROLE);
    struct acting admins = desk_act_by("demo", on_bob(ACT_BAN), "ada", ROLE_ADMIN);
    desk_act(&desk, &admins);
    assert_int_equal(admins.call.end, ACT_DONE);
    struct acting own = desk_act_by("demo", on_bob(ACT_UNBAN), "bob", ROLE_HOST);
    desk_act(&desk, &own);
    assert_int_equal(own.call.refusal, ACT_REFUSAL_OWN);
    own = desk_act_by("demo", desk_undo_of(admins.call.act_n), "bob", ROLE_HOST);
    desk_act(&desk, &own);
    assert_int_equal(own.call.refusal, ACT_REFUSAL_OWN);
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_BANNED);
    desk_close(&desk);
}

void ranks_spare_who_acts_in_a_higher_role(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    struct acting hosts = desk_act_by("demo", slow_of(5), "bob", ROLE_VIEWER | ROLE_HOST);
    desk_act(&desk, &hosts);
    assert_int_equal(hosts.call.end, ACT_DONE);
    assert_int_equal(desk_refuses(&desk, "demo", on_bob(ACT_BAN)), ACT_REFUSAL_HIGHER_ROLE);
    (void)desk_do(&desk, "other", on_bob(ACT_BAN)); // nobody has heard of it there
    hosts = desk_act_by("demo", slow_of(0), "bob", ROLE_VIEWER | ROLE_MODERATOR);
    desk_act(&desk, &hosts);
    assert_int_equal(hosts.call.end, ACT_DONE);
    (void)desk_do(&desk, "demo", on_bob(ACT_BAN)); // a host no more
    desk_close(&desk);
}

/* bob does something, in `stream` or (empty) in all. */
static void act_as(struct desk *desk, const char *stream, uint32_t roles)
{
    static const struct str cleo[] = {STR("cleo")};
    static int64_t seconds = 60; // another each time
    const struct act timeout = {.what = ACT_TIMEOUT,
                                .at = ACT_AT_USERS,
                                .users = cleo,
                                .target_count = 1,
                                .seconds = ++seconds};
    struct acting bobs = desk_act_by(stream, timeout, "bob", ROLE_VIEWER | roles);
    desk_act(desk, &bobs);
    assert_int_equal(bobs.call.end, ACT_DONE);
}

void ranks_of_all_streams_hold_in_each(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    (void)desk_say(&desk, "demo", "bob", "I was nobody once");
    act_as(&desk, "", ROLE_ADMIN);
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    assert_int_equal(desk_refuses(&desk, "demo", on_bob(ACT_BAN)), ACT_REFUSAL_HIGHER_ROLE);
    assert_int_equal(desk_refuses(&desk, "new", on_bob(ACT_BAN)), ACT_REFUSAL_HIGHER_ROLE);
    assert_int_equal(desk_refuses(&desk, "", on_bob(ACT_BAN)), ACT_REFUSAL_HIGHER_ROLE);
    act_as(&desk, "demo", ROLE_MODERATOR);
    const uint64_t ban = desk_do(&desk, "demo", on_bob(ACT_BAN)); // an admin no more
    assert_int_equal(desk_refuses(&desk, "new", on_bob(ACT_BAN)), ACT_REFUSAL_HIGHER_ROLE);
    (void)desk_do(&desk, "demo", desk_undo_of(ban));
    act_as(&desk, "", ROLE_ADMIN);
    assert_int_equal(desk_refuses(&desk, "demo", on_bob(ACT_BAN)), ACT_REFUSAL_HIGHER_ROLE);
    (void)desk_say(&desk, "demo", "bob", "and I am again");
    (void)desk_do(&desk, "demo", on_bob(ACT_BAN));
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    assert_int_equal(desk_refuses(&desk, "new", on_bob(ACT_BAN)), ACT_REFUSAL_HIGHER_ROLE);
    (void)desk_do(&desk, "demo", on_bob(ACT_SHADOW));
    act_as(&desk, "", ROLE_MODERATOR);
    (void)desk_do(&desk, "new", on_bob(ACT_BAN));
    desk_close(&desk);
}
