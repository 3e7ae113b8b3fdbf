// SPDX-License-Identifier: Apache-2.0
#include "hub/port.h"

void warnings_done(struct warnings *warnings)
{
    while (warnings->count > 0) {
        notice_unref(warnings->notices[--warnings->count]);
    }
}
