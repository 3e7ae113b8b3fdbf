// SPDX-License-Identifier: Apache-2.0
/* node -- a server from start to end: engine, workers, signals, drain, reload, upgrade.
 *
 *      STARTING ──listening──▶ SERVING ──SIGTERM──▶ DRAINING ──all workers ended──▶ over
 *                               │ │ ▲     or given     │
 *              SIGUSR2: starts ─┘ │ └─ reload          └─ a second SIGTERM: cut now
 *              one that follows   SIGHUP
 *
 * Owns:    everything.
 * Thread:  main, which is a reactor of its own here: it serves nobody, it takes signals, letters
 *          and timers.
 */
#pragma once

#include "app/config.h"

/* Serves until it is told to stop; returns the exit code. What fails is logged. `source` is read
 * again at a reload. `takes_over`: from the server that has the data folder, if there is one. */
int node_run(const struct config_source *source, bool takes_over);
