// SPDX-License-Identifier: Apache-2.0
/* conductor -- runs a bench: brings the crews in, has comments posted, measures, lets all settle,
 * reads the logs and judges.
 *
 *      join ──▶ warm up ──▶ (bare loop, comments) x pairs ──▶ settle ──▶ judge
 *
 * Thread:  the main one; it alone waits.
 */
#pragma once

#include "base/err.h"
#include "bench/plan.h"
#include "bench/report.h"

struct bare;
struct spawn;

enum { CONDUCTOR_WHY_MAX = 400 };

/* `bare` is started, or NULL with plan->pairs 0; `spawn` is the server with plan->upgrade_s, and
 * may be NULL without. ERR_SYS and others: it could not be run; `why` is
 * a sentence for people. What the server did wrong is in the report. */
MUST_USE enum err conductor_run(const struct plan *plan, struct bare *bare, struct spawn *spawn,
                                struct report *ret_report, char why[CONDUCTOR_WHY_MAX]);
