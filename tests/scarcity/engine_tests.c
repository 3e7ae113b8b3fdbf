// SPDX-License-Identifier: Apache-2.0
/* The embedded engine while memory runs out: it opens or says why not; each call is answered, once;
 * what was answered is there after a start with memory, and the same cid settles what was not. The
 * engine is stepped, so that the n-th allocation is the same one each time. */
#include "scarce.h"

#include "../conformance/desk.h"
#include "../conformance/subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS_MAX = 10000, POSTS = 3 };

static int64_t mono_ms(const struct clock *clock)
{
    (void)clock;
    return 1000000;
}

static int64_t wall_ms(const struct clock *clock)
{
    (void)clock;
    return INT64_C(1763700000000);
}

static const struct clock still = {.mono_ms = mono_ms, .wall_ms = wall_ms};

static struct embedded *open_engine(const char *folder)
{
    const struct embedded_options options = {
        .data = str_of(folder),
        .clock = &still,
        .readers = 1,
        .posts_waiting_max = 16,
        .post_wait_ms_max = 500,
        .is_stepped = true,
        .rules = {.post_user = {.count = 5, .window_ms = 10000},
                  .post_address = {.count = 100, .window_ms = 10000}},
    };
    struct embedded *engine = NULL;
    struct embedded_fault fault = {.text = ""};
    const enum err err = embedded_open(&options, &engine, &fault);
    if (err != ERR_OK) {
        assert_null(engine);
        assert_true(err == ERR_NOMEM || fault.text[0] != '\0');
    }
    return engine;
}

/* One desk and one engine, stepped by hand. */
struct bench {
    struct embedded *engine;
    struct desk desk;
};

struct changing {
    struct stream_call call; // first
    bool is_done;
};

static void changing_done(struct call *call)
{
    ((struct changing *)(void *)call)->is_done = true;
}

static void wait_for(struct bench *bench, const bool *flag)
{
    for (int i = 0; !*flag; i++) {
        (void)embedded_step_writer(bench->engine);
        (void)embedded_step_reader(bench->engine);
        desk_open_letters(&bench->desk);
        assert_true(i < STEPS_MAX); // else it never answers
    }
}

static enum submit_end say(struct bench *bench, int number)
{
    char cid[16];
    snprintf(cid, sizeof(cid), "c-%d", number);
    struct post post = desk_post_of("demo", "ann", cid, "hello");
    post.submit.address = STR("192.0.2.7");
    desk_ask_post(&bench->desk, &post);
    wait_for(bench, &post.is_done);
    const enum submit_end end = post.submit.end;
    assert_true((end == SUBMIT_DONE || end == SUBMIT_DUPLICATE) == (post.submit.event != NULL));
    assert_true(end != SUBMIT_REFUSED || post.submit.refusal == REFUSAL_STORE_DOWN ||
                post.submit.refusal == REFUSAL_OVERLOADED);
    desk_post_done(&post);
    return end;
}

static enum err read_all(struct bench *bench, uint32_t *ret_count)
{
    struct reading reading = {.read = {.stream = STR("demo"),
                                       .from = READ_AFTER,
                                       .upto = SEQ_MAX,
                                       .limit = 100,
                                       .kinds = 1U << EVENT_COMMENT}};
    desk_ask_read(&bench->desk, &reading);
    wait_for(bench, &reading.is_done);
    const enum err err = reading.read.result;
    *ret_count = err == ERR_OK ? reading.read.count : 0;
    read_done(&reading.read);
    return err;
}

static void follow_and_leave(struct bench *bench, struct follower *follower)
{
    if (follower->watch.result == ERR_OK) {
        follower->is_done = false;
        port_unwatch(bench->desk.port, &follower->watch);
        wait_for(bench, &follower->is_done);
    }
    assert_int_equal(follower->out_of_order, 0);
}

static void change(struct bench *bench, enum stream_do what, const char *stream)
{
    struct changing changing = {.call = {.what = what,
                                         .stream = str_of(stream),
                                         .retention_days = 30,
                                         .state = what == STREAM_DO_PUT ? STREAM_PAUSED : 0}};
    changing.call.call = (struct call){.home = mail_home(&bench->desk.mail), .done = changing_done};
    port_stream(bench->desk.port, &changing.call);
    wait_for(bench, &changing.is_done);
    const enum err err = changing.call.result;
    assert_true(err == ERR_OK || err == ERR_SYS || err == ERR_NOMEM || err == ERR_NOT_FOUND);
}

/* What may fail, does: whatever is answered must be true. `ends` says what of each post. */
static void use_scarcely(struct bench *bench, enum submit_end ends[POSTS])
{
    struct follower follower;
    uint32_t count = 0;
    desk_ask_follow(&bench->desk, &follower, "demo");
    wait_for(bench, &follower.is_done);
    for (int i = 0; i < POSTS; i++) {
        ends[i] = say(bench, i);
    }
    const enum submit_end again = say(bench, 0);
    assert_true(ends[0] != SUBMIT_DONE || again != SUBMIT_DONE); // never twice
    ends[0] = again == SUBMIT_DONE || again == SUBMIT_DUPLICATE ? SUBMIT_DONE : ends[0];
    const enum err err = read_all(bench, &count);
    assert_true(err == ERR_OK || err == ERR_NOMEM || err == ERR_SYS || err == ERR_NOT_FOUND);
    follow_and_leave(bench, &follower);
    change(bench, STREAM_DO_PUT, "other");
    change(bench, STREAM_DO_GET, "other");
    change(bench, STREAM_DO_END, "other");
}

static struct embedded *open_with_desk(struct bench *bench, const char *folder)
{
    bench->engine = open_engine(folder);
    if (bench->engine != NULL) {
        desk_open(&bench->desk, embedded_port(bench->engine));
    }
    return bench->engine;
}

static void close_bench(struct bench *bench)
{
    embedded_close(bench->engine);
    desk_open_letters(&bench->desk);
    desk_close(&bench->desk);
}

/* With memory again: every post is there once, whatever became of it before. */
static void check_after(const char *folder, const enum submit_end ends[POSTS])
{
    struct bench bench;
    uint32_t count = 0;
    assert_non_null(open_with_desk(&bench, folder));
    for (int i = 0; i < POSTS; i++) {
        const enum submit_end now = say(&bench, i);
        assert_int_equal(now == SUBMIT_DONE || now == SUBMIT_DUPLICATE, true);
        assert_true(now == SUBMIT_DUPLICATE || ends[i] != SUBMIT_DONE);
    }
    assert_int_equal(read_all(&bench, &count), ERR_OK);
    assert_int_equal(count, POSTS);
    close_bench(&bench);
}

static bool opens_in_the_scarcity;
static bool has_a_past; // the folder was used before

/* Streams of each state, and somebody else's comments. */
static void make_a_past(const char *folder)
{
    struct bench bench;
    assert_non_null(open_with_desk(&bench, folder));
    for (int i = 0; i < 4; i++) {
        struct post post = desk_post_of("past", i % 2 == 0 ? "bob" : "eve", NULL, "then");
        post.submit.address = STR("192.0.2.9");
        desk_ask_post(&bench.desk, &post);
        wait_for(&bench, &post.is_done);
        assert_int_equal(post.submit.end, SUBMIT_DONE);
        desk_post_done(&post);
    }
    change(&bench, STREAM_DO_PUT, "other");
    change(&bench, STREAM_DO_END, "past");
    close_bench(&bench);
}

static bool live(enum scarce_kind kind, uint64_t n)
{
    char folder[128];
    struct bench bench;
    enum submit_end ends[POSTS] = {SUBMIT_REFUSED, SUBMIT_REFUSED, SUBMIT_REFUSED};
    subject_make_folder(folder);
    if (has_a_past) {
        make_a_past(folder);
    }
    if (opens_in_the_scarcity) {
        scarce_begin(kind, n);
    }
    const bool is_open = open_with_desk(&bench, folder) != NULL;
    if (!opens_in_the_scarcity) {
        scarce_begin(kind, n);
    }
    if (is_open) {
        use_scarcely(&bench, ends);
        close_bench(&bench);
    }
    const bool failed = scarce_end();
    assert_true(failed || is_open);
    check_after(folder, ends);
    subject_remove_folder(folder);
    return failed;
}

static void each_of_our_allocations_fails(void **state)
{
    (void)state;
    opens_in_the_scarcity = true;
    assert_true(scarce_sweep(SCARCE_OURS, 1, live) > 20);
}

/* Most of SQLite's allocations are alike: while it opens one in five fails, in use each. */
static void each_of_sqlites_allocations_fails(void **state)
{
    (void)state;
    opens_in_the_scarcity = true;
    assert_true(scarce_sweep(SCARCE_LIBRARIES, 5, live) > 30);
    opens_in_the_scarcity = false;
    assert_true(scarce_sweep(SCARCE_LIBRARIES, 1, live) > 30);
}

static void each_fails_while_a_used_folder_is_opened(void **state)
{
    (void)state;
    has_a_past = true;
    opens_in_the_scarcity = true;
    assert_true(scarce_sweep(SCARCE_OURS, 1, live) > 20);
    assert_true(scarce_sweep(SCARCE_LIBRARIES, 17, live) > 30);
}

int main(int count, char **words)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_of_our_allocations_fails),
        cmocka_unit_test(each_of_sqlites_allocations_fails),
        cmocka_unit_test(each_fails_while_a_used_folder_is_opened),
    };
    if (count > 1) {
        cmocka_set_test_filter(words[1]);
    }
    scarce_install();
    return cmocka_run_group_tests_name("the engine without memory", tests, NULL, NULL);
}
