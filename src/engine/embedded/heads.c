// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/heads.h"

#include "base/must.h"
#include "base/mutant.h"

#include <string.h>

void heads_init(struct heads *heads, uint64_t seed)
{
    *heads = (struct heads){.idle_count = 0};
    map_init(&heads->by_name, MEM_ENGINE, seed);
    list_init(&heads->idle);
    list_init(&heads->touched);
}

static void free_rules(struct str rules)
{
    mem_free(MEM_ENGINE, (void *)(uintptr_t)rules.at);
}

static enum err copy_rules(struct str rules, struct str *ret_copy)
{
    char *copy = rules.len == 0 ? NULL : mem_new(MEM_ENGINE, rules.len);
    if (rules.len > 0 && copy == NULL) {
        return ERR_NOMEM;
    }
    if (copy != NULL) {
        memcpy(copy, rules.at, rules.len);
    }
    *ret_copy = (struct str){.at = copy, .len = rules.len};
    return ERR_OK;
}

static void drop_house(struct head *head)
{
    house_close(head->house);
    head->house = NULL;
}

static void forget(struct heads *heads, struct head *head)
{
    drop_house(head);
    must(!bus_is_watched(&head->subs));
    list_remove(&head->idle);
    list_remove(&head->touched);
    heads->idle_count--;
    map_remove(&heads->by_name, &head->node);
    free_rules(head->row.rules);
    mem_free(MEM_ENGINE, head);
}

void heads_done(struct heads *heads)
{
    while (!list_is_empty(&heads->idle)) {
        forget(heads, list_entry(heads->idle.next, struct head, idle));
    }
    must(heads->by_name.count == 0);
    map_done(&heads->by_name);
}

static enum err load(struct store *store, struct str name, struct head *head, uint64_t *ret_row_n)
{
    struct store_stream row = {.state = STREAM_LIVE, .retention_days = -1};
    struct store_end end = {.seq = 0};
    const enum err err = store_streams_find(store, name, &row);
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        return err;
    }
    if (err == ERR_OK) {
        TRY(copy_rules(row.rules, &row.rules));
        const enum err ended = store_streams_end(store, &row, name.len, &end, ret_row_n);
        if (ended != ERR_OK) {
            free_rules(row.rules);
            return ended;
        }
    }
    free_rules(head->row.rules);
    head->row = row;
    head->end = end;
    head->end.seq -= mutant(HEAD_SHORT) && end.seq > 0 ? 1 : 0;
    head->is_stale = false;
    return ERR_OK;
}

static struct head *new_head(struct heads *heads, struct str name)
{
    struct head *head = mem_new(MEM_ENGINE, sizeof(*head) + name.len);
    if (head == NULL) {
        return NULL;
    }
    memcpy(head->name, name.at, name.len);
    head->node.key = (struct str){.at = head->name, .len = name.len};
    bus_subs_init(&head->subs);
    if (map_add(&heads->by_name, &head->node) != ERR_OK) {
        mem_free(MEM_ENGINE, head);
        return NULL;
    }
    list_push(&heads->idle, &head->idle);
    heads->idle_count++;
    return head;
}

struct head *heads_peek(const struct heads *heads, struct str name)
{
    struct map_node *node = map_find(&heads->by_name, name);
    return node == NULL ? NULL : map_entry(node, struct head, node);
}

enum err heads_find(struct heads *heads, struct store *store, struct str name,
                    struct head **ret_head, uint64_t *ret_row_n)
{
    struct head *head = heads_peek(heads, name);
    if (head != NULL && !head->is_stale) {
        if (list_holds(&head->idle)) { // lately used goes to the end
            list_remove(&head->idle);
            list_push(&heads->idle, &head->idle);
        }
        *ret_head = head;
        return ERR_OK;
    }
    struct head *made = head == NULL ? new_head(heads, name) : head;
    if (made == NULL) {
        return ERR_NOMEM;
    }
    const enum err err = load(store, name, made, ret_row_n);
    if (err != ERR_OK) {
        if (head == NULL) {
            forget(heads, made);
        }
        return err;
    }
    *ret_head = made;
    return ERR_OK;
}

void heads_touch(struct heads *heads, struct head *head)
{
    if (!list_holds(&head->touched)) {
        head->row_before = head->row;
        head->end_before = head->end;
        list_push(&heads->touched, &head->touched);
    }
}

enum err heads_set_rules(struct head *head, struct str rules)
{
    struct str copy;
    must(list_holds(&head->touched));
    TRY(copy_rules(rules, &copy));
    if (head->row.rules.at != head->row_before.rules.at) {
        free_rules(head->row.rules); // a second time in one batch
    }
    head->row.rules = copy;
    drop_house(head);
    return ERR_OK;
}

/* Of two that differ the one that is not `kept` is of no more use. */
static void drop_rules(struct str rules, struct str kept)
{
    if (rules.at != kept.at) {
        free_rules(rules);
    }
}

void heads_settle(struct heads *heads)
{
    struct link *link = NULL;
    while ((link = list_pop(&heads->touched)) != NULL) {
        const struct head *head = list_entry(link, struct head, touched);
        drop_rules(head->row_before.rules, head->row.rules);
    }
}

void heads_rollback(struct heads *heads)
{
    struct link *link = NULL;
    while ((link = list_pop(&heads->touched)) != NULL) {
        struct head *head = list_entry(link, struct head, touched);
        drop_rules(head->row.rules, head->row_before.rules);
        drop_house(head); // it may remember what was not accepted after all
        head->row = head->row_before;
        if (!mutant(ROLLBACK_SKIPPED)) {
            head->end = head->end_before;
        }
    }
}

void heads_watched(struct heads *heads, struct head *head)
{
    if (list_holds(&head->idle)) {
        list_remove(&head->idle);
        heads->idle_count--;
    }
}

void heads_idle(struct heads *heads, struct head *head)
{
    if (!list_holds(&head->idle)) {
        list_push(&heads->idle, &head->idle);
        heads->idle_count++;
    }
}

void heads_trim(struct heads *heads)
{
    must(list_is_empty(&heads->touched));
    while (heads->idle_count > HEADS_IDLE_MAX) {
        forget(heads, list_entry(heads->idle.next, struct head, idle));
    }
}

void heads_stale(struct heads *heads)
{
    struct map_walk walk = {.slot = 0};
    struct map_node *node = NULL;
    while ((node = map_next(&heads->by_name, &walk)) != NULL) {
        struct head *head = map_entry(node, struct head, node);
        head->is_stale = true;
        drop_house(head);
    }
}
