// SPDX-License-Identifier: Apache-2.0
/* mutant -- our own guards, turned off one at a time, to prove that the simulation misses them.
 *
 *      if (submit->cid.len == 0 || mutant(DEDUPE_SKIPPED)) { return ERR_OK; }
 *
 * Constant false unless built with ROAR_MUTANTS, so that nothing of it is in the server; there the
 * simulation chooses one (sim/mutants.c), and its checker has to notice.
 */
#pragma once

#ifdef ROAR_MUTANTS

#define MUTANTS(X)                                                                                 \
    X(DEDUPE_SKIPPED, "a retry is taken as new")                                                   \
    X(DEDUPE_UNWRITTEN, "what was accepted is not remembered")                                     \
    X(COMMIT_SKIPPED, "answered and published, and rolled back")                                   \
    X(SYNC_SKIPPED, "a commit does not wait for the disk")                                         \
    X(HEAD_KEPT, "the head does not move with the log")                                            \
    X(HEAD_SHORT, "the head is one short after a start")                                           \
    X(ROLLBACK_SKIPPED, "a failed batch leaves its heads")                                         \
    X(PREV_WRONG, "prev names the one before the last")                                            \
    X(AT_GOES_BACK, "time goes back with the wall clock")                                          \
    X(LIMIT_ONE_MORE, "one more than the limit is let through")                                    \
    X(LIMIT_SHORT, "a window is a second too short")                                               \
    X(WINDOWS_FORGOTTEN, "a restart forgets who posted")                                           \
    X(QUEUE_UNBOUND, "any number of posts waits")                                                  \
    X(WAIT_UNBOUND, "a post waits for ever")                                                       \
    X(EPOCH_EAGER, "a torn commit changes the epoch")                                              \
    X(READ_AHEAD, "a reader is told what is not published")                                        \
    X(BUS_LOSES, "an event is not sent to its watches")                                            \
    X(BEHIND_UNTOLD, "who falls behind is not told")                                               \
    X(BEHIND_IGNORED, "who is told does not look")                                                 \
    X(CLOSED_DEAF, "what comes while a stream opens is lost")                                      \
    X(SYNC_IGNORED, "a join does not wait for its sync")                                           \
    X(RESUME_AFTER, "a resume begins one too late")                                                \
    X(RESUME_BEFORE, "a resume begins one too early")                                              \
    X(EPOCH_IGNORED, "a cursor of another life is taken as ours")                                  \
    X(GAP_UNTOLD, "a slow reader is not told what it missed")                                      \
    X(GAP_MISCOUNTS, "a gap counts one too many")                                                  \
    X(GAP_REMOVED_SHED, "what a slow reader missed and is removed is told as spared")              \
    X(BEHIND_REMOVED_SHED, "the same of who comes back late")                                      \
    X(LANE_REMOVED_SHED, "what is removed while it waits in a lane is told as spared")             \
    X(ACTS_DROPPED, "the acts of a gap do not follow")                                             \
    X(JOIN_GAP_UNTOLD, "who comes back late is not told what is spared")                           \
    X(EXPIRED_UNTOLD, "what retention took is not told")                                           \
    X(LIVE_DOUBLE, "who becomes live gets the last one again")                                     \
    X(FRAME_CUT, "the rest of a begun frame is lost")                                              \
    X(RING_UNMOVED, "a ring that begins anew at its start moves no bytes there")                   \
    X(FRAMES_UNMOVED, "an index of frames that is compacted moves no frames")                      \
    X(SHRINK_TORN, "what goes into a smaller ring is a byte off")                                  \
    X(BOARDS_ANYWHERE, "who is not compressed yet is, before there is a stop")                     \
    X(OWN_IGNORED, "who got bytes of its own goes on with what is compressed for all")             \
    X(STOP_UNCLEARED, "a stop refers to what was before it")                                       \
    X(LANE_UNTOLD, "what a lane does not carry is not told")                                       \
    X(LANE_MISCOUNTS, "what a lane is spared is counted one too many")                             \
    X(LANE_AMID, "a reader begins amid what a frame tells of")                                     \
    X(LANE_SILENT, "what waits when a stream falls silent is never told")                          \
    X(LANE_OTHER, "who changes lanes begins at the newest")                                        \
    X(POLL_ASLEEP, "a waiting poll is not woken")                                                  \
    X(BEAT_FOR_EVER, "who beat once is counted for ever")                                          \
    X(LEAVE_UNTOLD, "who leaves is still counted")                                                 \
    X(RETRACT_UNTOLD, "what is removed is taken off no screen")                                    \
    X(LOG_KEEPS_TEXT, "the log keeps the text of what is removed")                                 \
    X(CARRIERS_KEEP_TEXT, "a restore keeps the text of what is removed again")                     \
    X(CARRIERS_UNSEEN, "a read tells what a restore holds until that is overwritten")              \
    X(ENGINE_TAIL_KEEPS, "what the engine holds in memory keeps what was removed")                 \
    X(SWEEPS_UNSEEN, "a read does not apply what a sweep has not reached")                         \
    X(RETRY_TELLS_TEXT, "a retry of what was removed is answered with its text")                   \
    X(RESTORE_SKIPPED, "undo brings nothing back")                                                 \
    X(RESTORES_TOGETHER, "an undo brings several back in one event")                               \
    X(BARRIER_SKIPPED, "an act is answered before everybody has applied it")                       \
    X(ACT_UNAUDITED, "an act is answered and not in the audit")                                    \
    X(AUDIT_UNCHAINED, "an entry of the audit does not name the one before")                       \
    X(SANCTION_IGNORED, "who is banned posts on")                                                  \
    X(SANCTIONS_FORGOTTEN, "a restart forgets who is banned")                                      \
    X(WARNING_REPLACED, "of two warnings the first is forgotten")                                  \
    X(WARNED_FOR_EVER, "of a warning that is over its reader is not told")                         \
    X(HOLD_IGNORED, "what is to be held is not")                                                   \
    X(SHADOW_IGNORED, "who is shadowed is not")                                                    \
    X(SHADOW_SHOWN, "what is shadowed is read back by everybody")                                  \
    X(SANCTION_CUT, "of a sanction on several users only the first is under it")                   \
    X(SANCTION_UNDO_CUT, "the undo of one takes it off the first alone")                           \
    X(LIFT_CUT, "what lifts one from several lifts it from the first alone")                       \
    X(LIFTED_FROM_ALL, "what is lifted from one of several counts as lifted from all")             \
    X(PUT_BACK_SKIPPED, "the undo of what lifts a sanction puts nothing back")                     \
    X(UNSHADOW_CUT, "the undo of a shadow of several shows what the first wrote alone")            \
    X(GROUP_CUT, "of an act on many comments the last is left out")                                \
    X(PIECES_LOST, "of an act on many only the first piece is done")                               \
    X(PIECES_UNAWAITED, "an act on many is answered after its first piece")                        \
    X(UNDONE_GOES_ON, "what is undone before its end is gone on with")                             \
    X(QUEUE_LEFT, "a purge or a clear leaves what waits in the queue")                             \
    X(QUEUE_PAGE_LATE, "a page of the queue begins one too late")                                  \
    X(QUEUE_PAGE_AGAIN, "a page of the queue begins with the one before it")                       \
    X(QUEUE_COUNT_REST, "a later page of the queue counts one too few")                            \
    X(QUEUE_MORE_UNTOLD, "a page of the queue says that it is the last")                           \
    X(REJECT_NOT_UNDONE, "what an act that is undone rejected does not wait again")                \
    X(REQUEUE_EARLY, "what another act still rejects waits again")                                 \
    X(CARRIED_DROPPED, "retention forgets what carries whose text")                                \
    X(RULES_IGNORED, "house rules that are put do not hold")                                       \
    X(DECISION_IGNORED, "an appeal that is granted undoes nothing")                                \
    X(HOOK_IGNORED, "what a hook refuses, holds or shadows is not")                                \
    X(BALLAST_KEPT, "on a full disk acts wait like posts")                                         \
    X(FOLDED_SHOWS_REMOVED, "history shows what was removed")                                      \
    X(FOLDED_LACKS_RESTORED, "history leaves out what was restored")                               \
    X(RANKS_PUBLIC, "what is shadowed takes no place of its author's second in what they read")    \
    X(ALL_VIEW_PUBLIC, "moderators are not shown what is shadowed")                                \
    X(SWEEP_FORGETS_SHADOW, "what is restored before a sweep has reached it is everybody's")       \
    X(WARNED_ONCE, "who comes back is not told of a warning in force")                             \
    X(CLOCK_RUNS_ON, "what waits approves itself though all of its author's was removed since")    \
    X(CLOCK_ALONE, "what waits approves itself though its author is banned")

/* Those of the hub that need moderators: the hub's own histories miss them (hub/model_test.c). */
#define MODEL_MUTANTS(X)                                                                           \
    X(TAIL_UNREDACTED, "what is held in memory keeps what was removed")                            \
    X(RING_UNREDACTED, "what waits in a ring is sent though it was removed")                       \
    X(TRAIN_UNREDACTED, "what was compressed before its removal is sent")                          \
    X(SPAN_UNREDACTED, "a digest holds what was removed while it gathered")                        \
    X(PAGE_UNREDACTED, "who catches up is sent what was removed meanwhile")                        \
    X(HOLE_UNREDACTED, "the acts of a hole hold what was removed meanwhile")                       \
    X(READ_STALE, "what was read before a removal is believed after it")                           \
    X(VIEW_UNPARTED, "who is shadowed goes on with everybody")                                     \
    X(VIEW_PREV_PUBLIC, "who is shadowed is told everybody's prev")                                \
    X(VIEW_READ_PUBLIC, "who is shadowed reads back what everybody does")                          \
    X(PLACES_PUBLIC, "in a sparse lane what is shadowed takes no place of its author's second")    \
    X(GAP_OF_EVERYBODY, "who is shadowed is told what everybody was spared")                       \
    X(LANE_NOT_OWN, "in a sparse lane who is shadowed waits until everybody is told")              \
    X(PIN_UNREDACTED, "hello shows a pinned comment that was removed")                             \
    X(EARLY_NEVER, "who was blocked is sent an act behind all comments")                           \
    X(NOTICE_TO_ALL, "a notice goes to everybody who is authenticated")                            \
    X(STAFF_EVERYBODY, "everybody is told who did what")                                           \
    X(STAFF_KEPT, "who moderates no more is sent what waits for who does")                         \
    X(CLOSED_SENDS, "a stream that is behind sends what it has")

enum mutant {
    MUTANT_NONE,
#define MUTANT_NAME(name, about) MUTANT_##name,
    MUTANTS(MUTANT_NAME) MODEL_MUTANTS(MUTANT_NAME)
#undef MUTANT_NAME
};

extern enum mutant mutant_chosen;
#define mutant(name) (mutant_chosen == MUTANT_##name)

#else
#define mutant(name) 0
#endif
