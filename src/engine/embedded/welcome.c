// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/welcome.h"

#include "engine/embedded/engine_metrics.h"
#include "engine/embedded/settings.h"
#include "engine/embedded/sight.h"
#include "engine/embedded/stamp.h"
#include "engine/embedded/store_acts.h"
#include "engine/embedded/sweeps.h"
#include "rules/house_json.h"

#include <stddef.h>
#include <string.h>

static enum err find_head(const struct welcome *welcome, struct str stream, struct head **ret_head)
{
    struct ordering *ordering = welcome->ordering;
    uint64_t n = 0;
    if (welcome->is_blind && heads_peek(&ordering->heads, stream) == NULL) {
        return ERR_SYS;
    }
    TRY(store_begin_read(ordering->store));
    const enum err err = heads_find(&ordering->heads, ordering->store, stream, ret_head, &n);
    store_rollback(ordering->store);
    if (err == ERR_GONE) {
        engine_metrics_count(welcome->damaged);
        ordering_log_damage(stream, n);
    }
    return err;
}

/* ---- what it is told ---- */

static enum err tell_settings(struct ordering *ordering, const struct head *head,
                              struct watch *watch)
{
    struct house_rules rules;
    struct house_json_fault fault;
    if (head->row.rules.len == 0 && !ordering->has_all_rules) {
        return ERR_OK;
    }
    if (house_json_read(head->row.rules, &rules, &fault) != ERR_OK) {
        house_rules_init(&rules);
    }
    buf_reset(&ordering->body);
    settings_write_public(&ordering->body, &rules, &ordering->all_rules);
    house_rules_done(&rules);
    TRY(buf_err(&ordering->body));
    watch->settings = event_new(buf_str(&ordering->body));
    if (watch->settings == NULL) {
        return ERR_NOMEM;
    }
    watch->settings->kind = EVENT_SETTINGS;
    return ERR_OK;
}

/* What may be about a pin is about who wrote what it shows; where that comment is not there any
 * more, anybody may have. */
static enum err load_sweeps(struct store *store, int64_t stream, uint64_t target,
                            struct sweeps *ret_sweeps)
{
    struct store_row comment;
    const enum err err = store_rows_at(store, stream, target, &comment);
    TRY(err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err);
    return err == ERR_OK ? sweeps_load_on(store, &comment, ret_sweeps)
                         : sweeps_load(store, ret_sweeps);
}

/* `*ret_pin`: NULL where it expired, or is damaged. */
static enum err read_pin(const struct ordering *ordering, uint64_t row_seq, int64_t stream,
                         const struct sweeps *sweeps, struct event **ret_pin)
{
    struct store_row row = {.n = 0};
    struct buf copy; // of it
    *ret_pin = NULL;
    const enum err err = store_rows_at(ordering->store, stream, row_seq, &row);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err;
    }
    buf_init(&copy, MEM_ENGINE, SIGHT_BYTES_MAX);
    const enum err cleaned = sight_clean(ordering->store, sweeps, &row, &copy);
    if (cleaned == ERR_OK) {
        *ret_pin = store_rows_event(&row, ordering->identity.hash_key);
    }
    buf_done(&copy);
    return cleaned == ERR_OK && *ret_pin == NULL ? ERR_NOMEM : cleaned;
}

static enum err tell_pins(struct ordering *ordering, const struct head *head, struct watch *watch)
{
    struct store_pins pins;
    uint32_t count = 0;
    TRY(store_acts_pins(ordering->store, head->row.id, &pins));
    for (uint32_t i = 0; i < pins.count && count < PINS_MAX; i++) {
        struct sweeps sweeps;
        TRY(load_sweeps(ordering->store, head->row.id, pins.targets[i], &sweeps));
        const enum err err =
            read_pin(ordering, pins.seqs[i], head->row.id, &sweeps, &watch->pins[count]);
        sweeps_done(&sweeps);
        TRY(err);
        count += watch->pins[count] != NULL;
    }
    return ERR_OK;
}

static enum err tell_all(struct ordering *ordering, const struct head *head, struct watch *watch)
{
    TRY(tell_settings(ordering, head, watch));
    if (head->row.id == 0) {
        return ERR_OK;
    }
    TRY(store_begin_read(ordering->store));
    const enum err err = tell_pins(ordering, head, watch);
    store_rollback(ordering->store);
    return err;
}

static void forget_told(struct watch *watch)
{
    event_unref(watch->settings);
    watch->settings = NULL;
    for (int i = 0; i < PINS_MAX; i++) {
        event_unref(watch->pins[i]);
        watch->pins[i] = NULL;
    }
}

static enum err tell(const struct welcome *welcome, const struct head *head, struct watch *watch)
{
    const enum err err = tell_all(welcome->ordering, head, watch);
    if (err == ERR_OK || welcome->is_blind) {
        return ERR_OK;
    }
    forget_told(watch);
    return err;
}

/* ---- from where on it hears ---- */

static void tell_place(const struct welcome *welcome, const struct head *head, struct watch *watch)
{
    watch->head = head->end.public_seq;
    watch->heard = head->end.seq;
    watch->state = head->row.state;
    if (head->row.id != 0) {
        const struct log_tail_place place = {.head = head->end.seq,
                                             .public_head = head->end.public_seq,
                                             .ground = head->row.ground_seq,
                                             .has_shadows = head->end.has_shadows};
        log_tail_wake(welcome->tail, watch->stream, &place);
    }
}

enum err welcome_put_on(const struct welcome *welcome, struct watch *watch, int64_t wall_ms)
{
    struct ordering *ordering = welcome->ordering;
    struct head *head = NULL;
    watch->settings = NULL;
    memset(watch->pins, 0, sizeof(watch->pins));
    const enum err err = find_head(welcome, watch->stream, &head);
    if (err != ERR_OK) {
        return err == ERR_NOMEM ? ERR_NOMEM : ERR_SYS;
    }
    if (head->row.id == 0 && ordering->rules.streams_explicit) {
        return ERR_NOT_FOUND;
    }
    const enum err told = tell(welcome, head, watch);
    if (told != ERR_OK) {
        return told == ERR_NOMEM ? ERR_NOMEM : ERR_SYS;
    }
    const enum err added = bus_add(welcome->bus, &head->subs, watch);
    if (added != ERR_OK) {
        forget_told(watch);
        return added;
    }
    heads_watched(&ordering->heads, head);
    tell_place(welcome, head, watch);
    watch->at_ms = stamp_at(&head->end, wall_ms);
    return ERR_OK;
}
