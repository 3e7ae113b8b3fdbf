// SPDX-License-Identifier: Apache-2.0
#include "hub/pursuit.h"

void pursuit_forget_fetched(struct catchup *catchup)
{
    read_done(&catchup->fetched);
    catchup->fetched_at = 0;
    catchup->fetched.bound = SEQ_MAX + 1;
}
