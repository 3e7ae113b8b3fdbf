// SPDX-License-Identifier: Apache-2.0
#include "sys/sys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[SYS_SUBJECT_MAX];

static int set_up(void **state)
{
    (void)state;
    return sys_file_make_temporary(folder) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return sys_file_remove_folder(folder) == ERR_OK ? 0 : -1;
}

static int accepted(int listener)
{
    int fd = -1;
    assert_true(sys_event_wait(listener, 5000));
    assert_int_equal(sys_local_accept(listener, &fd), ERR_OK);
    return fd;
}

static void messages_stay_whole_and_carry_a_descriptor(void **state)
{
    int listener = -1, one = -1, ends[2], passed = -1;
    char text[64];
    size_t len = 0;
    struct sys_peer peer;
    (void)state;
    assert_int_equal(sys_local_connect(folder, "sock", &one), ERR_NOT_FOUND);
    assert_int_equal(sys_local_listen(folder, "sock", &listener), ERR_OK);
    assert_int_equal(sys_local_connect(folder, "sock", &one), ERR_OK);
    const int other = accepted(listener);
    assert_int_equal(sys_local_peer(other, &peer), ERR_OK);
    assert_true(peer.is_ours);
    assert_int_equal(peer.pid, getpid());

    assert_int_equal(sys_socket_pair(ends), ERR_OK);
    assert_int_equal(sys_local_receive(other, text, sizeof(text), &len, &passed), ERR_AGAIN);
    assert_int_equal(sys_local_send(one, STR("first"), ends[0]), ERR_OK);
    assert_int_equal(sys_local_send(one, STR("second"), -1), ERR_OK);
    assert_int_equal(sys_local_receive(other, text, sizeof(text), &len, &passed), ERR_OK);
    assert_int_equal(len, 5);
    assert_memory_equal(text, "first", 5);
    assert_int_not_equal(passed, -1);
    assert_int_not_equal(passed, ends[0]);
    assert_int_equal(sys_socket_write(ends[1], "x", 1, &len), ERR_OK);
    assert_int_equal(sys_socket_read(passed, text, sizeof(text), &len), ERR_OK);
    assert_int_equal(text[0], 'x');
    sys_close(passed);
    assert_int_equal(sys_local_receive(other, text, sizeof(text), &len, &passed), ERR_OK);
    assert_int_equal(len, 6);
    assert_int_equal(passed, -1);
    sys_close(one);
    assert_int_equal(sys_local_receive(other, text, sizeof(text), &len, &passed), ERR_CLOSED);
    assert_int_equal(sys_local_send(other, STR("late"), -1), ERR_CLOSED);
    sys_close(other);
    sys_close(listener);
    sys_close(ends[0]);
    sys_close(ends[1]);
}

static void it_is_private_and_replaces_what_was_left(void **state)
{
    int listener = -1, fd = -1;
    char path[SYS_SUBJECT_MAX + 8];
    struct stat stat_of;
    (void)state;
    snprintf(path, sizeof(path), "%s/sock", folder);
    assert_int_equal(sys_local_listen(folder, "sock", &listener), ERR_OK);
    assert_int_equal(stat(path, &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 0777, 0600);
    sys_close(listener); // as by kill -9: the file stays
    assert_int_equal(sys_local_connect(folder, "sock", &fd), ERR_NOT_FOUND);
    assert_int_equal(sys_local_listen(folder, "sock", &listener), ERR_OK);
    assert_int_equal(sys_local_connect(folder, "sock", &fd), ERR_OK);
    sys_close(fd);
    sys_close(listener);
}

static void a_long_folder_is_no_hindrance(void **state)
{
    int listener = -1, fd = -1;
    char deep[512];
    (void)state;
    snprintf(deep, sizeof(deep), "%s/%0120d", folder, 7);
    assert_int_equal(sys_file_make_folder(deep), ERR_OK);
    assert_int_equal(sys_local_listen(deep, "sock", &listener), ERR_OK);
    assert_int_equal(sys_local_connect(deep, "sock", &fd), ERR_OK);
    sys_close(fd);
    sys_close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_stay_whole_and_carry_a_descriptor, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(it_is_private_and_replaces_what_was_left, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_long_folder_is_no_hindrance, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
