// SPDX-License-Identifier: Apache-2.0
/* crew -- a thread of the bench: its share of the viewers, of the posters and of the bare loop's
 * readers, on a reactor and a table of files of its own.
 *
 * Owns:    all of them, and their scene.
 * Thread:  its own; crew_new() and, after crew_stop(), the rest is the conductor's.
 * Bound:   CREW_JOINING_MAX viewers on their way in at once.
 */
#pragma once

#include "bench/scene.h"
#include "bench/truth.h"

#include <stdbool.h>
#include <stdint.h>

enum { CREW_JOINING_MAX = 256 };

struct crew;

/* All crews are made before the first is started: each begins with a copy of the open files. */
MUST_USE enum err crew_new(const struct plan *plan, struct cue *cue, uint32_t number,
                           struct crew **ret_crew);
void crew_free(struct crew *crew); // NULL is legal; stopped
MUST_USE enum err crew_start(struct crew *crew);
void crew_stop(struct crew *crew); // its connections close; again is legal

struct crew_state {
    uint32_t viewers, present, settled, behind;
    uint32_t floor_readers;
    uint32_t rounds; // of posting, it has finished
};
struct crew_state crew_state(const struct crew *crew);   // any thread
const struct scene *crew_scene(const struct crew *crew); // its score: any thread; else stopped
/* Stopped: all witnesses, answers and gaps are held to the logs of the streams. */
void crew_judge(struct crew *crew, const struct truth *truths);
