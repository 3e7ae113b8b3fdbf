// SPDX-License-Identifier: Apache-2.0
/* Each call the store makes of the disk fails once, then several times in a row, over a whole
 * story; what was answered stays true, and when the disk is well again so is the store. */
#include "fault_disk.h"
#include "story.h"

#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sqlite3.h>

static struct story story; // large

/* False: the story was over before the call came. */
static bool tell_with(const struct fault *fault)
{
    story_begin(&story);
    fault_disk_arm(fault);
    story_tell(&story);
    const bool has_fired = fault_disk_has_fired();
    fault_disk_arm(NULL);
    story_check(&story);
    assert_int_equal(story.new_epochs, 0);
    story_end(&story);
    return has_fired;
}

/* With every = 7, every seventh n is tried: a short form of a long sweep. */
static void sweep(struct fault fault, uint64_t every)
{
    uint64_t tried = 0;
    for (fault.at = 1;; fault.at += every) {
        if (!tell_with(&fault)) {
            break;
        }
        tried++;
    }
    print_message("%s, %u in a row, code %d: %u runs, up to call %u\n",
                  fault_disk_call_name(fault.call), (unsigned)fault.count, fault.code,
                  (unsigned)tried, (unsigned)fault.at);
    assert_true(tried > 0);
}

static uint64_t thinned(uint64_t every)
{
    const char *how = getenv("ROAR_FAULTS_WHOLE");
    return how != NULL && how[0] == '1' ? 1 : every;
}

static void every_write_fails_in_turn(void **state)
{
    (void)state;
    sweep((struct fault){.call = FAULT_WRITE, .count = 1, .code = SQLITE_IOERR_WRITE}, 1);
}

static void every_write_tears_in_turn(void **state)
{
    (void)state;
    sweep(
        (struct fault){
            .call = FAULT_WRITE, .count = 1, .code = SQLITE_IOERR_WRITE, .is_torn = true},
        thinned(3));
}

static void every_write_finds_no_room_in_turn(void **state)
{
    (void)state;
    sweep((struct fault){.call = FAULT_WRITE, .count = 1, .code = SQLITE_FULL, .is_torn = true},
          thinned(3));
    sweep((struct fault){.call = FAULT_WRITE, .count = 9, .code = SQLITE_FULL}, thinned(9));
}

static void every_sync_fails_in_turn(void **state)
{
    (void)state;
    sweep((struct fault){.call = FAULT_SYNC, .count = 1, .code = SQLITE_IOERR_FSYNC}, 1);
    sweep((struct fault){.call = FAULT_SYNC, .count = 5, .code = SQLITE_IOERR_FSYNC}, thinned(3));
}

static void every_read_fails_in_turn(void **state)
{
    (void)state;
    sweep((struct fault){.call = FAULT_READ, .count = 1, .code = SQLITE_IOERR_READ}, 1);
    sweep((struct fault){.call = FAULT_READ, .count = 6, .code = SQLITE_IOERR_READ}, thinned(5));
}

static void every_other_call_fails_in_turn(void **state)
{
    static const struct {
        enum fault_call call;
        int code;
    } calls[] = {{FAULT_OPEN, SQLITE_CANTOPEN},
                 {FAULT_TRUNCATE, SQLITE_IOERR_TRUNCATE},
                 {FAULT_SHM, SQLITE_IOERR_SHMMAP},
                 {FAULT_SIZE, SQLITE_IOERR_FSTAT},
                 {FAULT_DELETE, SQLITE_IOERR_DELETE}};
    (void)state;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        sweep((struct fault){.call = calls[i].call, .count = 1, .code = calls[i].code}, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_write_fails_in_turn),
        cmocka_unit_test(every_write_tears_in_turn),
        cmocka_unit_test(every_write_finds_no_room_in_turn),
        cmocka_unit_test(every_sync_fails_in_turn),
        cmocka_unit_test(every_read_fails_in_turn),
        cmocka_unit_test(every_other_call_fails_in_turn),
    };
    log_set_level(getenv("ROAR_FAULTS_LOG") == NULL ? LOG_ERROR + 1 : LOG_DEBUG);
    fault_disk_install();
    return cmocka_run_group_tests_name("sweep", tests, NULL, NULL);
}
