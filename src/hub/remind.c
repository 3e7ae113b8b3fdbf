// SPDX-License-Identifier: Apache-2.0
#include "hub/remind.h"

#include "base/mutant.h"
#include "base/reach.h"
#include "hub/tell.h"

struct reminder {
    struct warnings warnings; // first
    struct catchup *catchup;  // away until `back`
    void (*back)(struct catchup *catchup);
};

void remind_soon(struct catchup *catchup)
{
    catchup->is_to_remind = catchup->encoding != NULL && !mutant(WARNED_ONCE);
}

bool remind_is_due(const struct catchup *catchup)
{
    return catchup->is_to_remind && catchup->view != 0 &&
           port_may_be_warned(catchup->hub->options.port, catchup->view);
}

static void count_lost(const struct catchup *catchup)
{
    metric_count(&catchup->hub->tally.notices_lost, 1);
}

struct reminder *remind_begin(struct catchup *catchup)
{
    const bool is_due = remind_is_due(catchup);
    catchup->is_to_remind = false;
    if (!is_due) {
        return NULL;
    }
    struct reminder *reminder = mem_new(MEM_VIEWER, sizeof(*reminder));
    if (reminder == NULL) {
        count_lost(catchup);
        return NULL;
    }
    reminder->catchup = catchup;
    return reminder;
}

static enum err tell_one(struct catchup *catchup, const struct notice *notice)
{
    struct buf json;
    buf_init(&json, MEM_VIEWER, HUB_FRAME_BYTES_MAX);
    buf_add(&json, notice->json, notice->json_len);
    const enum err err = tell_signal(catchup, &json);
    buf_done(&json);
    reach(WARNED_AGAIN);
    return err;
}

static enum err tell_all(struct catchup *catchup, const struct warnings *warnings)
{
    TRY(warnings->result);
    if (page_is_empty(&catchup->page)) {
        page_reset(&catchup->page);
    }
    for (uint32_t i = 0; i < warnings->count; i++) {
        if (catchup->page.count == PAGE_FRAMES_MAX) {
            return ERR_NOMEM;
        }
        TRY(tell_one(catchup, warnings->notices[i]));
    }
    return ERR_OK;
}

static void on_answered(struct call *call)
{
    struct reminder *reminder = (struct reminder *)(void *)call;
    struct catchup *catchup = reminder->catchup;
    void (*const back)(struct catchup * catchup) = reminder->back;
    const bool is_theirs = catchup->viewer != NULL && catchup->view == reminder->warnings.user;
    if (is_theirs && tell_all(catchup, &reminder->warnings) != ERR_OK) {
        count_lost(catchup);
    }
    warnings_done(&reminder->warnings);
    mem_free(MEM_VIEWER, reminder);
    back(catchup);
}

void remind_ask(struct reminder *reminder, void (*back)(struct catchup *catchup))
{
    const struct catchup *catchup = reminder->catchup;
    reminder->back = back;
    reminder->warnings =
        (struct warnings){.call = {.home = catchup->hub->options.home, .done = on_answered},
                          .stream = stream_name(catchup->asked),
                          .user = catchup->view};
    port_warnings(catchup->hub->options.port, &reminder->warnings);
}
