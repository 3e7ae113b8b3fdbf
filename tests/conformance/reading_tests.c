// SPDX-License-Identifier: Apache-2.0
/* Reads and counts, compared with a model of the log, from memory and from the store. */
#include "desk.h"
#include "subject.h"
#include "suite.h"

#include "base/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MODEL_EVENTS = 300, QUESTIONS = 400 };

struct model { // of one stream: which seqs are acts
    uint64_t head, oldest;
    bool is_act[MODEL_EVENTS + 1];
};

static bool is_wanted(const struct model *model, uint64_t seq, uint32_t kinds)
{
    return (kinds >> (model->is_act[seq] ? EVENT_STREAM : EVENT_COMMENT) & 1U) != 0;
}

static uint32_t expect(const struct model *model, const struct read *read, uint64_t *seqs,
                       bool *ret_more)
{
    uint32_t count = 0;
    *ret_more = false;
    if (read->from == READ_AFTER) {
        for (uint64_t seq = 1; seq <= model->head && seq <= read->upto; seq++) {
            if (seq > read->bound && is_wanted(model, seq, read->kinds)) {
                *ret_more = count == read->limit;
                if (*ret_more) {
                    return count;
                }
                seqs[count++] = seq;
            }
        }
        return count;
    }
    for (uint64_t seq = model->head; seq >= 1; seq--) {
        if (seq < read->bound && is_wanted(model, seq, read->kinds)) {
            *ret_more = count == read->limit;
            if (*ret_more) {
                break;
            }
            seqs[count++] = seq;
        }
    }
    for (uint32_t i = 0; i < count / 2; i++) {
        const uint64_t seq = seqs[i];
        seqs[i] = seqs[count - 1 - i];
        seqs[count - 1 - i] = seq;
    }
    return count;
}

static struct reading random_reading(struct rand *rand)
{
    static const uint32_t kinds[] = {UINT32_MAX, 1U << EVENT_COMMENT, 1U << EVENT_STREAM,
                                     ~(1U << EVENT_COMMENT)};
    const uint64_t bound = rand_below(rand, MODEL_EVENTS + 20);
    return (struct reading){
        .read = {.stream = STR("demo"),
                 .from = rand_below(rand, 2) == 0 ? READ_AFTER : READ_BEFORE,
                 .bound = rand_below(rand, 5) == 0 ? SEQ_MAX + 1 : bound,
                 .upto = rand_below(rand, 2) == 0 ? SEQ_MAX : bound + rand_below(rand, 100),
                 .limit = 1 + (uint32_t)rand_below(rand, rand_below(rand, 2) == 0 ? 20 : 1000),
                 .kinds = kinds[rand_below(rand, 4)]}};
}

static void assert_answer(const struct model *model, const struct reading *reading)
{
    const struct read *read = &reading->read;
    uint64_t seqs[MODEL_EVENTS];
    bool more = false;
    const uint32_t count = expect(model, read, seqs, &more);
    assert_int_equal(read->result, ERR_OK);
    assert_int_equal(read->head, model->head);
    assert_int_equal(read->oldest, model->oldest);
    assert_int_equal(read->count, count);
    assert_int_equal(read->more, more);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(read->events[i]->seq, seqs[i]);
        assert_int_equal(read->events[i]->prev, seqs[i] - 1);
        assert_int_equal(read->events[i]->kind,
                         model->is_act[seqs[i]] ? EVENT_STREAM : EVENT_COMMENT);
    }
}

/* All at once, so that they may be answered in any order. */
static void ask_many(struct desk *desk, const struct model *model, struct rand *rand)
{
    struct reading readings[16];
    for (int round = 0; round < QUESTIONS / 16; round++) {
        for (int i = 0; i < 16; i++) {
            readings[i] = random_reading(rand);
            desk_ask_read(desk, &readings[i]);
        }
        for (int i = 0; i < 16; i++) {
            desk_wait(desk, &readings[i].is_done);
            assert_answer(model, &readings[i]);
            read_done(&readings[i].read);
        }
        const uint64_t after = rand_below(rand, MODEL_EVENTS + 20);
        const uint64_t upto = after + rand_below(rand, 50);
        const uint64_t end = upto < model->head ? upto : model->head;
        const struct count_call count = desk_count(desk, "demo", after, upto);
        assert_int_equal(count.result, ERR_OK);
        assert_int_equal(count.count, end > after ? end - after : 0);
        assert_int_equal(count.oldest, model->oldest);
    }
}

void reading_agrees_with_the_log(void **state)
{
    struct subject *subject = *state;
    struct model model = {.head = 0};
    struct rand rand;
    struct desk desk;
    rand_init(&rand, 4711);
    desk_open(&desk, subject->port);
    ask_many(&desk, &model, &rand); // an empty log
    for (uint64_t seq = 1; seq <= MODEL_EVENTS; seq++) {
        if (seq % 7 == 0) {
            model.is_act[seq] = true;
            const int8_t turn = seq % 2 == 0 ? STREAM_LIVE : STREAM_PAUSED;
            assert_true(desk_put(&desk, "demo", -1, turn).is_new_state);
        } else {
            assert_int_equal(desk_say(&desk, "demo", "ann", "hello"), seq);
        }
        (void)desk_say(&desk, "other", "bob", "elsewhere");
    }
    model.head = MODEL_EVENTS;
    model.oldest = 1;
    ask_many(&desk, &model, &rand);
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    ask_many(&desk, &model, &rand); // nothing in memory
    struct follower follower;
    desk_follow(&desk, &follower, "demo");
    assert_int_equal(follower.watch.head, MODEL_EVENTS);
    ask_many(&desk, &model, &rand); // some of it
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

void reading_gives_back_what_was_accepted(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    struct post post = desk_post_of("demo", "ann", "c-1", "kept as sent");
    post.submit.author.privileged = true;
    desk_post(&desk, &post);
    const struct event *sent = post.submit.event;
    for (int round = 0; round < 2; round++) {
        struct reading reading = desk_read_newest(&desk, "demo", 10);
        assert_int_equal(reading.read.count, 1);
        assert_true(epoch_eq(&reading.read.epoch, &post.submit.epoch));
        const struct event *found = reading.read.events[0];
        assert_int_equal(found->seq, sent->seq);
        assert_int_equal(found->at_ms, sent->at_ms);
        assert_int_equal(found->flags, EVENT_FLAG_PRIVILEGED);
        assert_int_equal(found->rank, sent->rank);
        assert_int_equal(found->segment, sent->segment);
        assert_int_equal(found->user_hash, sent->user_hash);
        assert_int_equal(found->body_len, sent->body_len);
        assert_memory_equal(found->body, sent->body, sent->body_len);
        read_done(&reading.read);
        desk_close(&desk);
        subject_restart(subject);
        desk_open(&desk, subject->port);
    }
    desk_post_done(&post);
    desk_close(&desk);
}
