// SPDX-License-Identifier: Apache-2.0
#include "hub/herald.h"

#include "base/mutant.h"
#include "hub/catchup.h"
#include "hub/page.h"
#include "hub/remind.h"
#include "hub/staff.h"
#include "hub/tell.h"
#include "wire/json.h"

#include <stdlib.h>

enum { MS_A_SECOND = 1000 };

static bool is_own(const struct notice *notice, const struct viewer *viewer)
{
    return notice->user_hash != 0 && viewer->has_user &&
           (mutant(NOTICE_TO_ALL) || viewer->ops->user(viewer) == notice->user_hash);
}

static enum err add(struct catchup *catchup, struct str json)
{
    struct buf text;
    if (page_is_empty(&catchup->page)) {
        page_reset(&catchup->page);
    }
    if (catchup->page.count == PAGE_FRAMES_MAX) {
        return ERR_NOMEM;
    }
    buf_init(&text, MEM_VIEWER, HUB_FRAME_BYTES_MAX);
    buf_add_str(&text, json);
    const enum err err = tell_signal(catchup, &text);
    buf_done(&text);
    return err;
}

static void tell(struct catchup *catchup, struct str json, bool is_confidential)
{
    struct viewer *viewer = catchup->viewer;
    if (viewer->mode != VIEWER_CATCHUP) {
        return; // it opens only now
    }
    if (add(catchup, json) != ERR_OK) {
        metric_count(&catchup->hub->tally.notices_lost, 1);
        return;
    }
    if (is_confidential) {
        page_mark_confidential(&catchup->page);
    }
    if (!catchup->away && !viewer->blocked) { // be it among those who wait for an event
        list_remove(&viewer->link);
        catchup_resume(viewer);
    }
}

/* ---- to one user ---- */

static void keep(struct catchup *catchup, struct notice *notice)
{
    if (catchup->notice_count == CATCHUP_NOTICES_MAX) {
        metric_count(&catchup->hub->tally.notices_lost, 1);
        return;
    }
    catchup->notices[catchup->notice_count++] = notice_ref(notice);
}

void herald_tell_kept(struct catchup *catchup)
{
    for (uint32_t i = 0; i < catchup->notice_count; i++) {
        struct notice *notice = catchup->notices[i];
        if (is_own(notice, catchup->viewer)) { // it may be somebody else by now
            tell(catchup, (struct str){.at = notice->json, .len = notice->json_len}, false);
        }
        notice_unref(notice);
    }
    catchup->notice_count = 0;
}

/* Out of the ring, so that it has a page. */
static void part(struct viewer *viewer)
{
    const bool has_place = viewer->cursor >= viewer->channel->ring.tail;
    if (!has_place || catchup_part(viewer) != ERR_OK) {
        metric_count(&viewer->stream->hub->tally.notices_lost, 1);
    }
}

static void tell_own(struct catchup *catchup, struct notice *notice)
{
    if (catchup->viewer->mode == VIEWER_OPENING) {
        keep(catchup, notice);
        return;
    }
    if (notice->ends_warning) { // the next may not have been told
        remind_soon(catchup);
    }
    tell(catchup, (struct str){.at = notice->json, .len = notice->json_len}, false);
}

/* One that is of all streams as it is told in this one. */
static void write_in(struct buf *json, const struct stream *stream, const struct notice *notice)
{
    buf_init(json, MEM_VIEWER, HUB_FRAME_BYTES_MAX);
    buf_add_byte(json, '{');
    json_write_member_str(json, "type", notice->ends_warning ? STR("unwarned") : STR("notice"));
    json_write_member_str(json, "stream", stream_name(stream));
    buf_add_byte(json, ',');
    buf_add(json, notice->json, notice->json_len);
}

static void tell_own_of_all(struct catchup *catchup, const struct notice *notice)
{
    struct buf json;
    write_in(&json, catchup->viewer->stream, notice);
    struct notice *here = buf_ok(&json) ? notice_new(buf_str(&json)) : NULL;
    buf_done(&json);
    if (here == NULL) {
        metric_count(&catchup->hub->tally.notices_lost, 1);
        return;
    }
    here->user_hash = notice->user_hash;
    here->ends_warning = notice->ends_warning;
    tell_own(catchup, here);
    notice_unref(here);
}

/* ---- to as many users at once ---- */

struct address {
    uint64_t user;
    uint32_t at; // in row->notices
};

struct row { // of notices for one user each, all of this stream or all of all
    struct notice *const *notices;
    const struct address *addresses; // [count], by user; those of one as they came
    uint32_t count;
};

static int by_user(const void *a, const void *b)
{
    const struct address *left = a, *right = b;
    if (left->user != right->user) {
        return left->user > right->user ? 1 : -1;
    }
    return (left->at > right->at) - (left->at < right->at);
}

/* The first of theirs, if there is one: is_theirs(). */
static uint32_t first_of(const struct row *row, uint64_t user)
{
    uint32_t low = 0, high = mutant(NOTICE_TO_ALL) ? 0 : row->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (row->addresses[middle].user >= user) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static bool is_theirs(const struct row *row, uint32_t i, uint64_t user)
{
    return i < row->count && (row->addresses[i].user == user || mutant(NOTICE_TO_ALL));
}

static bool has_one_for(const struct row *row, const struct viewer *viewer)
{
    const uint64_t user = viewer->has_user ? viewer->ops->user(viewer) : 0;
    return user != 0 && is_theirs(row, first_of(row, user), user);
}

static void tell_theirs(struct catchup *catchup, const struct row *row)
{
    const struct viewer *viewer = catchup->viewer;
    const uint64_t user = viewer->has_user ? viewer->ops->user(viewer) : 0;
    for (uint32_t i = first_of(row, user); user != 0 && is_theirs(row, i, user); i++) {
        struct notice *notice = row->notices[row->addresses[i].at];
        if (notice->is_of_all) {
            tell_own_of_all(catchup, notice);
        } else {
            tell_own(catchup, notice);
        }
    }
}

static void tell_users_in(struct stream *stream, const struct row *row)
{
    for (struct channel *channel = stream->channels; channel != NULL; channel = channel->next) {
        for (uint32_t i = channel->count; i > 0; i--) {
            if (has_one_for(row, channel->viewers[i - 1])) {
                part(channel->viewers[i - 1]);
            }
        }
    }
    for (struct link *link = stream->pursuits.next; link != &stream->pursuits; link = link->next) {
        struct catchup *catchup = list_entry(link, struct catchup, stream_link);
        if (catchup->encoding != NULL) {
            tell_theirs(catchup, row);
        }
    }
}

static void tell_users(struct stream *stream, const struct row *row)
{
    struct map_walk walk = {.slot = 0};
    struct map_node *node = NULL;
    if (!row->notices[0]->is_of_all) {
        tell_users_in(stream, row);
        return;
    }
    while ((node = map_next(&stream->hub->streams, &walk)) != NULL) {
        tell_users_in(map_entry(node, struct stream, node), row);
    }
}

static void tell_user(struct stream *stream, struct notice *notice)
{
    const struct address address = {.user = notice->user_hash};
    tell_users(stream, &(struct row){.notices = &notice, .addresses = &address, .count = 1});
}

/* Each viewer is looked at once; without memory for that, once for each of them. */
static void tell_row(struct stream *stream, struct notice *const *notices, uint32_t count)
{
    struct address *addresses = mem_new(MEM_VIEWER, count * sizeof(*addresses));
    for (uint32_t i = 0; i < count; i++) {
        if (addresses == NULL) {
            tell_user(stream, notices[i]);
        } else {
            addresses[i] = (struct address){.user = notices[i]->user_hash, .at = i};
        }
    }
    if (addresses != NULL) {
        qsort(addresses, count, sizeof(*addresses), by_user);
        tell_users(stream,
                   &(struct row){.notices = notices, .addresses = addresses, .count = count});
    }
    mem_free(MEM_VIEWER, addresses);
}

/* ---- to who moderates ---- */

static void tell_staff(struct stream *stream, const struct notice *notice, struct str json)
{
    for (struct link *link = stream->staff.next; link != &stream->staff; link = link->next) {
        struct catchup *catchup = list_entry(link, struct catchup, staff_link);
        const struct viewer *viewer = catchup->viewer;
        const bool is_hidden = notice->hidden_count > 0 && viewer->has_user &&
                               notice_is_hidden_from(notice, viewer->ops->user(viewer));
        if (!is_hidden && !is_own(notice, viewer)) { // theirs they were told
            tell(catchup, json, true);
        }
    }
}

/* Of a second that is over. */
static void tell_number(struct stream *stream)
{
    static const struct notice nobodys = {.user_hash = 0};
    struct buf json;
    buf_init(&json, MEM_VIEWER, HUB_FRAME_BYTES_MAX);
    buf_add_byte(&json, '{');
    json_write_member_str(&json, "type", STR("notice"));
    json_write_member_str(&json, "stream", stream_name(stream));
    json_write_member_u64(&json, "many", stream->hushed);
    buf_add_byte(&json, '}');
    if (buf_ok(&json)) {
        tell_staff(stream, &nobodys, buf_str(&json));
    }
    buf_done(&json);
    stream->hushed = 0;
    list_remove(&stream->hushed_link);
}

static bool is_over(const struct stream *stream)
{
    return stream->hub->now_ms - stream->routine_ms >= MS_A_SECOND;
}

static bool may_tell(struct stream *stream, const struct notice *notice)
{
    struct hub *hub = stream->hub;
    if (!notice->is_routine || hub->options.notices_per_s == 0) {
        return true;
    }
    if (is_over(stream)) {
        if (stream->hushed > 0) {
            tell_number(stream);
        }
        stream->routine_ms = hub->now_ms;
        stream->routine = 0;
    }
    if (stream->routine < hub->options.notices_per_s) {
        stream->routine++;
        return true;
    }
    stream->hushed++;
    metric_count(&hub->tally.notices_hushed, 1);
    if (!list_holds(&stream->hushed_link)) {
        list_push(&hub->hushed, &stream->hushed_link);
    }
    return false;
}

/* Of all streams: its members follow the name of each. */
static void tell_everywhere(const struct hub *hub, const struct notice *notice)
{
    for (struct link *link = hub->staffed.next; link != &hub->staffed; link = link->next) {
        struct stream *stream = list_entry(link, struct stream, staffed_link);
        struct buf json;
        write_in(&json, stream, notice);
        if (buf_ok(&json)) {
            tell_staff(stream, notice, buf_str(&json));
        }
        buf_done(&json);
    }
}

static void take(struct stream *stream, struct notice *notice)
{
    if (notice->is_of_all) {
        tell_everywhere(stream->hub, notice);
        return;
    }
    if (notice->user_hash != 0) {
        tell_user(stream, notice);
    }
    if (notice->to_moderators && !list_is_empty(&stream->staff) && may_tell(stream, notice)) {
        tell_staff(stream, notice, (struct str){.at = notice->json, .len = notice->json_len});
    }
}

static bool is_for_one_alone(const struct notice *notice)
{
    return notice->user_hash != 0 && (notice->is_of_all || !notice->to_moderators);
}

/* Those for one user each, from the first on; 0: it is for others, too. */
static uint32_t count_row(struct notice *const *notices, uint32_t count)
{
    uint32_t row = 0;
    while (row < count && is_for_one_alone(notices[row]) &&
           notices[row]->is_of_all == notices[0]->is_of_all) {
        row++;
    }
    return row;
}

void herald_take(struct stream *stream, struct notice *const *notices, uint32_t count)
{
    for (uint32_t i = 0; i < count;) {
        const uint32_t row = count_row(notices + i, count - i);
        if (row > 0) {
            tell_row(stream, notices + i, row);
        } else {
            take(stream, notices[i]);
        }
        i += row > 0 ? row : 1;
    }
}

int64_t herald_turn(struct hub *hub)
{
    int64_t next_ms = INT64_MAX;
    struct link *link = hub->hushed.next;
    while (link != &hub->hushed) {
        struct stream *stream = list_entry(link, struct stream, hushed_link);
        link = link->next;
        const int64_t over_ms = stream->routine_ms + MS_A_SECOND;
        if (is_over(stream)) {
            tell_number(stream);
        } else {
            next_ms = over_ms < next_ms ? over_ms : next_ms;
        }
    }
    return list_is_empty(&hub->catching) ? next_ms : hub->now_ms;
}
