// SPDX-License-Identifier: Apache-2.0
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static char path[256];

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/roar-sys-test-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command); // NOLINT(cert-env33-c): the folder's name is ours
}

static const char *inside(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void test_files_are_written_whole_and_read_bounded(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, MEM_OTHER, 100);
    assert_int_equal(sys_file_read(inside("a"), 10, &text), ERR_NOT_FOUND);
    assert_int_equal(sys_file_write(inside("a"), STR("0123456789")), ERR_OK);
    assert_int_equal(sys_file_read(inside("a"), 9, &text), ERR_LIMIT);
    assert_int_equal(text.len, 0);
    assert_int_equal(sys_file_read(inside("a"), 10, &text), ERR_OK);
    assert_true(str_eq(buf_str(&text), STR("0123456789")));
    assert_int_equal(sys_file_write(inside("a"), STR("new")), ERR_OK);
    buf_reset(&text);
    assert_int_equal(sys_file_read(inside("a"), 10, &text), ERR_OK);
    assert_true(str_eq(buf_str(&text), STR("new")));
    assert_int_not_equal(access(inside("a.new"), F_OK), 0);
    buf_done(&text);
}

static void test_a_file_open_to_others_is_known(void **state)
{
    static const struct {
        unsigned mode;
        bool is_exposed;
    } modes[] = {{0600, false}, {0640, false}, {0604, true}, {0620, true}, {0602, true}};
    bool is_exposed = false;

    (void)state;
    assert_int_equal(sys_file_write(inside("secret"), STR("s")), ERR_OK);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        assert_int_equal(chmod(inside("secret"), modes[i].mode), 0);
        assert_int_equal(sys_file_is_exposed(inside("secret"), &is_exposed), ERR_OK);
        assert_int_equal(is_exposed, modes[i].is_exposed);
    }
    assert_int_equal(sys_file_is_exposed("/dev/null", &is_exposed), ERR_OK);
    assert_false(is_exposed);
    assert_int_equal(sys_file_is_exposed(inside("nowhere"), &is_exposed), ERR_NOT_FOUND);
}

static void test_files_are_read_at_a_place(void **state)
{
    (void)state;
    int fd = -1;
    uint64_t size = 0;
    char bytes[8];
    size_t len = 0;
    assert_int_equal(sys_file_open_read(inside("none"), &fd), ERR_NOT_FOUND);
    assert_int_equal(sys_file_write(inside("a"), STR("0123456789")), ERR_OK);
    assert_int_equal(sys_file_open_read(inside("a"), &fd), ERR_OK);
    assert_int_equal(sys_file_size(fd, &size), ERR_OK);
    assert_int_equal(size, 10);
    assert_int_equal(sys_file_read_at(fd, 7, bytes, sizeof(bytes), &len), ERR_OK);
    assert_int_equal(len, 3);
    assert_memory_equal(bytes, "789", 3);
    sys_close(fd);
    assert_int_equal(sys_file_remove(inside("a")), ERR_OK);
    assert_int_equal(sys_file_remove(inside("a")), ERR_NOT_FOUND);
}

static void test_folders_are_made_with_those_above(void **state)
{
    (void)state;
    uint64_t free_bytes = 0;
    assert_int_equal(sys_file_make_folder(inside("x/y/z")), ERR_OK);
    assert_int_equal(sys_file_make_folder(inside("x/y/z")), ERR_OK);
    assert_int_equal(sys_file_disk_free(inside("x/y/z"), &free_bytes), ERR_OK);
    assert_true(free_bytes > 0);
    assert_int_equal(sys_file_write(inside("file"), STR("")), ERR_OK);
    assert_int_equal(sys_file_make_folder(inside("file/x")), ERR_SYS);
    char text[SYS_FAILURE_TEXT_MAX];
    assert_non_null(strstr(sys_failure_write(text).at, "mkdir"));
    assert_non_null(strstr(text, "Not a directory"));
    assert_int_equal(sys_last_failure()->code, ENOTDIR);
}

/* Whether another process gets the lock. */
static bool child_gets_lock(const char *lock)
{
    const pid_t child = fork();
    if (child == 0) {
        int fd = -1;
        _exit(sys_file_lock(lock, &fd) == ERR_OK ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WEXITSTATUS(status) == 0;
}

static void test_a_lock_is_one_process_s(void **state)
{
    (void)state;
    int fd = -1;
    assert_int_equal(sys_file_lock(inside("lock"), &fd), ERR_OK);
    assert_false(child_gets_lock(path));
    sys_close(fd);
    assert_true(child_gets_lock(path));
}

static void test_clocks_and_the_machine(void **state)
{
    (void)state;
    const struct clock *clock = sys_clock();
    const int64_t mono_ms = clock_mono_ms(clock);
    assert_true(clock_mono_ms(clock) >= mono_ms);
    assert_true(clock_wall_ms(clock) > INT64_C(1700000000000));
    assert_true(sys_cpu_count() >= 1);
    assert_true(sys_memory_total_bytes() > 64U << 20);
    assert_true(sys_memory_resident_bytes() > 64U << 10);
    assert_true(sys_files_max_raise() >= 64);
    assert_false(sys_random_u64() == sys_random_u64());
}

static void test_names_become_endpoints(void **state)
{
    (void)state;
    struct sys_endpoint endpoint;
    assert_int_equal(sys_socket_resolve("127.0.0.1", 81, &endpoint), ERR_OK);
    assert_int_equal(endpoint.port, 81);
    assert_int_equal(endpoint.ip[12], 127);
    assert_int_equal(endpoint.ip[11], 0xff);
    assert_int_equal(sys_socket_resolve("::1", 81, &endpoint), ERR_OK);
    assert_int_equal(endpoint.ip[15], 1);
    assert_int_equal(sys_socket_resolve("no such name", 81, &endpoint), ERR_NOT_FOUND);
}

static void test_connecting_to_nobody_says_so(void **state)
{
    (void)state;
    struct sys_listen listen = {.bind_only = true};
    int bound = -1, fd = -1;
    assert_int_equal(sys_socket_resolve("127.0.0.1", 0, &listen.at), ERR_OK);
    assert_int_equal(sys_socket_listen(&listen, &bound, &listen.at.port), ERR_OK);
    assert_int_equal(sys_socket_connect(&listen.at, 1000, &fd), ERR_SYS);
    assert_int_equal(sys_last_failure()->code, ECONNREFUSED);
    sys_close(bound);
}

static void test_events_wake_those_who_wait(void **state)
{
    (void)state;
    int fd = -1;
    assert_int_equal(sys_event_open(&fd), ERR_OK);
    assert_false(sys_event_wait(fd, 0));
    sys_event_raise(fd);
    sys_event_raise(fd);
    assert_true(sys_event_wait(fd, -1));
    sys_event_clear(fd);
    sys_event_clear(fd);
    assert_false(sys_event_wait(fd, 1));
    sys_close(fd);
}

/* Clearing one makes it writable again, which nobody wants to hear. */
static void test_a_poll_tells_of_each_time_a_flag_is_raised_and_of_nothing_else(void **state)
{
    (void)state;
    int poll_fd = -1, fd = -1;
    struct sys_ready ready;
    assert_int_equal(sys_poll_open(&poll_fd), ERR_OK);
    assert_int_equal(sys_event_open(&fd), ERR_OK);
    assert_int_equal(sys_poll_add_event(poll_fd, fd, &fd), ERR_OK);
    assert_int_equal(sys_poll_wait(poll_fd, &ready, 1, 0), 0);
    for (int i = 0; i < 2; i++) {
        sys_event_raise(fd);
        assert_int_equal(sys_poll_wait(poll_fd, &ready, 1, -1), 1);
        assert_ptr_equal(ready.tag, &fd);
        assert_int_equal(ready.events, SYS_READY_IN);
        assert_int_equal(sys_poll_wait(poll_fd, &ready, 1, 0), 0);
    }
    sys_event_clear(fd);
    assert_int_equal(sys_poll_wait(poll_fd, &ready, 1, 0), 0);
    sys_close(fd);
    sys_close(poll_fd);
}

static void test_signals_come_as_bytes(void **state)
{
    (void)state;
    int fd = -1;
    enum sys_signal got = SYS_SIGNAL_STOP;
    assert_int_equal(sys_signal_open(&fd), ERR_OK);
    assert_int_equal(sys_signal_read(fd, &got), ERR_AGAIN);
    assert_int_equal(kill(getpid(), SIGHUP), 0);
    assert_int_equal(sys_signal_read(fd, &got), ERR_OK);
    assert_int_equal(got, SYS_SIGNAL_RELOAD);
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    assert_int_equal(sys_signal_read(fd, &got), ERR_OK);
    assert_int_equal(got, SYS_SIGNAL_STOP);
    assert_int_equal(kill(getpid(), SIGPIPE), 0); // and the process lives
    sys_close(fd);
}

static void note_name(void *user)
{
    assert_int_equal(pthread_getname_np(pthread_self(), user, 16), 0);
}

static void test_threads_have_names(void **state)
{
    (void)state;
    struct sys_thread thread;
    char name[16] = "";
    assert_int_equal(sys_thread_start(&thread, "a-name-that-is-too-long", note_name, name), ERR_OK);
    sys_thread_join(&thread);
    assert_string_equal(name, "a-name-that-is-");
}

struct apart {
    int kept, other, own; // descriptors; `own` is opened by the thread
    bool has_kept, has_other;
    int go, done; // events, in both tables
};

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) != -1;
}

static void live_apart(void *user)
{
    struct apart *apart = user;
    assert_true(sys_event_wait(apart->go, -1)); // main has closed its copy of `kept`
    apart->has_kept = is_open(apart->kept);
    apart->has_other = is_open(apart->other);
    assert_int_equal(sys_event_open(&apart->own), ERR_OK);
    sys_event_raise(apart->done);
}

static void test_a_thread_has_files_of_its_own(void **state)
{
    (void)state;
    struct apart apart = {.own = -1};
    struct sys_thread thread;
    if (!sys_thread_can_own_files()) {
        return; // under TSan there is but one
    }
    assert_int_equal(sys_event_open(&apart.other), ERR_OK);
    assert_int_equal(sys_event_open(&apart.done), ERR_OK);
    assert_int_equal(sys_event_open(&apart.go), ERR_OK);
    assert_int_equal(sys_event_open(&apart.kept), ERR_OK);
    int fds[] = {apart.kept, apart.done, apart.go}; // in no order
    struct sys_files kept = {.fds = fds, .count = 3};
    assert_int_equal(sys_thread_start_apart(&thread, "apart", live_apart, &apart, &kept), ERR_OK);
    sys_close(apart.kept);
    sys_event_raise(apart.go);
    sys_thread_join(&thread);
    assert_true(sys_event_wait(apart.done, 0));
    assert_true(apart.has_kept && !apart.has_other);
    assert_int_equal(apart.own, apart.other); // the lowest number that is free in its table
    assert_false(is_open(apart.kept));
    assert_true(is_open(apart.other));
    sys_close(apart.other);
    sys_close(apart.done);
    sys_close(apart.go);
}

static void test_output_nobody_reads_is_closed(void **state)
{
    (void)state;
    int fds[2];
    sys_signal_ignore_pipe();
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(sys_file_write_all(fds[1], STR("heard")), ERR_OK);
    close(fds[0]);
    assert_int_equal(sys_file_write_all(fds[1], STR("unheard")), ERR_CLOSED);
    close(fds[1]);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_files_are_written_whole_and_read_bounded),
        CASE(test_files_are_read_at_a_place),
        CASE(test_a_file_open_to_others_is_known),
        CASE(test_folders_are_made_with_those_above),
        CASE(test_a_lock_is_one_process_s),
        CASE(test_clocks_and_the_machine),
        CASE(test_names_become_endpoints),
        CASE(test_connecting_to_nobody_says_so),
        CASE(test_events_wake_those_who_wait),
        CASE(test_a_poll_tells_of_each_time_a_flag_is_raised_and_of_nothing_else),
        CASE(test_signals_come_as_bytes),
        CASE(test_threads_have_names),
        CASE(test_a_thread_has_files_of_its_own),
        CASE(test_output_nobody_reads_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
