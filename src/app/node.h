// SPDX-License-Identifier: Apache-2.0
/* node -- a server from start to end: engine, workers, signals, drain, reload.
 *
 *      STARTING ──listening──▶ SERVING ──SIGTERM──▶ DRAINING ──all workers ended──▶ over
 *                                │ ▲                   │
 *                           SIGHUP └─ reload           └─ a second SIGTERM: cut now
 *
 * Owns:    everything.
 * Thread:  main, which is a reactor of its own here: it serves nobody, it takes signals, letters
 *          and timers.
 */
#pragma once

#include "app/config.h"

/* Serves until it is told to stop; returns the exit code. What fails is logged. `source` is read
 * again at a reload. */
int node_run(const struct config_source *source);
