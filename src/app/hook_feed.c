// SPDX-License-Identifier: Apache-2.0
/* One thread goes round: opens its letters, gives what is free and due something to do, waits. A
 * slot is a call of the port (the next event, or an act) or of the hook, one at a time:
 *
 *      FREE ─▶ READING ─▶ SENDING ─▶ FREE
 *                │  ▲        │  ▲ └─▶ ACTING ─▶ FREE
 *                └──┘        └──┘
 *           nothing newer   not taken: RESTING until due_ms
 */
#include "app/hook_feed.h"

#include "app/hook_answer.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/must.h"
#include "loop/mail.h"
#include "sys/sys.h"
#include "wire/act.h"
#include "wire/json.h"

#include <semaphore.h>
#include <stdio.h>
#include <string.h>

enum {
    PLACE_BYTES_MAX = 64,
    EVENT_BYTES_MAX = 256 * 1024,
    LOOK_MS = 250,  // for something newer
    SAVE_MS = 1000, // the place is kept that often
    PATH_BYTES_MAX = 4096,
};

/* Before it is told again an event is read again: what was removed meanwhile has lost its text. */
enum slot_state {
    SLOT_FREE,
    SLOT_READING,
    SLOT_SENDING,
    SLOT_RESTING,
    SLOT_READING_AGAIN,
    SLOT_ACTING
};

struct slot {
    enum slot_state state;
    bool is_back; // its call is
    struct hook_feed *feed;
    uint64_t n;       // of its event
    int64_t first_ms; // mono: when it was sent first
    int64_t due_ms;   // RESTING: when again
    uint32_t tries;
    struct moderation_call read;
    struct webhook webhook;
    struct act_call act;
    /* -- what the act borrows -- */
    char stream[STREAM_NAME_LEN_MAX + 1];
    char user[ACT_USER_BYTES_MAX + 1];
    struct hook_answer answer;
    struct str user_text;
    uint64_t seq;
};

struct hook_feed {
    /* -- frozen -- */
    struct hook_feed_options options;
    char path[PATH_BYTES_MAX];
    struct mail mail;
    struct sys_thread thread;
    bool is_running; // main's
    /* -- letters of main -- */
    struct letter stop;
    sem_t knows; // raised when `stop` is opened
    /* -- the thread's -- */
    struct hook_feed_settings settings;
    char url[OUTCALL_URL_MAX + 1];
    bool is_stopping, has_place;
    uint64_t place;  // all up to here was delivered
    uint64_t read_n; // the newest given to a slot
    uint64_t saved;  // UINT64_MAX: none
    int64_t look_ms, save_ms;
    struct slot slots[FEED_WINDOW];
    struct log_pace garbage_pace;
    struct metric delivered, failed, given_up, acts, garbage, behind;
};

/* A setting on its way to the thread. */
struct setting_letter {
    struct letter letter; // first
    struct hook_feed *feed;
    struct hook_feed_settings settings;
    char url[OUTCALL_URL_MAX + 1];
};

static int64_t mono_ms(void)
{
    return clock_mono_ms(sys_clock());
}

/* ---- the place ---- */

static void load_place(struct hook_feed *feed)
{
    struct buf text;
    uint64_t n = 0;
    buf_init(&text, MEM_OTHER, PLACE_BYTES_MAX);
    if (sys_file_read(feed->path, PLACE_BYTES_MAX - 1, &text) == ERR_OK) {
        struct str rest;
        const struct str epoch = str_cut(buf_str(&text), ' ', &rest);
        if (str_to_u64(str_cut(rest, '\n', &rest), UINT64_MAX, &n) &&
            str_eq(epoch, str_of(feed->options.port->epoch.text))) {
            feed->place = n;
            feed->read_n = n;
            feed->saved = n;
            feed->has_place = true;
        }
    }
    buf_done(&text);
}

static void save_place(struct hook_feed *feed)
{
    char text[PLACE_BYTES_MAX];
    if (!feed->has_place || feed->saved == feed->place) {
        return;
    }
    const int len = snprintf(text, sizeof(text), "%s %llu\n", feed->options.port->epoch.text,
                             (unsigned long long)feed->place);
    if (sys_file_write(feed->path, (struct str){.at = text, .len = (size_t)len}) == ERR_OK) {
        feed->saved = feed->place;
    } else {
        char why[SYS_FAILURE_TEXT_MAX];
        log_line(LOG_WARN, "the hook's place is not kept: events may be sent again",
                 LOG_STR("why", sys_failure_write(why)));
    }
}

/* All below the oldest that is under way was delivered. */
static void move_on(struct hook_feed *feed)
{
    uint64_t place = feed->read_n;
    for (int i = 0; i < FEED_WINDOW; i++) {
        const struct slot *slot = &feed->slots[i];
        if (slot->state != SLOT_FREE && slot->state != SLOT_READING && slot->n <= place) {
            place = slot->n - 1;
        }
    }
    feed->place = place;
}

/* ---- reading ---- */

static void on_back(struct slot *slot)
{
    slot->is_back = true;
}

static void on_read(struct call *call)
{
    on_back(list_entry(call, struct slot, read.call));
}

static void read_feed(struct slot *slot, uint64_t after, uint32_t limit)
{
    struct hook_feed *feed = slot->feed;
    slot->is_back = false;
    slot->read =
        (struct moderation_call){.what = MODERATION_FEED,
                                 .after = after,
                                 .limit = limit,
                                 .call = {.home = mail_home(&feed->mail), .done = on_read}};
    buf_init(&slot->read.out, MEM_OTHER, EVENT_BYTES_MAX);
    port_moderation(feed->options.port, &slot->read);
}

static void read_next(struct slot *slot, uint32_t limit)
{
    slot->state = SLOT_READING;
    read_feed(slot, slot->feed->read_n, limit);
}

static void read_again(struct slot *slot)
{
    slot->state = SLOT_READING_AGAIN;
    read_feed(slot, slot->n - 1, 1);
}

/* ---- sending ---- */

static void on_sent(struct call *call)
{
    on_back(list_entry(call, struct slot, webhook.outcall.call));
}

static void send(struct slot *slot)
{
    struct hook_feed *feed = slot->feed;
    char id[WEBHOOK_ID_MAX];
    struct outcall *outcall = &slot->webhook.outcall;
    (void)snprintf(id, sizeof(id), "msg_%s_%llu", feed->options.port->epoch.text,
                   (unsigned long long)slot->n);
    slot->tries++;
    slot->is_back = false;
    buf_done(&outcall->answer);
    if (webhook_sign(&slot->webhook, &feed->settings.key, str_of(id),
                     clock_wall_ms(sys_clock()) / 1000) != ERR_OK) {
        slot->state = SLOT_RESTING;
        slot->due_ms = mono_ms() + FEED_WAIT_MS_MIN;
        return;
    }
    slot->state = SLOT_SENDING;
    outcall->call.home = mail_home(&feed->mail);
    outcall->call.done = on_sent;
    outcall->url = feed->url;
    outcall->wait_ms = feed->settings.wait_ms;
    outcalls_send(feed->options.outcalls, outcall);
}

static bool write_message(struct slot *slot, const struct json *event)
{
    struct str type = STR_NONE;
    char name[48];
    struct buf *body = &slot->webhook.body;
    (void)json_get_str(json_member(event, "type"), &type);
    (void)snprintf(name, sizeof(name), "%.*s.published", STR_ARG(type));
    webhook_init(&slot->webhook);
    webhook_write_head(body, name, clock_wall_ms(sys_clock()));
    json_write_value(body, event);
    buf_add_byte(body, '}');
    return buf_ok(body);
}

static void copy_text(const struct json *value, char *to, size_t cap)
{
    struct str text = STR_NONE;
    (void)json_get_str(value, &text);
    (void)snprintf(to, cap, "%.*s", STR_ARG(text));
}

/* What an act on it would name. */
static void take_names(struct slot *slot, const struct json *event)
{
    int64_t seq = 0;
    copy_text(json_member(event, "stream"), slot->stream, sizeof(slot->stream));
    copy_text(json_member(json_member(event, "user"), "id"), slot->user, sizeof(slot->user));
    (void)json_get_i64(json_member(event, "seq"), &seq);
    slot->seq = (uint64_t)seq;
}

/* Its message, and when it is told first its names: a removed one has none. ERR_PROTO: it is none
 * of ours. */
static enum err take_event(struct slot *slot)
{
    struct json *root = NULL;
    struct json_fault fault;
    struct buf whole;
    buf_init(&whole, MEM_OTHER, EVENT_BYTES_MAX);
    buf_add_byte(&whole, '{');
    buf_add_str(&whole, buf_str(&slot->read.out));
    buf_add_byte(&whole, '}');
    enum err err = buf_ok(&whole) ? json_parse(buf_str(&whole), &root, &fault) : ERR_NOMEM;
    buf_done(&whole);
    if (err != ERR_OK) {
        return err;
    }
    const struct json *event = json_member(root, "event");
    if (slot->tries == 0) {
        take_names(slot, event);
    }
    err = write_message(slot, event) ? ERR_OK : ERR_NOMEM;
    json_free(root);
    return err;
}

static void take_read(struct slot *slot)
{
    struct hook_feed *feed = slot->feed;
    const enum err result = slot->read.result;
    slot->state = SLOT_FREE;
    feed->look_ms = mono_ms() + LOOK_MS;
    if (result == ERR_OK && slot->read.limit == 0) {
        feed->place = slot->read.seq;
        feed->read_n = slot->read.seq;
        feed->has_place = true;
        feed->look_ms = 0;
    } else if (result == ERR_OK && !feed->is_stopping) {
        slot->n = slot->read.seq;
        slot->tries = 0;
        slot->first_ms = mono_ms();
        if (take_event(slot) == ERR_OK) { // else for want of memory: again in a while
            feed->read_n = slot->n;
            feed->look_ms = 0;
            send(slot);
        } else {
            webhook_done(&slot->webhook);
        }
    }
    buf_done(&slot->read.out);
}

/* What retention took since, or is damaged, is nobody's to be told any more. */
static void take_again(struct slot *slot)
{
    const enum err result = slot->read.result;
    const bool is_gone = result == ERR_NOT_FOUND || (result == ERR_OK && slot->read.seq != slot->n);
    webhook_done(&slot->webhook);
    slot->state = SLOT_RESTING;
    slot->due_ms = mono_ms() + LOOK_MS;
    if (is_gone) {
        metric_count(&slot->feed->given_up, 1);
        slot->state = SLOT_FREE;
    } else if (result == ERR_OK && !slot->feed->is_stopping && take_event(slot) == ERR_OK) {
        send(slot);
    }
    buf_done(&slot->read.out);
}

/* ---- the answer ---- */

static void on_act(struct call *call)
{
    on_back(list_entry(call, struct slot, act.call));
}

static void begin_act(struct slot *slot)
{
    slot->state = SLOT_ACTING;
    slot->is_back = false;
    slot->user_text = str_of(slot->user);
    slot->act = (struct act_call){
        .stream = str_of(slot->stream),
        .act = {.what = slot->answer.what,
                .at = slot->answer.at,
                .seqs = &slot->seq,
                .users = &slot->user_text,
                .target_count = 1,
                .reason = str_of(slot->answer.reason),
                .seconds = slot->answer.seconds},
        .by = {.kind = ACTOR_HOOK, .id = STR("after")},
        .asked_mono_ms = mono_ms(),
        .call = {.home = mail_home(&slot->feed->mail), .done = on_act},
    };
    metric_count(&slot->feed->acts, 1);
    port_act(slot->feed->options.port, &slot->act);
}

static enum err read_answer(struct slot *slot)
{
    const struct outcall *outcall = &slot->webhook.outcall;
    if (outcall->result == ERR_LIMIT) {
        slot->answer = hook_answer_garbage("it is too long");
        return ERR_OK;
    }
    TRY(hook_answer_read(buf_str(&outcall->answer), &slot->answer));
    if (slot->answer.kind == HOOK_ANSWER_ACT && slot->user[0] == '\0') {
        slot->answer = hook_answer_garbage("it wants an act on an event that is nobody's comment");
    }
    return ERR_OK;
}

/* Not asked for again: whoever answers so would answer so for days, and hold up all that is new.
 * One line in a while says it, with nothing of the answer, which may be the comment. */
static void note_garbage(struct slot *slot)
{
    struct hook_feed *feed = slot->feed;
    const uint64_t times = log_pace_count(&feed->garbage_pace, mono_ms());
    metric_count(&feed->garbage, 1);
    if (times > 0) {
        log_line(LOG_WARN, "the hook after publishing takes events and answers what means nothing",
                 LOG_STR("why", str_of(slot->answer.why)),
                 LOG_I64("status", slot->webhook.outcall.status),
                 LOG_I64("bytes", slot->webhook.outcall.answer.len), LOG_I64("times", times));
    }
}

static void finish(struct slot *slot)
{
    webhook_done(&slot->webhook);
    slot->state = SLOT_FREE;
}

static void rest(struct slot *slot)
{
    struct hook_feed *feed = slot->feed;
    const int64_t now_ms = mono_ms();
    const uint32_t doublings = slot->tries < 16 ? slot->tries : 16;
    const int64_t wait_ms = (int64_t)FEED_WAIT_MS_MIN << doublings;
    metric_count(&feed->failed, 1);
    if (now_ms - slot->first_ms < feed->settings.kept_ms) {
        slot->state = SLOT_RESTING;
        slot->due_ms = now_ms + (wait_ms < FEED_WAIT_MS_MAX ? wait_ms : FEED_WAIT_MS_MAX);
        return;
    }
    metric_count(&feed->given_up, 1);
    log_line(LOG_ERROR, "the hook after publishing did not take an event: given up",
             LOG_STR("stream", str_of(slot->stream)), LOG_I64("seq", (int64_t)slot->seq),
             LOG_STR("why", str_of(slot->webhook.outcall.why)),
             LOG_I64("status", slot->webhook.outcall.status));
    finish(slot);
}

/* A status that says so, whatever it says beside. */
static bool is_taken(const struct outcall *outcall)
{
    return (outcall->result == ERR_OK || outcall->result == ERR_LIMIT) && outcall->status >= 200 &&
           outcall->status < 300;
}

static void take_sent(struct slot *slot)
{
    struct hook_feed *feed = slot->feed;
    if (!is_taken(&slot->webhook.outcall) || read_answer(slot) != ERR_OK) {
        rest(slot);
        return;
    }
    if (slot->answer.kind == HOOK_ANSWER_GARBAGE) {
        note_garbage(slot);
        finish(slot);
        return;
    }
    metric_count(&feed->delivered, 1);
    if (slot->answer.kind == HOOK_ANSWER_ACT && !feed->is_stopping) {
        begin_act(slot);
    } else {
        finish(slot);
    }
}

/* One that the store cannot take now is asked for again with the event. */
static void take_act(struct slot *slot)
{
    if (slot->act.end == ACT_UNKNOWN ||
        (slot->act.end == ACT_REFUSED && (slot->act.refusal == ACT_REFUSAL_STORE_DOWN ||
                                          slot->act.refusal == ACT_REFUSAL_OVERLOADED ||
                                          slot->act.refusal == ACT_REFUSAL_DRAINING))) {
        rest(slot);
        return;
    }
    finish(slot);
}

/* ---- the thread ---- */

static void open_stop(struct letter *letter)
{
    struct hook_feed *feed = list_entry(letter, struct hook_feed, stop);
    feed->is_stopping = true;
    must(sem_post(&feed->knows) == 0);
}

static void open_settings(struct letter *letter)
{
    struct setting_letter *news = (struct setting_letter *)(void *)letter;
    struct hook_feed *feed = news->feed;
    feed->settings = news->settings;
    memcpy(feed->url, news->url, sizeof(feed->url));
    mem_free(MEM_OTHER, news);
}

static void take_back(struct slot *slot)
{
    switch (slot->state) {
    case SLOT_READING:
        take_read(slot);
        break;
    case SLOT_SENDING:
        take_sent(slot);
        break;
    case SLOT_READING_AGAIN:
        take_again(slot);
        break;
    case SLOT_ACTING:
        take_act(slot);
        break;
    case SLOT_FREE:
    case SLOT_RESTING:
        break;
    }
}

static bool has_any(const struct hook_feed *feed, enum slot_state state)
{
    for (int i = 0; i < FEED_WINDOW; i++) {
        if (feed->slots[i].state == state) {
            return true;
        }
    }
    return false;
}

/* How long nothing is due. */
static int64_t go_round(struct hook_feed *feed)
{
    const int64_t now_ms = mono_ms();
    const bool is_on = feed->url[0] != '\0' && !feed->is_stopping;
    int64_t next_ms = feed->save_ms;
    for (int i = 0; i < FEED_WINDOW; i++) {
        struct slot *slot = &feed->slots[i];
        if (slot->is_back) {
            slot->is_back = false;
            take_back(slot);
        }
        if (slot->state == SLOT_RESTING && is_on && slot->due_ms <= now_ms) {
            read_again(slot);
        } else if (slot->state == SLOT_FREE && is_on && !has_any(feed, SLOT_READING) &&
                   feed->look_ms <= now_ms) {
            read_next(slot, feed->has_place ? 1 : 0);
        }
        if (slot->state == SLOT_RESTING && slot->due_ms < next_ms) {
            next_ms = slot->due_ms;
        }
    }
    move_on(feed);
    metric_set(&feed->behind, (int64_t)(feed->read_n - feed->place));
    if (now_ms >= feed->save_ms) {
        save_place(feed);
        feed->save_ms = now_ms + SAVE_MS;
    }
    if (is_on && !has_any(feed, SLOT_READING) && has_any(feed, SLOT_FREE) &&
        feed->look_ms < next_ms) {
        next_ms = feed->look_ms;
    }
    return next_ms > now_ms ? next_ms - now_ms : 0;
}

static bool is_away(const struct hook_feed *feed)
{
    return has_any(feed, SLOT_READING) || has_any(feed, SLOT_READING_AGAIN) ||
           has_any(feed, SLOT_SENDING) || has_any(feed, SLOT_ACTING);
}

static void run(void *user)
{
    struct hook_feed *feed = user;
    feed->saved = UINT64_MAX;
    load_place(feed);
    while (!feed->is_stopping || is_away(feed)) {
        const int64_t wait_ms = go_round(feed);
        mail_wait(&feed->mail, wait_ms);
        (void)mail_open_all(&feed->mail);
    }
    save_place(feed);
}

/* ---- main's ---- */

static void list_metrics(struct hook_feed *feed)
{
    static const struct {
        const char *name, *help;
    } words[] = {
        {"roar_hook_after_delivered_total", "Events the hook after publishing took."},
        {"roar_hook_after_failed_total", "Times that it did not take one."},
        {"roar_hook_after_given_up_total", "Events it never took."},
        {"roar_hook_after_acts_total", "Acts it asked for."},
        {"roar_hook_after_garbage_total", "Events it took with an answer that means nothing."},
        {"roar_hook_after_behind", "Events it was not told of yet, of those read."},
    };
    struct metric *const metrics[] = {&feed->delivered, &feed->failed,  &feed->given_up,
                                      &feed->acts,      &feed->garbage, &feed->behind};
    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
        metrics[i]->name = words[i].name;
        metrics[i]->help = words[i].help;
        metrics[i]->kind = metrics[i] == &feed->behind ? METRIC_GAUGE : METRIC_COUNTER;
        metric_add(metrics[i]);
    }
}

static void unlist_metrics(struct hook_feed *feed)
{
    metric_remove(&feed->delivered);
    metric_remove(&feed->failed);
    metric_remove(&feed->given_up);
    metric_remove(&feed->acts);
    metric_remove(&feed->garbage);
    metric_remove(&feed->behind);
}

enum err hook_feed_new(const struct hook_feed_options *options, struct hook_feed **ret_feed)
{
    struct hook_feed *feed = mem_new(MEM_OTHER, sizeof(*feed));
    if (feed == NULL) {
        return ERR_NOMEM;
    }
    feed->options = *options;
    (void)snprintf(feed->path, sizeof(feed->path), "%s/hooks.place", options->folder);
    for (int i = 0; i < FEED_WINDOW; i++) {
        feed->slots[i].feed = feed;
    }
    const enum err err = mail_init(&feed->mail);
    if (err != ERR_OK) {
        mem_free(MEM_OTHER, feed);
        return err;
    }
    must(sem_init(&feed->knows, 0, 0) == 0);
    list_metrics(feed);
    *ret_feed = feed;
    return ERR_OK;
}

enum err hook_feed_set(struct hook_feed *feed, const struct hook_feed_settings *settings)
{
    if (!feed->is_running && settings->url.len == 0) {
        return ERR_OK;
    }
    struct setting_letter *news = mem_new(MEM_OTHER, sizeof(*news));
    if (news == NULL) {
        return ERR_NOMEM;
    }
    must(settings->url.len <= OUTCALL_URL_MAX);
    news->letter.open = open_settings;
    news->feed = feed;
    news->settings = *settings;
    news->settings.url = STR_NONE;
    memcpy(news->url, settings->url.at, settings->url.len);
    home_send(mail_home(&feed->mail), &news->letter);
    if (feed->is_running) {
        return ERR_OK;
    }
    const enum err err = sys_thread_start(&feed->thread, "roar-feed", run, feed);
    feed->is_running = err == ERR_OK;
    if (err != ERR_OK) {
        (void)mail_open_all(&feed->mail);
    }
    return err;
}

void hook_feed_stop(struct hook_feed *feed)
{
    if (feed != NULL && feed->is_running) {
        feed->stop.open = open_stop;
        home_send(mail_home(&feed->mail), &feed->stop);
        while (sem_wait(&feed->knows) != 0) { // a signal came
        }
    }
}

void hook_feed_free(struct hook_feed *feed)
{
    if (feed == NULL) {
        return;
    }
    if (feed->is_running) {
        sys_thread_join(&feed->thread);
    }
    for (int i = 0; i < FEED_WINDOW; i++) {
        webhook_done(&feed->slots[i].webhook);
    }
    unlist_metrics(feed);
    must(sem_destroy(&feed->knows) == 0);
    mail_done(&feed->mail);
    mem_free(MEM_OTHER, feed);
}
