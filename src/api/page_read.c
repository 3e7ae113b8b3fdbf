// SPDX-License-Identifier: Apache-2.0
#include "api/page_read.h"

#include "api/reading.h"
#include "api/respond.h"
#include "base/mem.h"

static void start_read(struct page_read *page);

/* Where a reader of another life begins. */
static void begin_anew(struct page_read *page)
{
    page->is_resync = true;
    page->has_before = false;
    page->has_after = !page->resync_to_newest;
    page->after = 0;
}

static void reply_page(struct page_read *page)
{
    struct buf body = respond_body();
    buf_add_byte(&body, '{');
    json_write_member_str(&body, "epoch", str_of(page->read.epoch.text));
    if (page->is_resync) {
        json_write_member_bool(&body, "resync", true);
    }
    page->write(page, &body);
    buf_add_byte(&body, '}');
    respond_json(page->exchange, 200, &body, STR_NONE);
}

static void reply_failure(struct page_read *page)
{
    struct problem why = {.code = PROBLEM_STORE_DOWN,
                          .detail = STR("The store cannot be read at the moment."),
                          .retry_after_ms = 5000};
    if (page->read.result == ERR_NOT_FOUND) {
        why = (struct problem){.code = PROBLEM_NO_STREAM,
                               .detail = STR("Nobody has made this stream: its host does so with "
                                             "PUT /v1/streams/{name}.")};
    } else if (page->read.result == ERR_NOMEM) {
        why = (struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000};
    }
    respond_problem(page->exchange, &why);
}

static void on_read(struct call *call)
{
    struct page_read *page = (struct page_read *)(void *)call;
    const bool is_ahead = page->has_after && page->after > page->read.heard && !page->is_resync;
    if (page->read.result == ERR_OK && is_ahead) {
        read_done(&page->read);
        begin_anew(page);
        start_read(page);
        return;
    }
    if (page->read.result == ERR_OK) {
        reply_page(page);
    } else {
        reply_failure(page);
    }
    read_done(&page->read);
    mem_free(MEM_CONN, page);
}

_Static_assert(offsetof(struct page_read, read) == 0 && offsetof(struct read, call) == 0,
               "a call of a read is its page");

static void start_read(struct page_read *page)
{
    struct read *read = &page->read;
    read->from = page->has_after ? READ_AFTER : READ_BEFORE;
    read->bound = page->has_before ? page->before : SEQ_MAX + 1;
    read->upto = SEQ_MAX;
    if (page->has_after) {
        read->bound = page->after;
        if (page->has_before) {
            read->upto = page->before == 0 ? 0 : page->before - 1;
        }
    }
    port_read(desk_of(exchange_server(page->exchange))->shared->port, read);
}

/* A bound of another epoch is no bound: the page is of another life. */
static uint64_t bound_of(struct page_read *page, const struct cursor *cursor,
                         const struct epoch *epoch)
{
    if (cursor->epoch.text[0] != '\0' && !epoch_eq(&cursor->epoch, epoch)) {
        page->is_resync = true;
    }
    return cursor->seq;
}

static enum err read_query(struct ask *ask, const struct page_options *options,
                           struct page_read *page, struct problem *ret_why)
{
    const struct epoch *epoch = &ask->api->shared->port->epoch;
    struct cursor after = {0}, before = {0};
    uint64_t limit = PAGE_LIMIT_DEFAULT;
    TRY(ask_number(ask, "limit", PAGE_LIMIT_MAX, &limit, ret_why));
    if (limit == 0) {
        *ret_why = (struct problem){.code = PROBLEM_BAD_FIELD,
                                    .field = STR("limit"),
                                    .detail = STR("`limit` is a number of 1 to 500.")};
        return ERR_PROTO;
    }
    TRY(ask_cursor(ask, "after", &after, &page->has_after, ret_why));
    if (options->has_before) {
        TRY(ask_cursor(ask, "before", &before, &page->has_before, ret_why));
    }
    page->after = bound_of(page, &after, epoch);
    page->before = bound_of(page, &before, epoch);
    page->read.limit = (uint32_t)limit;
    return ERR_OK;
}

void page_read_start(struct ask *ask, const struct page_options *options)
{
    struct problem why = {.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000};
    struct page_read *page = mem_new(MEM_CONN, sizeof(*page));
    if (page == NULL) {
        respond_problem(ask->exchange, &why);
        return;
    }
    if (read_query(ask, options, page, &why) != ERR_OK) {
        respond_problem(ask->exchange, &why);
        mem_free(MEM_CONN, page);
        return;
    }
    page->exchange = ask->exchange;
    page->write = options->write;
    page->resync_to_newest = options->resync_to_newest;
    page->tells_gap = options->tells_gap;
    page->for_staff = ask->claims != NULL && claims_are_privileged(ask->claims);
    if (!page->has_after && !options->has_before) {
        page->has_after = true; // the log is read from its beginning
    }
    if (page->is_resync) {
        begin_anew(page);
    }
    ask_keep_name(&page->stream, ask->stream);
    page->read.stream = ask_kept_name(&page->stream);
    page->read.kinds = options->kinds;
    page->read.folded = options->folded;
    page->read.view = ask_view(ask);
    page->read.call.home = desk_home(ask->server);
    page->read.call.done = on_read;
    start_read(page);
}

uint64_t page_read_covers(const struct page_read *page)
{
    const struct read *read = &page->read;
    if (read->from == READ_AFTER) {
        if (read->reached > 0) {
            return read->reached;
        }
        if (read->more && read->count > 0) {
            return read->events[read->count - 1]->seq;
        }
        const uint64_t end = read->upto < read->head ? read->upto : read->head;
        return end > page->after ? end : page->after;
    }
    return page->has_before && page->before <= read->head ? page->before - (page->before > 0)
                                                          : read->head;
}

void page_read_write_cursor(const struct page_read *page, struct buf *out, const char *name,
                            uint64_t seq)
{
    const struct cursor cursor = {.epoch = page->read.epoch, .seq = seq};
    json_write_name(out, name);
    buf_add_byte(out, '"');
    cursor_write(out, &cursor);
    buf_add_byte(out, '"');
}

/* What lies between the reader's place and the first event kept; `prev` tells it exactly. */
static uint64_t expired_upto(const struct page_read *page)
{
    const struct read *read = &page->read;
    if (!page->tells_gap) {
        return 0;
    }
    if (read->count > 0) {
        return read->events[0]->prev;
    }
    return read->oldest > 0 ? read->oldest - 1 : 0;
}

void page_read_write_events(const struct page_read *page, struct buf *out, const char *name)
{
    json_write_name(out, name);
    buf_add_byte(out, '[');
    const uint64_t upto = expired_upto(page);
    const bool has_gap = upto > page->after;
    if (has_gap) {
        reading_write_expired(out, page->read.stream, page->after + 1, upto);
    }
    for (uint32_t i = 0; i < page->read.count; i++) {
        const struct event *event = page->read.events[i];
        buf_add_str(out, i == 0 && !has_gap ? STR_NONE : STR(","));
        if (page->for_staff) {
            event_write_for_staff(out, event, page->read.stream);
        } else {
            event_write(out, event, page->read.stream, event->prev);
        }
    }
    buf_add_byte(out, ']');
}
