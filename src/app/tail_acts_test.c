// SPDX-License-Identifier: Apache-2.0
#include "app/tail_acts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct json *parse(const char *text)
{
    struct json *root = NULL;
    struct json_fault fault;
    assert_int_equal(json_parse(str_of(text), &root, &fault), ERR_OK);
    return root;
}

static void early(struct tail_acts *acts, const char *text)
{
    struct json *event = parse(text);
    tail_acts_early(acts, event);
    json_free(event);
}

static bool hides(const struct tail_acts *acts, const char *text)
{
    struct json *comment = parse(text);
    const bool is_hidden = tail_acts_hides(acts, comment);
    json_free(comment);
    return is_hidden;
}

static void what_an_early_copy_removes_is_hidden(void **state)
{
    struct tail_acts acts;
    (void)state;
    tail_acts_init(&acts);
    early(&acts, "{\"type\":\"retract\",\"seq\":20,\"seqs\":[12,14],\"early\":true}");
    early(&acts, "{\"type\":\"retract\",\"seq\":21,\"user_id\":\"u9\",\"upto\":15}");
    assert_true(hides(&acts, "{\"seq\":12,\"user\":{\"id\":\"a\"}}"));
    assert_false(hides(&acts, "{\"seq\":13,\"user\":{\"id\":\"a\"}}"));
    assert_true(hides(&acts, "{\"seq\":13,\"user\":{\"id\":\"u9\"}}"));
    assert_false(hides(&acts, "{\"seq\":16,\"user\":{\"id\":\"u9\"}}"));
    early(&acts, "{\"type\":\"retract\",\"seq\":22,\"all\":true,\"upto\":17}");
    assert_true(hides(&acts, "{\"seq\":17,\"user\":{\"id\":\"a\"}}"));
    assert_false(hides(&acts, "{\"seq\":18,\"user\":{\"id\":\"a\"}}"));
    assert_true(tail_acts_knows(&acts, 20));
    assert_false(tail_acts_knows(&acts, 19));
    tail_acts_done(&acts);
}

static void what_was_passed_is_forgotten(void **state)
{
    struct tail_acts acts;
    (void)state;
    tail_acts_init(&acts);
    early(&acts, "{\"type\":\"retract\",\"seq\":20,\"seqs\":[12,14]}");
    early(&acts, "{\"type\":\"retract\",\"seq\":21,\"user_id\":\"u9\",\"upto\":15}");
    tail_acts_pass(&acts, 13);
    assert_int_equal(acts.seqs.len, sizeof(uint64_t));
    assert_true(hides(&acts, "{\"seq\":14}"));
    assert_int_equal(acts.user_count, 1);
    tail_acts_pass(&acts, 21);
    assert_int_equal(acts.seqs.len, 0);
    assert_int_equal(acts.early.len, 0);
    assert_int_equal(acts.user_count, 0);
    tail_acts_done(&acts);
}

static void the_lists_are_bounded(void **state)
{
    struct tail_acts acts;
    (void)state;
    tail_acts_init(&acts);
    for (uint64_t i = 1; i <= TAIL_USERS_MAX + 1; i++) {
        early(&acts, "{\"type\":\"retract\",\"seq\":20,\"user_id\":\"u9\",\"upto\":15}");
    }
    assert_int_equal(acts.user_count, TAIL_USERS_MAX);
    for (uint64_t i = 0; i < TAIL_ACTS_MAX; i++) {
        early(&acts, "{\"type\":\"pin\",\"seq\":21}");
    }
    assert_int_equal(acts.early.len, TAIL_ACTS_MAX * sizeof(uint64_t));
    tail_acts_done(&acts);
}

static void each_act_is_a_line(void **state)
{
    static const struct {
        const char *event, *type, *line;
    } cases[] = {
        {"{\"seqs\":[4,5]}", "retract", "-- removed: 4 5\n"},
        {"{\"seqs\":[1,2,3,4,5,6,7,8]}", "retract", "-- removed: 1 2 3 4 5 6 7 8\n"},
        {"{\"seqs\":[1,2,3,4,5,6,7,8,9],\"by\":\"sam\"}", "retract",
         "-- removed: 1 2 3 4 5 6 7 8 and 1 more (by sam)\n"},
        {"{\"user_id\":\"u\\u001b9\",\"upto\":7}", "retract", "-- removed: all by u"},
        {"{\"all\":true,\"upto\":7}", "retract", "-- removed: everything up to 7\n"},
        {"{\"comments\":[{\"user\":{\"name\":\"Ann\"},\"text\":\"hi\",\"at\":0}]}", "restore",
         "Ann: hi\n"},
        {"{\"target\":7,\"comment\":{\"user\":{\"name\":\"Ann\"},\"text\":\"hi\"}}", "pin",
         "-- pinned: "},
        {"{\"comments\":[{\"text\":\"hi\",\"at\":0}],\"by\":\"sam\"}", "restore",
         "-- restored (by sam): "},
        {"{\"comments\":[{\"type\":\"removed\",\"seq\":4,\"prev\":3}]}", "restore", ""},
        {"{\"target\":7,\"comment\":{\"text\":\"hi\"},\"by\":\"sam\",\"reason\":\"news\"}", "pin",
         "-- pinned (by sam: news): "},
        {"{\"target\":7}", "pin", "-- pinned: 7\n"},
        {"{\"target\":7,\"by\":\"sam\"}", "pin", "-- pinned: 7 (by sam)\n"},
        {"{\"target\":7,\"by\":\"sam\"}", "unpin", "-- no longer pinned: 7 (by sam)\n"},
        {"{\"target\":7}", "unpin", "-- no longer pinned: 7\n"},
        {"{\"slow\":10,\"modes\":[\"links_off\"],\"shield\":true}", "settings",
         "-- rules: one comment in 10 s links_off shield\n"},
        {"{\"slow\":0,\"modes\":[],\"shield\":false}", "settings", "-- rules: none\n"},
        {"{\"act\":\"a1\",\"text\":\"be kind\"}", "warned", "-- you are warned (a1): be kind\n"},
        {"{\"act\":\"a1\",\"text\":\"be kind\"}", "warned", ""}, // it comes again
        {"{\"act\":\"\\u001b\",\"text\":\"be kind\"}", "warned", "): be kind\n"},
        {"{\"act\":\"a1\"}", "unwarned", "-- a warning is over: a1\n"},
        {"{\"id\":\"c1\"}", "held", "-- held: c1\n"},
        {"{\"id\":\"c1\"}", "approved", "-- approved: c1\n"},
        {"{\"id\":\"c1\"}", "rejected", "-- rejected: c1\n"},
        {"{\"seqs\":[4],\"by\":\"sa\\u001bm\",\"reason\":\"spam\"}", "retract", "m: spam)\n"},
        {"{\"slow\":3,\"by\":\"sam\"}", "settings", "-- rules: one comment in 3 s (by sam)\n"},
        {"{\"do\":\"timeout\",\"target\":\"user:u9\",\"seconds\":600,\"by\":\"sam\"}", "notice",
         "-- timeout user:u9, 600 s (by sam)\n"},
        {"{\"do\":\"ban\",\"target\":\"user:u9\",\"all\":true,\"by\":\"root\",\"reason\":\"raid\"}",
         "notice", "-- ban user:u9 on all streams (by root: raid)\n"},
        {"{\"do\":\"delete\",\"target\":\"seq:4\",\"seq\":9,\"by\":\"sam\"}", "notice", ""},
        {"{\"do\":\"terms\",\"seq\":9,\"by\":\"sam\"}", "notice", "-- terms (by sam)\n"},
        {"{\"do\":\"hold\",\"target\":\"id:c1\",\"by\":\"links\"}", "notice", ""},
        {"{\"many\":48}", "notice", "-- 48 acts of rules\n"},
        {"{}", "removed", ""},
    };
    struct tail_acts acts;
    (void)state;
    tail_acts_init(&acts);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf line;
        struct json *event = parse(cases[i].event);
        buf_init(&line, MEM_OTHER, 4096);
        tail_acts_write(&acts, &line, event, str_of(cases[i].type));
        const struct str written = buf_str(&line);
        if (cases[i].line[0] == '\0') {
            assert_int_equal(written.len, 0);
        } else if (memmem(written.at, written.len, cases[i].line, strlen(cases[i].line)) == NULL) {
            fail_msg("%s: %.*s", cases[i].event, STR_ARG(written));
        }
        assert_true(written.len == 0 || memchr(written.at, '\x1b', written.len) == NULL);
        buf_done(&line);
        json_free(event);
    }
    tail_acts_done(&acts);
}

/* The line it is, or none. */
static void is_told_as(struct tail_acts *acts, const char *text, const char *type, const char *told)
{
    struct buf line;
    struct json *event = parse(text);
    buf_init(&line, MEM_OTHER, 4096);
    tail_acts_write(acts, &line, event, str_of(type));
    buf_add_byte(&line, '\0');
    assert_string_equal((const char *)line.bytes, told);
    buf_done(&line);
    json_free(event);
}

static void is_printed(struct tail_acts *acts, const char *text)
{
    struct buf line;
    struct json *comment = parse(text);
    buf_init(&line, MEM_OTHER, 4096);
    tail_acts_write_comment(acts, &line, comment);
    assert_true(buf_ok(&line));
    buf_done(&line);
    json_free(comment);
}

static void an_act_says_whose_comment_it_is_about(void **state)
{
    struct tail_acts acts;
    (void)state;
    setenv("TZ", "UTC", 1);
    tail_acts_init(&acts);
    is_printed(&acts, "{\"seq\":4,\"at\":1000,\"user\":{\"id\":\"u9\",\"name\":\"Ann\"}}");
    is_printed(&acts, "{\"seq\":5,\"at\":61000,\"user\":{\"id\":\"b\",\"name\":\"\\u001bBo\"}}");
    is_told_as(&acts, "{\"seqs\":[4]}", "retract", "-- removed: 4 (Ann, 00:00:01)\n");
    is_told_as(&acts, "{\"seqs\":[3,4,5],\"by\":\"sam\"}", "retract",
               "-- removed: 3 4 (Ann, 00:00:01) 5 (\\u001bBo, 00:01:01) (by sam)\n");
    is_told_as(&acts, "{\"user_id\":\"u9\",\"upto\":5}", "retract",
               "-- removed: all by u9 (Ann), up to 5\n");
    is_told_as(&acts, "{\"user_id\":\"u8\",\"upto\":5}", "retract",
               "-- removed: all by u8, up to 5\n");
    is_told_as(&acts, "{\"target\":4}", "unpin", "-- no longer pinned: 4 (Ann, 00:00:01)\n");
    is_told_as(&acts, "{\"target\":3}", "pin", "-- pinned: 3\n");
    for (int i = 0; i < TAIL_SAID_MAX; i++) {
        is_printed(&acts, "{\"seq\":6,\"at\":1000,\"user\":{\"id\":\"u9\",\"name\":\"Anne\"}}");
    }
    is_told_as(&acts, "{\"seqs\":[4,6]}", "retract", "-- removed: 4 6 (Anne, 00:00:01)\n");
    tail_acts_forget(&acts);
    is_told_as(&acts, "{\"seqs\":[6]}", "retract", "-- removed: 6\n");
    tail_acts_done(&acts);
}

static void rules_are_told_when_they_change(void **state)
{
    struct tail_acts acts;
    (void)state;
    tail_acts_init(&acts);
    is_told_as(&acts, "{\"slow\":0,\"modes\":[]}", "settings", "-- rules: none\n");
    is_told_as(&acts, "{\"slow\":0,\"modes\":[],\"by\":\"sam\"}", "settings", "");
    is_told_as(&acts, "{\"slow\":5}", "settings", "-- rules: one comment in 5 s\n");
    is_told_as(&acts, "{\"slow\":5,\"modes\":[]}", "settings", "");
    is_told_as(&acts, "{\"slow\":5,\"shield\":true,\"by\":\"sam\"}", "settings",
               "-- rules: one comment in 5 s shield (by sam)\n");
    is_told_as(&acts, "{\"slow\":0}", "settings", "-- rules: none\n");
    tail_acts_forget(&acts);
    is_told_as(&acts, "{\"slow\":0}", "settings", "-- rules: none\n");
    tail_acts_done(&acts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_early_copy_removes_is_hidden),
        cmocka_unit_test(what_was_passed_is_forgotten),
        cmocka_unit_test(the_lists_are_bounded),
        cmocka_unit_test(each_act_is_a_line),
        cmocka_unit_test(an_act_says_whose_comment_it_is_about),
        cmocka_unit_test(rules_are_told_when_they_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
