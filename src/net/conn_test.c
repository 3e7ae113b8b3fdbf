// SPDX-License-Identifier: Apache-2.0
/* Both ends are real loopback sockets: the connection under test on a reactor run in steps, its
 * peer driven by hand. A step ends when the awaited thing is true; a deadline far away keeps a
 * broken test from hanging. */
#include "net/conn.h"

#include "net/listener.h"
#include "sys/sys.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cmocka.h>

enum { DEADLINE_MS = 5000, MUCH = 4 * 1024 * 1024 };

struct probe {
    struct conn conn; // first
    char received[64];
    size_t received_len;   // of `received`
    size_t received_bytes; // of everything
    unsigned writable, half_closed, ended;
    bool free_on_received;
    bool is_open;
};

static struct reactor *reactor;
static struct listener *listener;
static struct probe probe;
static int peer = -1;
static struct address at;

static void on_received(struct conn *conn, struct str bytes)
{
    struct probe *own = (struct probe *)(void *)conn;
    own->received_bytes += bytes.len;
    for (size_t i = 0; i < bytes.len && own->received_len < sizeof(own->received); i++) {
        own->received[own->received_len++] = bytes.at[i];
    }
    if (own->free_on_received) {
        conn_done(conn);
        own->is_open = false;
    }
}

static void on_writable(struct conn *conn)
{
    ((struct probe *)(void *)conn)->writable++;
}

static void on_half_closed(struct conn *conn)
{
    ((struct probe *)(void *)conn)->half_closed++;
}

static void on_ended(struct conn *conn)
{
    struct probe *own = (struct probe *)(void *)conn;
    own->ended++;
    own->is_open = false;
    conn_done(conn);
}

static const struct conn_ops ops = {.received = on_received,
                                    .writable = on_writable,
                                    .half_closed = on_half_closed,
                                    .ended = on_ended};

static void on_accepted(void *user, int fd, const struct address *from)
{
    (void)user;
    assert_false(probe.is_open);
    assert_true(address_is_loopback(from));
    assert_int_equal(sys_socket_set_send_buffer(fd, 8192), ERR_OK);
    assert_int_equal(conn_init(&probe.conn, reactor, &ops, fd), ERR_OK);
    probe.is_open = true;
}

/* ---- running the loop until something is so ---- */

struct until {
    struct turn_hook hook;
    bool (*is_so)(void);
};

static int64_t look(struct turn_hook *hook, int64_t mono_ms)
{
    if (((struct until *)(void *)hook)->is_so()) {
        reactor_stop(reactor);
    }
    return mono_ms + 1;
}

static void on_deadline(struct timer *timer)
{
    (void)timer;
    fail_msg("what was awaited did not come");
}

static void run_until(bool (*is_so)(void))
{
    struct until until = {.hook = {.turn = look}, .is_so = is_so};
    struct timer deadline = {.fire = on_deadline};
    wheel_arm(reactor_wheel(reactor), &deadline, reactor_now_ms(reactor) + DEADLINE_MS);
    reactor_hook(reactor, &until.hook);
    reactor_run(reactor);
    reactor_unhook(reactor, &until.hook);
    wheel_cancel(reactor_wheel(reactor), &deadline);
}

static bool is_open(void)
{
    return probe.is_open;
}

static bool is_over(void)
{
    return !probe.is_open;
}

static bool got_some(void)
{
    return probe.received_len > 0;
}

static bool was_half_closed(void)
{
    return probe.half_closed > 0;
}

static size_t peer_read_bytes;
static bool peer_saw_end;

/* Takes what the peer can read now; true once its end came. */
static bool peer_reads_to_the_end(void)
{
    static char bytes[65536];
    size_t len = 0;
    enum err err = ERR_OK;
    while ((err = sys_socket_read(peer, bytes, sizeof(bytes), &len)) == ERR_OK) {
        for (size_t i = 0; i < len; i++) {
            assert_int_equal(bytes[i], 'a' + (char)((peer_read_bytes + i) % 23));
        }
        peer_read_bytes += len;
    }
    peer_saw_end = peer_saw_end || err == ERR_CLOSED;
    return peer_saw_end;
}

static bool was_writable(void)
{
    (void)peer_reads_to_the_end();
    return probe.writable > 0;
}

static struct str words_of(void *user)
{
    (void)user;
    return STR("full");
}

/* A listener that says `full` to whom there is no file for, and one connection. */
static void begin(struct str (*full)(void *user))
{
    int reserved = -1;
    probe = (struct probe){.is_open = false};
    peer_read_bytes = 0;
    peer_saw_end = false;
    assert_int_equal(address_parse(STR("127.0.0.1:0"), &at), ERR_OK);
    assert_int_equal(reactor_new(&reactor), ERR_OK);
    assert_int_equal(listener_reserve(&at, &reserved), ERR_OK);
    const struct listener_options options = {.address = at,
                                             .inherited_fd = -1,
                                             .accepts_per_turn = 16,
                                             .full = full,
                                             .accepted = on_accepted};
    assert_int_equal(listener_new(reactor, &options, &listener), ERR_OK);
    sys_close(reserved);
    struct sys_endpoint to = {.port = at.port};
    memcpy(to.ip, at.bytes, sizeof(to.ip));
    assert_int_equal(sys_socket_connect(&to, DEADLINE_MS, &peer), ERR_OK);
    assert_int_equal(sys_socket_set_blocking(peer, false), ERR_OK);
    run_until(is_open);
}

static int setup(void **state)
{
    (void)state;
    begin(NULL);
    return 0;
}

static int setup_with_words(void **state)
{
    (void)state;
    begin(words_of);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (probe.is_open) {
        conn_done(&probe.conn);
    }
    sys_close(peer);
    listener_free(listener);
    reactor_free(reactor);
    return 0;
}

static void peer_writes(const char *text)
{
    size_t len = 0;
    assert_int_equal(sys_socket_write(peer, text, strlen(text), &len), ERR_OK);
    assert_int_equal(len, strlen(text));
}

/* The `at`-th and further bytes of the pattern that the peer checks. */
static struct str pattern(size_t from, size_t len)
{
    static char bytes[MUCH];
    for (size_t i = 0; i < len; i++) {
        bytes[i] = 'a' + (char)((from + i) % 23);
    }
    return (struct str){.at = bytes, .len = len};
}

static void test_gives_what_comes(void **state)
{
    (void)state;
    peer_writes("hello");
    run_until(got_some);
    assert_memory_equal(probe.received, "hello", 5);
    assert_int_equal(probe.writable, 0); // it never asked
}

static void test_keeps_what_the_socket_does_not_take_in_order(void **state)
{
    (void)state;
    size_t sent = 0;
    while (conn_waiting_bytes(&probe.conn) == 0) {
        assert_int_equal(conn_send(&probe.conn, pattern(sent, 10000)), ERR_OK);
        sent += 10000;
    }
    assert_int_equal(conn_send(&probe.conn, pattern(sent, 777)), ERR_OK);
    sent += 777;
    run_until(was_writable);
    assert_int_equal(conn_waiting_bytes(&probe.conn), 0);
    assert_null(probe.conn.rest);
    conn_finish(&probe.conn);
    run_until(peer_reads_to_the_end);
    assert_int_equal(peer_read_bytes, sent);
}

static void test_more_than_its_bound_is_refused(void **state)
{
    (void)state;
    assert_int_equal(conn_send(&probe.conn, pattern(0, MUCH)), ERR_LIMIT);
    size_t kept = 0;
    enum err err = ERR_OK;
    while ((err = conn_send(&probe.conn, pattern(kept, 64 * 1024))) == ERR_OK) {
        kept = conn_waiting_bytes(&probe.conn);
        assert_true(kept <= CONN_OUT_BYTES_MAX);
    }
    assert_int_equal(err, ERR_LIMIT);
    assert_true(kept > CONN_OUT_BYTES_MAX - 2 * 64 * 1024);
}

static void test_try_send_keeps_nothing_and_says_when_to_go_on(void **state)
{
    (void)state;
    size_t sent = 0;
    size_t took = 0;
    do {
        const struct str more = pattern(sent, 10000);
        took = conn_try_send(&probe.conn, (const uint8_t *)more.at, more.len);
        sent += took;
    } while (took == 10000);
    assert_int_equal(conn_waiting_bytes(&probe.conn), 0);
    assert_int_equal(conn_try_send(&probe.conn, (const uint8_t *)"x", 1), 0);
    run_until(was_writable);
    const struct str more = pattern(sent, 100);
    assert_int_equal(conn_try_send(&probe.conn, (const uint8_t *)more.at, 100), 100);
    conn_finish(&probe.conn);
    run_until(peer_reads_to_the_end);
    assert_int_equal(peer_read_bytes, sent + 100);
}

static void test_finish_lets_a_talkative_peer_have_its_answer(void **state)
{
    (void)state;
    peer_writes("ask");
    run_until(got_some);
    assert_int_equal(conn_send(&probe.conn, pattern(0, 50000)), ERR_OK);
    conn_finish(&probe.conn);
    conn_finish(&probe.conn);
    assert_int_equal(conn_send(&probe.conn, STR("late")), ERR_CLOSED);
    peer_writes("it goes on talking, which a close at once would answer with a reset");
    run_until(peer_reads_to_the_end);
    assert_int_equal(peer_read_bytes, 50000);
    assert_int_equal(probe.received_bytes, 3); // what came after the end was dropped
    sys_close(peer);
    peer = -1;
    run_until(is_over);
    assert_int_equal(probe.ended, 1);
    assert_int_equal(probe.half_closed, 0);
}

static void test_finish_waits_no_longer_than_it_says(void **state)
{
    (void)state;
    const int64_t start_ms = clock_mono_ms(sys_clock());
    conn_finish(&probe.conn); // and the peer never closes
    run_until(is_over);
    assert_in_range(clock_mono_ms(sys_clock()) - start_ms, CONN_LINGER_MS - 20, 3000);
}

static void test_half_closed_peers_still_get_bytes(void **state)
{
    (void)state;
    peer_writes("bye");
    sys_socket_shut_write(peer);
    run_until(was_half_closed);
    assert_int_equal(probe.received_len, 3);
    assert_int_equal(conn_send(&probe.conn, pattern(0, 10)), ERR_OK);
    conn_finish(&probe.conn);
    run_until(is_over); // both sides are closed: no lingering
    assert_true(peer_reads_to_the_end());
    assert_int_equal(peer_read_bytes, 10);
    assert_int_equal(probe.half_closed, 1);
}

static void test_a_reset_ends_it(void **state)
{
    (void)state;
    sys_socket_reset_on_close(peer);
    sys_close(peer);
    peer = -1;
    run_until(is_over);
    assert_int_equal(probe.ended, 1);
    assert_int_equal(conn_send(&probe.conn, STR("x")), ERR_CLOSED);
    assert_int_equal(conn_try_send(&probe.conn, (const uint8_t *)"x", 1), 0);
}

static bool sends_until_it_fails(void)
{
    return !probe.is_open || conn_send(&probe.conn, STR("tick")) == ERR_CLOSED;
}

static void test_an_error_while_sending_is_told_once_by_the_loop(void **state)
{
    (void)state;
    sys_socket_reset_on_close(peer);
    sys_close(peer);
    peer = -1;
    run_until(sends_until_it_fails);
    run_until(is_over);
    assert_int_equal(probe.ended, 1);
}

static struct timer later;

static void resume_later(struct timer *timer)
{
    (void)timer;
    assert_int_equal(probe.received_len, 0); // the loop turned, and nothing was given
    conn_resume(&probe.conn);
}

static void test_paused_it_gives_nothing(void **state)
{
    (void)state;
    conn_pause(&probe.conn);
    peer_writes("wait");
    later = (struct timer){.fire = resume_later};
    wheel_arm(reactor_wheel(reactor), &later, reactor_now_ms(reactor) + 30);
    run_until(got_some);
    assert_memory_equal(probe.received, "wait", 4);
    assert_false(list_holds(&later.link));
}

static void test_may_be_freed_while_it_gives(void **state)
{
    (void)state;
    probe.free_on_received = true;
    peer_writes("die");
    run_until(is_over);
    assert_int_equal(probe.ended, 0);
    assert_int_equal(probe.received_len, 3);
}

static bool was_refused_once(void)
{
    return listener_refused(listener) > 0;
}

/* The last descriptor is used up: a newcomer is turned away, as `said` looks at, and once there is
 * room again the next is let in. */
static void turn_away(void (*said)(int newcomer))
{
    struct sys_endpoint to = {.port = at.port};
    memcpy(to.ip, at.bytes, sizeof(to.ip));
    int newcomer = -1, highest = -1;
    assert_int_equal(sys_event_open(&highest), ERR_OK);
    sys_close(highest);
    struct rlimit before, tight;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(sys_socket_connect(&to, DEADLINE_MS, &newcomer), ERR_OK);
    tight = before;
    tight.rlim_cur = (rlim_t)newcomer + 1;
    conn_done(&probe.conn);
    probe.is_open = false;
    int filler = -1;
    assert_int_equal(sys_event_open(&filler), ERR_OK); // the descriptor the connection had
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    run_until(was_refused_once);
    assert_false(probe.is_open);
    assert_int_equal(sys_socket_set_wait(newcomer, DEADLINE_MS), ERR_OK);
    said(newcomer);
    sys_close(newcomer);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(sys_socket_connect(&to, DEADLINE_MS, &newcomer), ERR_OK);
    run_until(is_open);
    sys_close(newcomer);
    sys_close(filler);
}

static void said_nothing(int newcomer)
{
    char byte;
    size_t len = 0;
    assert_int_equal(sys_socket_read(newcomer, &byte, 1, &len), ERR_SYS); // reset, not silence
}

static void said_full(int newcomer)
{
    char words[8];
    size_t len = 0;
    assert_int_equal(sys_socket_read(newcomer, words, sizeof(words), &len), ERR_OK);
    assert_int_equal(len, 4);
    assert_memory_equal(words, "full", 4);
    assert_int_equal(sys_socket_read(newcomer, words, sizeof(words), &len), ERR_CLOSED);
}

static void test_want_of_files_turns_newcomers_away(void **state)
{
    (void)state;
    turn_away(said_nothing);
}

static void test_want_of_files_is_said(void **state)
{
    (void)state;
    turn_away(said_full);
}

static void test_a_port_in_use_is_named(void **state)
{
    (void)state;
    struct address same = at;
    int fd = -1;
    assert_int_equal(listener_reserve(&same, &fd), ERR_EXISTS);
    struct listener *second = NULL;
    const struct listener_options options = {
        .address = at, .inherited_fd = -1, .accepts_per_turn = 16, .accepted = on_accepted};
    assert_int_equal(listener_new(reactor, &options, &second), ERR_OK); // a reactor beside it may
    listener_free(second);
    listener_free(NULL);
}

/* ---- many at once ---- */

enum { COMERS = 10, COMERS_A_TURN = 3 };
static unsigned came, came_before, most_a_turn;

static void on_comer(void *user, int fd, const struct address *from)
{
    (void)user;
    (void)from;
    sys_close(fd);
    came++;
}

static bool have_all_come(void) // looked at as each turn ends
{
    const unsigned in_turn = came - came_before;
    most_a_turn = in_turn > most_a_turn ? in_turn : most_a_turn;
    came_before = came;
    return came == COMERS;
}

/* A storm of joins holds up nobody who is inside: the rest of it waits in the kernel's queue. */
static void test_a_turn_accepts_so_many(void **state)
{
    struct address to = {.port = 0};
    struct listener *crowded = NULL;
    int reserved = -1, comers[COMERS];
    (void)state;
    assert_int_equal(address_parse(STR("127.0.0.1:0"), &to), ERR_OK);
    assert_int_equal(listener_reserve(&to, &reserved), ERR_OK);
    const struct listener_options options = {
        .address = to, .inherited_fd = -1, .accepts_per_turn = COMERS_A_TURN, .accepted = on_comer};
    assert_int_equal(listener_new(reactor, &options, &crowded), ERR_OK);
    sys_close(reserved);
    struct sys_endpoint door = {.port = to.port};
    memcpy(door.ip, to.bytes, sizeof(door.ip));
    came = came_before = most_a_turn = 0;
    for (int i = 0; i < COMERS; i++) {
        assert_int_equal(sys_socket_connect(&door, DEADLINE_MS, &comers[i]), ERR_OK);
    }
    run_until(have_all_come);
    assert_int_equal(most_a_turn, COMERS_A_TURN);
    for (int i = 0; i < COMERS; i++) {
        sys_close(comers[i]);
    }
    listener_free(crowded);
}

/* What a kernel has taken no act overtakes: of what waits it gets this much. */
static void test_the_kernel_is_given_little_ahead(void **state)
{
    const int fd = probe.conn.source.fd;
    int notsent_bytes = 0, is_nodelay = 0;
    socklen_t len = sizeof(int);
    (void)state;
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &notsent_bytes, &len), 0);
    assert_int_equal(notsent_bytes, CONN_NOTSENT_BYTES);
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &is_nodelay, &len), 0);
    assert_int_equal(is_nodelay, 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_gives_what_comes),
        CASE(test_keeps_what_the_socket_does_not_take_in_order),
        CASE(test_more_than_its_bound_is_refused),
        CASE(test_try_send_keeps_nothing_and_says_when_to_go_on),
        CASE(test_finish_lets_a_talkative_peer_have_its_answer),
        CASE(test_finish_waits_no_longer_than_it_says),
        CASE(test_half_closed_peers_still_get_bytes),
        CASE(test_a_reset_ends_it),
        CASE(test_an_error_while_sending_is_told_once_by_the_loop),
        CASE(test_paused_it_gives_nothing),
        CASE(test_may_be_freed_while_it_gives),
        CASE(test_want_of_files_turns_newcomers_away),
        cmocka_unit_test_setup_teardown(test_want_of_files_is_said, setup_with_words, teardown),
        CASE(test_a_port_in_use_is_named),
        CASE(test_a_turn_accepts_so_many),
        CASE(test_the_kernel_is_given_little_ahead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
