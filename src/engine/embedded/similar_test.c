// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/similar.h"

#include "base/mem.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/comments_rig_test.h"
#include "engine/embedded/held.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void hold(struct comments_rig *rig, uint64_t n)
{
    char body[160], user[24];
    struct comment_id id;
    comment_id_write(rig->identity.id_key, n, 1000, &id);
    snprintf(user, sizeof(user), "u%llu", (unsigned long long)n);
    snprintf(body, sizeof(body),
             "\"id\":\"%s\",\"at\":1000,\"user\":{\"id\":\"%s\"},\"text\":\"wave %llu\"", id.text,
             user, (unsigned long long)n);
    const struct held_row row = {.n = n,
                                 .stream = rig->streams[0].id,
                                 .state = COMMENT_HELD,
                                 .at_ms = 1000,
                                 .user = str_of(user),
                                 .cid = STR("c"),
                                 .rule = STR("hold_all"),
                                 .body = str_of(body)};
    assert_int_equal(held_add(&rig->store, &row, UINT64_MAX), ERR_OK);
}

static bool says(const struct buf *out, const char *text)
{
    return memmem(buf_str(out).at, buf_str(out).len, text, strlen(text)) != NULL;
}

static void what_waits_is_looked_at_from_the_newest_on(void **state)
{
    struct comments_rig *rig = *state;
    struct comment_id oldest, next;
    struct buf out;
    const struct similar_question question = {
        .stream = rig->streams[0].id, .name = STR("demo"), .now_s = 1, .limit = 1};
    for (uint64_t n = 1; n <= SIMILAR_COMMENTS_MAX + 1; n++) {
        hold(rig, n);
    }
    buf_init(&out, MEM_ENGINE, SIZE_MAX);
    assert_int_equal(similar_write(&rig->store, &question, &out), ERR_OK);
    assert_true(says(&out, "\"why\":\"text\",\"count\":4000,\"waiting\":4000"));
    comment_id_write(rig->identity.id_key, 1, 1000, &oldest);
    comment_id_write(rig->identity.id_key, 2, 1000, &next);
    assert_false(says(&out, oldest.text));
    assert_true(says(&out, next.text));
    assert_false(says(&out, "\"u1\"")); // nor its author
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMENTS_RIG_TEST(what_waits_is_looked_at_from_the_newest_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
