// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/commit_wait.h"

void commit_wait_init(struct commit_wait *wait, uint32_t wait_ms)
{
    *wait = (struct commit_wait){.wait_ms = wait_ms, .pause = COMMIT_WAIT_SPARED_MIN};
}

bool commit_wait_is_due(struct commit_wait *wait)
{
    if (wait->spared > 0) {
        wait->spared--;
        return false;
    }
    return wait->wait_ms > 0;
}

void commit_wait_note(struct commit_wait *wait, bool has_brought)
{
    if (has_brought) {
        wait->pause = COMMIT_WAIT_SPARED_MIN;
        return;
    }
    wait->spared = wait->pause;
    wait->pause = wait->pause < COMMIT_WAIT_SPARED_MAX ? wait->pause * 2 : COMMIT_WAIT_SPARED_MAX;
}

void commit_wait_for_more(struct commit_wait *wait, struct mail *mail)
{
    const uint32_t first_ms = wait->wait_ms / 2;
    mail_gather(mail, COMMIT_WAIT_POSTS, first_ms);
    const uint32_t had = mail_waiting(mail);
    if (had < COMMIT_WAIT_POSTS) {
        mail_gather(mail, COMMIT_WAIT_POSTS, wait->wait_ms - first_ms);
    }
    commit_wait_note(wait, had >= COMMIT_WAIT_POSTS || mail_waiting(mail) > had);
}
