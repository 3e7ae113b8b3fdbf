// SPDX-License-Identifier: Apache-2.0
#include "subject.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const int64_t WALL_START_MS = INT64_C(1763700000000); // a whole second

static int64_t mono_ms(const struct clock *clock)
{
    return ((const struct test_clock *)(const void *)clock)->mono_ms;
}

static int64_t wall_ms(const struct clock *clock)
{
    return ((const struct test_clock *)(const void *)clock)->wall_ms;
}

void subject_make_folder(char folder[128])
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, 128, "%s/roar-test-XXXXXX", base == NULL ? "/tmp" : base);
    assert_non_null(mkdtemp(folder));
}

void subject_remove_folder(const char *folder)
{
    DIR *listing = opendir(folder);
    struct dirent *file = NULL;
    assert_non_null(listing);
    while ((file = readdir(listing)) != NULL) {
        char path[512];
        snprintf(path, sizeof(path), "%s/%s", folder, file->d_name);
        if (file->d_name[0] != '.') {
            assert_int_equal(unlink(path), 0);
        }
    }
    closedir(listing);
    assert_int_equal(rmdir(folder), 0);
}

int subject_set_up(void **state)
{
    struct subject *subject = calloc(1, sizeof(*subject));
    assert_non_null(subject);
    subject->clock.clock = (struct clock){.mono_ms = mono_ms, .wall_ms = wall_ms};
    subject->clock.mono_ms = 1000000;
    subject->clock.wall_ms = WALL_START_MS;
    subject->posts_waiting_max = 4096;
    subject->rules.evidence_days = 30;
    subject_make_folder(subject->folder);
    subject_start(subject);
    *state = subject;
    return 0;
}

int subject_tear_down(void **state)
{
    struct subject *subject = *state;
    subject_stop(subject);
    subject_remove_folder(subject->folder);
    free(subject);
    return 0;
}

void subject_restart(struct subject *subject)
{
    subject_stop(subject);
    subject_start(subject);
}

void subject_pass(struct subject *subject, int64_t ms)
{
    subject->clock.mono_ms += ms;
    subject->clock.wall_ms += ms;
}
