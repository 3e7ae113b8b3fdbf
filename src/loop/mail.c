// SPDX-License-Identifier: Apache-2.0
#include "loop/mail.h"

#include "base/must.h"
#include "sys/sys.h"

#include <stddef.h>

static pthread_mutex_t mailboxes_lock = PTHREAD_MUTEX_INITIALIZER;       // MAILBOXES
static struct link mailboxes = {.next = &mailboxes, .prev = &mailboxes}; // struct mail.link

static void enlist(struct mail *mail)
{
    must(pthread_mutex_lock(&mailboxes_lock) == 0);
    list_push(&mailboxes, &mail->link);
    must(pthread_mutex_unlock(&mailboxes_lock) == 0);
}

static void strike(struct mail *mail)
{
    must(pthread_mutex_lock(&mailboxes_lock) == 0);
    list_remove(&mail->link);
    must(pthread_mutex_unlock(&mailboxes_lock) == 0);
}

static void put_in(struct mail *mail, struct letter *letter, bool is_urgent)
{
    letter->next = NULL;
    must(pthread_mutex_lock(&mail->lock) == 0);
    mail->lying++;
    mail->has_urgent = mail->has_urgent || is_urgent;
    const bool is_to_wake = mail->lying == mail->wake_at || (is_urgent && mail->wake_at > 1);
    if (is_to_wake) {
        mail->wake_at = 1;
        atomic_fetch_add_explicit(&mail->raising, 1, memory_order_relaxed); // the lock publishes it
    }
    *mail->last = letter;
    mail->last = &letter->next;
    atomic_fetch_add_explicit(&mail->waiting, 1, memory_order_relaxed);
    must(pthread_mutex_unlock(&mail->lock) == 0);
    if (is_to_wake) {
        sys_event_raise(mail->wake_fd);
        atomic_fetch_sub_explicit(&mail->raising, 1, memory_order_release); // the last touch
    }
}

static void send(struct home *home, struct letter *letter)
{
    put_in((struct mail *)(void *)home, letter, false); // home is its first member
}

void mail_send_urgent(struct mail *mail, struct letter *letter)
{
    put_in(mail, letter, true);
}

enum err mail_init(struct mail *mail)
{
    int wake_fd = -1;
    TRY(sys_event_open(&wake_fd));
    *mail = (struct mail){.home = {.send = send}, .wake_at = 1, .wake_fd = wake_fd};
    mail->last = &mail->first;
    must(pthread_mutex_init(&mail->lock, NULL) == 0);
    enlist(mail);
    return ERR_OK;
}

void mail_done(struct mail *mail)
{
    must(mail->first == NULL);
    while (atomic_load_explicit(&mail->raising, memory_order_acquire) > 0) {
        sys_event_clear(mail->wake_fd);
        (void)sys_event_wait(mail->wake_fd, 1);
    }
    strike(mail);
    must(pthread_mutex_destroy(&mail->lock) == 0);
    sys_close(mail->wake_fd);
    mail->wake_fd = -1;
}

struct home *mail_home(struct mail *mail)
{
    return &mail->home;
}

void mail_need_no_clearing(struct mail *mail)
{
    mail->needs_no_clearing = true;
}

uint32_t mail_open_all(struct mail *mail)
{
    if (!mail->needs_no_clearing) {
        sys_event_clear(mail->wake_fd); // before the box is taken: what comes after raises it again
    }
    must(pthread_mutex_lock(&mail->lock) == 0);
    struct letter *letter = mail->first;
    mail->first = NULL;
    mail->last = &mail->first;
    mail->lying = 0;
    mail->has_urgent = false;
    must(pthread_mutex_unlock(&mail->lock) == 0);

    uint32_t opened = 0;
    while (letter != NULL) {
        struct letter *next = letter->next; // open() may free the letter
        atomic_fetch_sub_explicit(&mail->waiting, 1, memory_order_relaxed);
        letter->open(letter);
        letter = next;
        opened++;
    }
    return opened;
}

void mail_wait(struct mail *mail, int64_t wait_ms)
{
    (void)sys_event_wait(mail->wake_fd, wait_ms); // whichever it was, the caller looks
}

static bool want(struct mail *mail, uint32_t letters)
{
    must(pthread_mutex_lock(&mail->lock) == 0);
    const bool is_short = mail->lying < letters && !mail->has_urgent;
    mail->wake_at = is_short ? letters : 1;
    must(pthread_mutex_unlock(&mail->lock) == 0);
    return is_short;
}

void mail_gather(struct mail *mail, uint32_t letters, int64_t wait_ms)
{
    sys_event_clear(mail->wake_fd); // before it is said what is waited for, which raises it again
    if (want(mail, letters)) {
        (void)sys_event_wait(mail->wake_fd, wait_ms);
        (void)want(mail, 1);
    }
}

uint32_t mail_waiting(const struct mail *mail)
{
    return atomic_load_explicit(&mail->waiting, memory_order_relaxed);
}

uint32_t mail_wake_fds(int *ret_fds, uint32_t max)
{
    uint32_t count = 0;
    must(pthread_mutex_lock(&mailboxes_lock) == 0);
    for (struct link *link = mailboxes.next; link != &mailboxes; link = link->next) {
        if (count < max) {
            ret_fds[count] = list_entry(link, struct mail, link)->wake_fd;
        }
        count++;
    }
    must(pthread_mutex_unlock(&mailboxes_lock) == 0);
    return count;
}
