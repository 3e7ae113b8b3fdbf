// SPDX-License-Identifier: Apache-2.0
/* reach -- places that the simulation has to come by, counted, so that what it covers is a figure.
 *
 *      reach(RING_MOVED);
 *
 * Nothing unless built with ROAR_MUTANTS, so that nothing of it is in the server; there the
 * simulation counts (sim/reached.c), and many histories that never came by one of them have failed.
 */
#pragma once

#ifdef ROAR_MUTANTS

#include <stdint.h>

#define REACHES(X)                                                                                 \
    X(RING_MOVED, "a ring that came to its end began anew at its start")                           \
    X(RING_GREW, "a ring doubled")                                                                 \
    X(RING_SHRUNK, "a ring went into less memory, with what somebody waited for")                  \
    X(RING_RESTED, "a ring gave all its memory back")                                              \
    X(RING_FORGOT, "a full ring forgot what somebody waited for")                                  \
    X(FRAMES_MOVED, "an index of frames was compacted")                                            \
    X(FRAMES_SHRUNK, "an index of frames went into less memory")                                   \
    X(TRAIN_STOPPED, "what is compressed came to a place to join it")                              \
    X(TRAIN_BOARDED, "a reader joined what is compressed")                                         \
    X(TRAIN_LEFT, "a reader left it, for bytes of its own")                                        \
    X(TRAIN_CUT, "a socket was full amid a segment")                                               \
    X(TRAIN_OUTRUN, "more came at once than the plain ring holds")                                 \
    X(TRAIN_ENDED, "a train was given up under its riders")                                        \
    X(GAP_SLOW, "a slow reader was told a gap")                                                    \
    X(GAP_BEHIND, "a reader who came back late was told a gap")                                    \
    X(GAP_LANE, "a reader of a sparse lane was told a gap")                                        \
    X(GAP_EXPIRED, "a reader was told of what retention took")                                     \
    X(GAP_ACTS, "a gap was followed by the acts it carries")                                       \
    X(GAP_SLOW_REMOVED, "a slow reader was told what of it is removed")                            \
    X(GAP_BEHIND_REMOVED, "a reader who came back late was")                                       \
    X(GAP_LANE_REMOVED, "a reader of a sparse lane was")                                           \
    X(DIGEST_REMOVED, "a digest told what is removed")                                             \
    X(HOLE_FROM_MEMORY, "what is removed of a slow reader's hole was known in memory")             \
    X(HOLE_IN_VIEW, "a slow reader whose comments are shadowed was told a gap of its view")        \
    X(HOLE_FROM_LOG, "the log had to be asked")                                                    \
    X(RETRACTED_IN_A_ROW, "several retracts took effect in one go")                                \
    X(LANE_COUNTED_ANEW, "what waited in a lane was counted anew")                                 \
    X(LANE_TOLD_AT_ONCE, "what waited in a lane was told before a removal")                        \
    X(LANE_READ_ANEW, "what waited for one reader was read again")                                 \
    X(MARKED, "a mark moved a cursor")                                                             \
    X(DIGESTED, "a digest moved a cursor")                                                         \
    X(ACTED_EARLY, "an act came early")                                                            \
    X(LANE_CHANGED, "a reader went on in another lane")                                            \
    X(ADDED_UP_FULL, "carried + shed + removed was the log: lane full")                            \
    X(ADDED_UP_READABLE, "lane readable")                                                          \
    X(ADDED_UP_DIGEST, "lane digest")                                                              \
    X(ADDED_UP_CONTROL, "lane control")                                                            \
    X(ADDED_UP_INFLATED, "of who inflates")                                                        \
    X(ADDED_UP_SHED, "of who was spared something")                                                \
    X(ADDED_UP_POLL, "of a long poll")                                                             \
    X(MODERATED, "a history had moderators")                                                       \
    X(RETRIED_ACT, "an act without an answer was looked for in the audit")                         \
    X(SHOWN_SHADOW, "a comment was its author's alone")                                            \
    X(SHADOW_WAITED, "what a shadow hid that was undone was shown with its author's last")         \
    X(SHOWN_REMOVED, "a reader was told of a comment in its place that it is removed")             \
    X(TOLD_OF_AN_ACT, "who moderates was told of an act")                                          \
    X(DONE_DELETE, "an act was done: delete")                                                      \
    X(DONE_HOLD, "an act was done: hold")                                                          \
    X(DONE_RESTORE, "an act was done: restore")                                                    \
    X(DONE_PURGE, "an act was done: purge")                                                        \
    X(DONE_CLEAR, "an act was done: clear")                                                        \
    X(DONE_APPROVE, "an act was done: approve")                                                    \
    X(DONE_REJECT, "an act was done: reject")                                                      \
    X(DONE_BAN, "an act was done: ban")                                                            \
    X(DONE_UNBAN, "an act was done: unban")                                                        \
    X(DONE_TIMEOUT, "an act was done: timeout")                                                    \
    X(DONE_SHADOW, "an act was done: shadow")                                                      \
    X(DONE_UNSHADOW, "an act was done: unshadow")                                                  \
    X(DONE_WARN, "an act was done: warn")                                                          \
    X(DONE_PIN, "an act was done: pin")                                                            \
    X(DONE_UNPIN, "an act was done: unpin")                                                        \
    X(DONE_SLOW, "an act was done: slow")                                                          \
    X(DONE_MODE, "an act was done: mode")                                                          \
    X(DONE_SHIELD, "an act was done: shield")                                                      \
    X(DONE_TERMS, "an act was done: terms")                                                        \
    X(DONE_UNDO, "an act was done: undo")                                                          \
    X(DONE_ACKNOWLEDGE, "an act was done: acknowledge")                                            \
    X(DONE_APPEAL, "an act was done: appeal")                                                      \
    X(DONE_DECIDE, "an act was done: decide")                                                      \
    X(DONE_RULES, "an act was done: rules")                                                        \
    X(DONE_TO_MANY, "one act was done to many comments")                                           \
    X(DONE_IN_PIECES, "one was, in more than one transaction")                                     \
    X(DONE_TO_USERS, "one sanction was put on several users")                                      \
    X(DONE_BY_TURNS, "one was put or lifted in more than one transaction")                         \
    X(SANCTION_UNDONE, "one on several was undone")                                                \
    X(SANCTION_UNDONE_AMID, "one was undone before its end")                                       \
    X(REPLACED_ON_SEVERAL, "one on several took the place of one before")                          \
    X(LIFTED_FROM_SOME, "one was lifted from some of those it was on")                             \
    X(PUT_BACK_ON_SEVERAL, "what was lifted from several was put back")                            \
    X(LEFT_BY_A_CRASH, "was begun before a crash, and finished after it")                          \
    X(UNDONE_AMID, "was undone before its end")                                                    \
    X(ASKED_AGAIN, "an act that was done, or begun, was asked for again")                          \
    X(GRANTED, "an appeal that was granted undid an act")                                          \
    X(RULED, "a house rule that was put judged a comment")                                         \
    X(HOOKED, "a hook refused, held or shadowed a comment")                                        \
    X(HOOK_DOWN, "a hook was down, and its stand-in judged a comment")                             \
    X(HOOK_ACTED, "a hook acted on what was published")                                            \
    X(FOLDED, "history was read as it is shown")                                                   \
    X(FOLDED_RESTORED, "with a comment that was removed and restored")                             \
    X(FOLDED_REMOVED, "with the place of one that is removed")                                     \
    X(RACED, "an act raced with the comment it was about to a late reactor")                       \
    X(APPROVED_ITSELF, "what waited was approved by the clock")                                    \
    X(DONE_TO_IDS, "one act was done to many, by their ids")                                       \
    X(QUEUE_SWEPT, "a purge or a clear found what waits")                                          \
    X(QUEUE_REJECTED, "what is rejected does not wait")                                            \
    X(QUEUED_AGAIN, "what was rejected waits again")                                               \
    X(QUEUE_PAGED, "a page of the queue was read")                                                 \
    X(QUEUE_PAGE_RACED, "one that the queue had changed for since it was asked for")               \
    X(QUEUE_WALKED, "a walk through the queue had more than one page")                             \
    X(QUEUE_WALK_MOVED, "one did, and the queue changed meanwhile")                                \
    X(WARNED_AGAIN, "who came back was told of a warning in force")                                \
    X(WARNING_OVER, "who was told of a warning was told that it is over")                          \
    X(WARNED_TWICE, "who acknowledged a warning had another to acknowledge")                       \
    X(READ_ALL, "moderators read what is shadowed")                                                \
    X(ACTED_WHEN_FULL, "an act was done on a full disk")                                           \
    X(TEXT_JUDGED, "a text that was sent was held against acts")                                   \
    X(TEXT_UNANSWERED, "of it: one that removes it was not answered yet")                          \
    X(TEXT_BEHIND, "of it: it came back behind one that removed it")                               \
    X(SCREEN_JUDGED, "a comment on a screen at rest was held against acts")                        \
    X(SCREEN_EXPIRED, "not held: one that retention took")

enum reach {
#define REACH_NAME(name, about) REACH_##name,
    REACHES(REACH_NAME)
#undef REACH_NAME
        REACH_COUNT
};

extern uint64_t reach_counts[REACH_COUNT];
#define reach(name) ((void)reach_counts[REACH_##name]++)
#define reach_if(cond, name) ((void)((cond) && reach_counts[REACH_##name]++))

#else
#define reach(name) ((void)0)
#define reach_if(cond, name) ((void)0)
#endif
