// SPDX-License-Identifier: Apache-2.0
#include "sys/sys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static int burn_and_say(void *user)
{
    const int *fd = user;
    const int64_t until_us = sys_mono_us() + 20000;
    volatile uint64_t work = 0;
    while (sys_mono_us() < until_us) {
        work = work + 1;
    }
    sys_event_raise(*fd);
    return sys_event_wait(-1, -1) ? 1 : 2; // never: it is told to stop
}

static void test_a_child_is_measured_and_stopped(void **state)
{
    (void)state;
    int fd = -1, pid = 0;
    uint64_t cpu_ns = 0, bytes = 0;
    assert_int_equal(sys_event_open(&fd), ERR_OK);
    assert_int_equal(sys_process_fork(burn_and_say, &fd, &pid), ERR_OK);
    assert_true(sys_event_wait(fd, 10000));
    assert_int_equal(sys_process_cpu_ns(pid, &cpu_ns), ERR_OK);
    assert_true(cpu_ns > 0);
    assert_int_equal(sys_process_anon_bytes(pid, &bytes), ERR_OK);
    assert_true(bytes > 0);
    assert_true(sys_process_is_alive(pid));
    assert_int_equal(sys_process_stop(pid, 10000), 128 + 15);
    assert_false(sys_process_is_alive(pid));
    assert_int_equal(sys_process_anon_bytes(pid, &bytes), ERR_SYS);
    sys_close(fd);
}

static void test_a_folder_goes_with_all_in_it(void **state)
{
    (void)state;
    char folder[SYS_SUBJECT_MAX], inner[SYS_SUBJECT_MAX + 16], file[SYS_SUBJECT_MAX + 16];
    struct buf text;
    buf_init(&text, MEM_OTHER, 16);
    assert_int_equal(sys_file_make_temporary(folder), ERR_OK);
    (void)snprintf(inner, sizeof(inner), "%s/inner", folder);
    (void)snprintf(file, sizeof(file), "%s/inner/file", folder);
    assert_int_equal(sys_file_make_folder(inner), ERR_OK);
    assert_int_equal(sys_file_write(file, STR("x")), ERR_OK);
    assert_int_equal(sys_file_remove_folder(folder), ERR_OK);
    assert_int_equal(sys_file_read(file, 16, &text), ERR_NOT_FOUND);
    assert_int_equal(sys_file_remove_folder(folder), ERR_SYS);
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_child_is_measured_and_stopped),
        cmocka_unit_test(test_a_folder_goes_with_all_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
