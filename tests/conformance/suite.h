// SPDX-License-Identifier: Apache-2.0
/* suite -- what src/hub/port.h promises, one test a line of it; every engine must pass them all.
 *
 * Each test gets a started, empty subject.
 */
#pragma once

#define SUITE(TEST)                                                                                \
    TEST(posting_stamps_a_comment)                                                                 \
    TEST(posting_recognises_a_retry)                                                               \
    TEST(posting_recognises_a_retry_after_a_restart)                                               \
    TEST(posting_recognises_a_retry_when_the_stream_has_ended)                                     \
    TEST(posting_accepts_one_of_many_at_once)                                                      \
    TEST(posting_looks_up_what_is_unfit)                                                           \
    TEST(posting_replies_to_what_is_there)                                                         \
    TEST(posting_never_goes_back_in_time)                                                          \
    TEST(posting_ranks_within_the_second)                                                          \
    TEST(posting_marks_the_first_of_a_digest)                                                      \
    TEST(posting_cuts_segments)                                                                    \
    TEST(following_takes_over_without_gap_or_double)                                               \
    TEST(following_meets_what_is_read)                                                             \
    TEST(following_sees_before_the_answer)                                                         \
    TEST(following_is_up_to_date_after_sync)                                                       \
    TEST(following_many_times_over)                                                                \
    TEST(following_is_told_everywhere_before_a_sync)                                               \
    TEST(reading_agrees_with_the_log)                                                              \
    TEST(reading_gives_back_what_was_accepted)                                                     \
    TEST(stream_is_there_once_named)                                                               \
    TEST(stream_is_made_explicitly)                                                                \
    TEST(stream_ends_once)                                                                         \
    TEST(stream_keeps_what_it_says)                                                                \
    TEST(stream_head_never_goes_back)                                                              \
    TEST(stream_clear_tells_of_what_expired)                                                       \
    TEST(limit_holds_for_a_user_over_all_streams)                                                  \
    TEST(limit_is_tenfold_for_the_unhurried)                                                       \
    TEST(limit_holds_for_an_address_and_a_stream)                                                  \
    TEST(limit_holds_within_a_batch)                                                               \
    TEST(moderation_bans_from_the_answer_on)                                                       \
    TEST(moderation_bans_everywhere)                                                               \
    TEST(moderation_names_many_at_once)                                                            \
    TEST(moderation_timeouts_run_out)                                                              \
    TEST(moderation_undoes_what_lifts)                                                             \
    TEST(moderation_wants_warnings_acknowledged)                                                   \
    TEST(moderation_tells_warnings_again)                                                          \
    TEST(appeals_name_the_comment_that_was_removed)                                                \
    TEST(appeals_tell_a_shadowed_author_nothing)                                                   \
    TEST(appeals_are_heard_against_a_clear)                                                        \
    TEST(ranks_spare_a_higher_role)                                                                \
    TEST(ranks_spare_who_acts_in_a_higher_role)                                                    \
    TEST(ranks_of_all_streams_hold_in_each)                                                        \
    TEST(moderation_tells_what_is_set)                                                             \
    TEST(moderation_tells_an_empty_stream_what_is_set)                                             \
    TEST(moderation_holds_until_somebody_approves)                                                 \
    TEST(moderation_holds_so_many)                                                                 \
    TEST(moderation_rejects_what_waits)                                                            \
    TEST(moderation_tells_whom_it_concerns)                                                        \
    TEST(moderation_tells_moderators_of_each_act)                                                  \
    TEST(moderation_events_say_who_did_them)                                                       \
    TEST(moderation_tells_who_comes_what_is_set)                                                   \
    TEST(moderation_shadows_without_a_sign)                                                        \
    TEST(moderation_slows_over_a_restart)                                                          \
    TEST(moderation_does_what_was_wished)                                                          \
    TEST(moderation_is_in_the_audit_before_its_answer)                                             \
    TEST(moderation_is_audited_from_the_newest)                                                    \
    TEST(moderation_shows_what_rules_marked)                                                       \
    TEST(moderation_keeps_marks_of_what_is_held)                                                   \
    TEST(moderation_is_looked_up)                                                                  \
    TEST(moderation_needs_a_stream)                                                                \
    TEST(removing_tells_whoever_saw_it)                                                            \
    TEST(removing_by_id_is_the_same)                                                               \
    TEST(removing_is_undone_act_by_act)                                                            \
    TEST(removing_what_was_restored_holds_at_once)                                                 \
    TEST(removing_and_restoring_take_turns)                                                        \
    TEST(removing_goes_on_when_a_restore_is_undone)                                                \
    TEST(removing_holds_again_when_a_restore_is_undone)                                            \
    TEST(removing_names_many_at_once)                                                              \
    TEST(removing_again_reaches_what_is_new)                                                       \
    TEST(removing_reaches_all_streams)                                                             \
    TEST(removing_into_the_queue_and_back)                                                         \
    TEST(removing_into_the_queue_one_of_many_comes_back)                                           \
    TEST(removing_from_the_queue_by_a_restore)                                                     \
    TEST(removing_many_spares_a_higher_role)                                                       \
    TEST(removing_spares_a_higher_role)                                                            \
    TEST(removing_finds_what_is_pinned)                                                            \
    TEST(removal_folds_history)                                                                    \
    TEST(removal_counts_what_it_gives)                                                             \
    TEST(removal_is_counted_in_a_hole)                                                             \
    TEST(removal_keeps_places)                                                                     \
    TEST(removal_tells_a_retry)                                                                    \
    TEST(removal_finds_a_raid)                                                                     \
    TEST(removal_gives_a_shadowed_author_a_view)                                                   \
    TEST(removal_bounds_the_queue)                                                                 \
    TEST(removal_approves_what_nobody_rejects)                                                     \
    TEST(removal_approves_nothing_of_who_was_acted_on_since)                                       \
    TEST(removal_approves_nothing_that_was_cleared)                                                \
    TEST(slipping_out_of_ones_own_timeout)                                                         \
    TEST(slipping_out_of_a_ban_of_several)                                                         \
    TEST(slipping_by_hold_first)                                                                   \
    TEST(slipping_behind_a_role_one_had)                                                           \
    TEST(slipping_back_after_a_restore)                                                            \
    TEST(slipping_back_after_a_purge)                                                              \
    TEST(slipping_into_the_feed)                                                                   \
    TEST(slipping_out_with_anothers_undo)                                                          \
    TEST(slipping_past_an_undo)                                                                    \
    TEST(slipping_out_of_both_of_two_shadows)                                                      \
    TEST(slipping_out_of_one_of_two_shadows)                                                       \
    TEST(slipping_shadowed_through_the_queue)                                                      \
    TEST(slipping_out_by_an_echo)                                                                  \
    TEST(slipping_out_by_a_restart)                                                                \
    TEST(slipping_in_before_a_rule)                                                                \
    TEST(reach_is_kept_over_a_restart)                                                             \
    TEST(reach_is_kept_of_so_many_acts_of_a_stream)

#define SUITE_DECLARE(test) void test(void **state);
SUITE(SUITE_DECLARE)
