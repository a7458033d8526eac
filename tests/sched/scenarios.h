/*
 * scenarios.h - declares the table of scenarios, in scenarios.c, and the scenarios themselves, in files by subject.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_SCHED_SCENARIOS_H
#define WEIR_TESTS_SCHED_SCENARIOS_H

#include "sched.h"

/* The last entry has no name. */
extern const struct scenario scenarios[];

void scenario_lock_is_given_back(void);
void scenario_lock_has_two_sleepers(void);
void scenario_two_locks_have_sleepers(void);
void scenario_lock_without_barrier(void);
void scenario_lock_before_barrier(void);
void scenario_lock_before_refusal(void);
void scenario_lock_until_refusal(void);
void scenario_two_locks_are_refused(void);

void scenario_put_get_capacity_1(void);
void scenario_put_get_capacity_2(void);
void scenario_two_producers(void);
void scenario_two_by_two(void);
void scenario_unbounded_handover(void);
void scenario_unbounded_two_consumers(void);
void scenario_batches(void);
void scenario_batches_by_deadline(void);
void scenario_batch_wakes_two(void);
void scenario_pass_on_with_deadline(void);
void scenario_cursor(void);
void scenario_item_is_published(void);

void scenario_close_stops_one(void);
void scenario_close_on_full(void);
void scenario_drain_wakes_put(void);
void scenario_drain_wakes_gets(void);
void scenario_drain_hands_out(void);
void scenario_discard_against_put_and_get(void);
void scenario_discard_after_drain(void);
void scenario_discard_calls_back(void);
void scenario_destroy_calls_back(void);
void scenario_close_against_shutdown(void);

void scenario_join_waits_for_done(void);
void scenario_two_joiners(void);
void scenario_destroy_after_join(void);
void scenario_join_with_sentinel(void);
void scenario_join_deadline(void);
void scenario_discard_wakes_join(void);
void scenario_done_beyond_count(void);
void scenario_done_beyond_count_joined(void);
void scenario_unfinished_is_exact(void);
void scenario_unfinished_within_rounds(void);
void scenario_get_deadline(void);
void scenario_put_deadline(void);

void scenario_size_within_capacity(void);
void scenario_room_is_published(void);
void scenario_destroy_while_put_returns(void);
void scenario_batch_makes_room_for_two(void);
void scenario_unbounded_is_never_full(void);
void scenario_deadline_takes_the_wake(void);
void scenario_stop_again_after_restart(void);

void scenario_requeue_behind_what_waits(void);
void scenario_requeue_wakes_and_is_waited_for(void);
void scenario_requeue_against_discard(void);

void scenario_history_of_tries(void);
void scenario_history_of_close(void);
void scenario_history_of_drain(void);
void scenario_history_of_discard(void);
void scenario_history_unbounded(void);

void scenario_group_works_and_stops(void);
void scenario_group_creation_fails(void);
void scenario_group_init_fails(void);
void scenario_stop_from_two_threads(void);
void scenario_two_groups_one_queue(void);
void scenario_worker_exits(void);
void scenario_out_is_shut_down(void);
void scenario_destroy_of_queues_in_use(void);
void scenario_destroy_while_stopping(void);
void scenario_stop_on_full_queue(void);

void scenario_batch_in_order(void);
void scenario_batch_of_a_slow_peer(void);
void scenario_batch_at_the_stop(void);
void scenario_batch_given_back(void);
void scenario_batch_given_back_wakes(void);
void scenario_batch_given_back_behind_others(void);
void scenario_batch_discarded(void);
void scenario_batch_beside_a_get(void);
void scenario_batch_left_to_a_survivor(void);
void scenario_batch_beside_a_sleeping_get(void);
void scenario_batch_until_a_sleeper_runs_it(void);
void scenario_batch_beside_a_sentinel(void);
void scenario_cost_of_an_item_among_idle(void);
void scenario_cost_of_a_stop_among_groups(void);

void scenario_ordered_results(void);
void scenario_ordered_filter(void);
void scenario_ordered_behind_slow_one(void);
void scenario_ordered_together(void);
void scenario_exit_in_order(void);
void scenario_exit_before_order(void);
void scenario_cancel_against_order(void);
void scenario_ordered_cancel_inside(void);

void scenario_limit_counts_pieces(void);
void scenario_heavy_passes_alone(void);
void scenario_light_behind_heavy(void);
void scenario_source_within_limit(void);
void scenario_cancel_against_limit(void);
void scenario_cancel_against_two_at_limit(void);
void scenario_cancel_against_several(void);

void scenario_batches_fill_or_are_refused(void);
void scenario_batches_by_weight(void);

void scenario_plain_pipeline(void);
void scenario_finish_against_full(void);
void scenario_finish_against_put(void);
void scenario_finish_twice(void);
void scenario_finish_by_deadline(void);
void scenario_finish_beside_done(void);
void scenario_finish_hurried(void);
void scenario_finishes_are_late(void);
void scenario_finish_beside_show(void);
void scenario_fan_in_ends(void);
void scenario_source_beside_puts(void);
void scenario_wait_for_a_source_that_was_ended(void);
void scenario_finish_inside(void);
void scenario_put_inside(void);
void scenario_finish_beside_slow_drop(void);
void scenario_finish_in_a_drop(void);

void scenario_cancel_against_put(void);
void scenario_cancel_against_emit(void);
void scenario_cancel_against_rate(void);
void scenario_cancel_against_backoff(void);
void scenario_cancel_against_finish(void);
void scenario_cancel_twice(void);
void scenario_descriptor_against_cancel(void);
void scenario_cancel_inside(void);
void scenario_error_ends_the_run(void);
void scenario_fatal_error_is_told(void);

void scenario_retry_holds_no_worker(void);
void scenario_retry_behind_what_waits(void);
void scenario_retry_in_order(void);
void scenario_given_up(void);
void scenario_source_backs_off(void);
void scenario_reader_goes(void);

void scenario_keys_in_order(void);
void scenario_keys_beside_each_other(void);
void scenario_key_kept_in_backoff(void);
void scenario_cancel_against_keys(void);
void scenario_cancel_against_early(void);
void scenario_two_for_each_key(void);
void scenario_key_kept_by_exit(void);
void scenario_exit_in_one_of_two(void);
void scenario_exit_in_next_of_key(void);
void scenario_early_one_is_requeued(void);
void scenario_exit_before_those_that_came_in(void);

void scenario_last_batch(void);
void scenario_batch_by_time(void);
void scenario_cancel_against_batch(void);
void scenario_batch_tries_again(void);
void scenario_batch_fails(void);
void scenario_batch_combines(void);
void scenario_batch_ordered(void);
void scenario_exit_in_batch(void);

void scenario_exit_beside_another(void);
void scenario_exit_of_the_only_one(void);
void scenario_exit_in_plain(void);
void scenario_exit_in_source(void);
void scenario_exit_in_start(void);
void scenario_start_without_thread(void);
void scenario_start_without_memory(void);
void scenario_start_without_init(void);
void scenario_report_of_a_start_that_fails(void);
void scenario_put_in_a_start_that_fails(void);
void scenario_run_without_memory(void);
void scenario_ordered_without_memory(void);
void scenario_ordered_lost_without_memory(void);
void scenario_ordered_keys_without_memory(void);
void scenario_keys_without_memory(void);

void scenario_signal_for_two(void);
void scenario_signals_finish_and_cancel(void);
void scenario_signal_against_finish(void);
void scenario_second_signal_in_a_drain(void);
void scenario_finish_beside_drop_by_signal(void);
void scenario_show_beside_drain_by_signal(void);
void scenario_signal_beside_a_slow_fini(void);
void scenario_cancel_when_all_is_drained(void);
void scenario_listener_leaves(void);
void scenario_listener_comes(void);
void scenario_listeners_change(void);
void scenario_listeners_stay(void);
void scenario_signals_without_thread(void);

void scenario_overdue_does_not_fall(void);
void scenario_wait_is_not_overdue(void);

void scenario_future_set_wakes_get(void);
void scenario_future_set_wakes_two(void);
void scenario_future_get_deadline(void);
void scenario_future_set_against_cancel(void);
void scenario_future_set_against_fail(void);
void scenario_future_is_taken_once(void);
void scenario_future_set_against_callback(void);
void scenario_future_callbacks_in_order(void);
void scenario_future_callback_releases(void);
void scenario_future_callback_calls(void);
void scenario_future_release_against_set(void);
void scenario_future_is_given_up(void);
void scenario_future_fd_against_set(void);
void scenario_future_begin_against_cancel(void);
void scenario_future_is_claimed_once(void);
void scenario_future_again_against_cancel(void);
void scenario_future_finish_wakes_get(void);
void scenario_future_finish_against_callback(void);
void scenario_future_released_by_two(void);
void scenario_future_open_is_claimed_once(void);
void scenario_future_shut_against_cancel(void);
void scenario_future_history(void);
void scenario_future_wait_first(void);
void scenario_future_wait_first_error(void);
void scenario_future_wait_no_error(void);
void scenario_future_wait_all(void);
void scenario_future_wait_deadline(void);
void scenario_future_two_waits(void);
void scenario_future_completions(void);
void scenario_future_completions_in_order(void);
void scenario_future_completions_created(void);
void scenario_future_completions_destroyed(void);
void scenario_future_completions_deadline(void);
void scenario_future_completions_shared(void);
void scenario_shrink_against_put(void);
void scenario_leave_beside_a_batch(void);
void scenario_growth_against_the_seal(void);
void scenario_growth_after_leaving(void);
void scenario_shrink_beside_an_init_that_fails(void);

void scenario_crew_ready_against_idle(void);
void scenario_crew_ready_during_visit(void);
void scenario_crew_ready_during_visit_2(void);
void scenario_crew_passes_wake_on(void);
void scenario_crew_soon_then_sleeps(void);
void scenario_crew_soon_beside_sleeper(void);
void scenario_crew_next_then_sleeps(void);
void scenario_crew_next_then_blocks(void);
void scenario_crew_next_while_blocked(void);
void scenario_crew_next_twice(void);
void scenario_crew_leave_against_visit(void);
void scenario_crew_leave_against_monitor(void);
void scenario_crew_unblock_without_seat(void);
void scenario_crew_sleeper_loses_seat(void);
void scenario_crew_computing_keeps_seat(void);
void scenario_crew_keeps_seats(void);
void scenario_crew_two_seats(void);
void scenario_crew_job_ends_its_thread(void);
void scenario_crew_init_fails_once(void);
void scenario_crew_init_fails_often(void);
void scenario_crew_is_shared(void);
void scenario_crew_destroy_against_idle(void);
void scenario_crew_starves(void);
void scenario_alert_against_put(void);
void scenario_alert_against_full_put(void);
void scenario_alert_against_shutdown(void);
void scenario_alert_against_close(void);
void scenario_two_alerts(void);
void scenario_alert_left_twice(void);
void scenario_alert_against_requeue(void);
void scenario_alert_against_give_back(void);
void scenario_promise_against_get(void);
void scenario_promise_against_get_2(void);
void scenario_two_promise(void);
void scenario_withdraw_tells_room(void);
void scenario_promise_against_seal(void);
void scenario_promise_against_shutdown(void);
void scenario_alert_left_in_tell(void);
void scenario_pass_against_put(void);
void scenario_pass_against_get(void);
void scenario_pass_is_counted(void);
void scenario_pass_against_close(void);
void scenario_pass_against_shutdown(void);
void scenario_pass_against_promise(void);
void scenario_pass_against_alert(void);

#endif /* WEIR_TESTS_SCHED_SCENARIOS_H */
