// SPDX-License-Identifier: Apache-2.0
#include "hub/pursuit.h"

void pursuit_stand(struct catchup *catchup)
{
    const uint64_t seq = catchup->viewer->last_seq, newest = catchup->viewer->stream->newest;
    catchup->cursor.seq = seq;
    catchup->position = seq < newest ? seq : newest;
    catchup->beyond = seq;
}

uint64_t pursuit_has(const struct catchup *catchup)
{
    return catchup->position > catchup->beyond ? catchup->position : catchup->beyond;
}

void pursuit_forget_fetched(struct catchup *catchup)
{
    read_done(&catchup->fetched);
    catchup->fetched_at = 0;
    catchup->fetched.bound = SEQ_MAX + 1;
}

void pursuit_forget_plan(struct catchup *catchup)
{
    catchup->step = 0;
    catchup->beyond = 0;
    catchup->expired_to = catchup->hole_from = catchup->hole_upto = 0;
    read_done(&catchup->acts);
    catchup->acts_at = 0;
}

void pursuit_ask_acts(struct catchup *catchup)
{
    struct read *acts = &catchup->acts;
    catchup->acts_at = 0;
    acts->from = READ_AFTER;
    acts->bound = catchup->hole_from;
    acts->upto = catchup->hole_upto;
    acts->limit = STREAM_ACTS_MAX;
    acts->kinds = CATCHUP_ACT_KINDS;
}

bool pursuit_has_acts(const struct catchup *catchup)
{
    return catchup->acts_at < catchup->acts.count;
}
