# What the grid did, by the hour and by the day, for everybody and for each.

# All of it happens in one hour.
left=$((3600 - $(date +%s) % 3600))
test "$left" -gt 15 || sleep "$left"

people
job first '[1,2,3,4]' >/dev/null
hour() {  # USER COLUMNS of the hours so far
  owner "SELECT $2 FROM statistic_hour WHERE user_id = $1 ORDER BY starts_at"
}
# Two frames of bob's slaves and a failure; bob is user 2, the job is alice's.
owner "UPDATE job SET created_at = UTC_TIMESTAMP(3) - INTERVAL 100 SECOND WHERE id = 1" >/dev/null
journal '' "$(good 1 1 1),$(bad 2 2 2 failed crash)" >/dev/null
journal '' "$(good 3 2 2),$(bad 4 3 2 expired ''),$(bad 5 4 2 returned '')" >/dev/null
is "$(hour 2 'frames_accepted, attempts_failed, cpu_ms, wall_ms, frames_delivered, jobs_started')" "2	2	2000	1800	0	0" \
  "frames_and_failures_are_those_of_the_slaves_owner"
is "$(hour 1 'frames_accepted, attempts_failed, frames_delivered, jobs_started, wait_ms BETWEEN 99000 AND 160000, max_wait_ms = wait_ms')" \
  "0	0	2	1	1	1" "what_a_job_got_and_how_long_it_waited_is_its_owners"
is "$(hour 0 'frames_accepted, attempts_failed, cpu_ms, frames_delivered, jobs_started')" "2	2	2000	2	1" "the_grid_is_the_sum_of_all"
journal '' "$(good 1 1 1),$(good 3 2 2),$(bad 2 2 2 failed crash)" >/dev/null
journal '' "$(good 9 1 3),$(good 10 999 1)" >/dev/null
is "$(hour 0 'frames_accepted, attempts_failed, cpu_ms, frames_delivered, jobs_started')" "2	2	2000	2	1" \
  "what_is_said_twice_or_comes_too_late_is_not_counted_again"

job second '[1]' 1 >/dev/null
owner "UPDATE job SET created_at = UTC_TIMESTAMP(3) - INTERVAL 2 DAY WHERE id = 2" >/dev/null
sql "CALL job_resume(2)"
journal '' "$(good 11 5 1)" >/dev/null
is "$(hour 1 'jobs_started, max_wait_ms < 3600000')" "2	1" "a_job_that_was_held_back_waits_since_it_was_let_go"
job third '[1]' >/dev/null
after=3 job fourth '[1]' >/dev/null
journal '' "$(good 12 6 1)" >/dev/null
journal '' "$(good 13 7 1)" >/dev/null
is "$(hour 0 'jobs_started, frames_delivered')" "3	5" "a_job_that_is_made_of_another_one_does_not_count_as_waiting"

# Points: a grant for what was rendered for somebody else.
sql "CALL setting_change('points.grant_by', 'claim')"
job paid '[1,2]' >/dev/null
paid() {
  printf '[%s,%s,1,"accepted",1000,900,64,0,"","x%s.png",1,"%064d",%s,0,0,%s,0]' "$1" "$2" "$1" "$1" "$3" "$3"
}
journal '' "$(paid 20 8 1500)" >/dev/null
journal '' "$(paid 20 8 1500),$(paid 21 9 2500)" >/dev/null
is "$(hour 2 points_earned; hour 0 points_earned; hour 1 points_earned)" "4000
4000
0" "points_are_counted_once_for_who_earned_them"

# Samples.
sql "CALL statistic_sample('[[0,5,9000,100,4],[2,3,4000,0,2]]'); CALL statistic_sample('[[0,7,3000,50,0]]')"
is "$(hour 0 'sample_count, sum_slaves_online, max_slaves_online, sum_power_online, max_power_online, sum_frames_ready, max_frames_ready, sum_frames_leased, max_frames_leased')" \
  "2	12	7	12000	9000	150	100	4	4" "samples_are_summed_up_and_the_most_is_kept"
is "$(hour 2 'sample_count, sum_slaves_online, max_power_online, frames_accepted')" "1	3	4000	7" "samples_stand_beside_what_was_done"
refuses DR400 "no JSON" "samples_that_are_no_json_are_refused" "CALL statistic_sample('[[')"
is "$(sql "CALL statistic_list(2, 0, 'hour')" | cut -f 2-6,11-14)" "7	2	7000	6300	4000	1	3	3	4000" \
  "the_hours_of_a_user_are_listed"
refuses DR400 'no step "year"' "a_step_that_is_none_is_refused" "CALL statistic_list(0, 0, 'year')"
is "$(sql 'CALL grid_show()' | cut -f 5)" 7 "the_grid_says_how_many_frames_an_hour"
owner "UPDATE statistic_hour SET starts_at = starts_at - INTERVAL 1 HOUR WHERE user_id = 0" >/dev/null
is "$(sql 'CALL grid_show()' | cut -f 5 | awk '{ print ($1 >= 0 && $1 <= 7) }')" 1 \
  "of_the_hour_before_a_part_counts"

# Days. The hours so far become those of three days ago, and one of yesterday and one of today come beside them.
owner "UPDATE statistic_hour SET starts_at = UTC_DATE() - INTERVAL 3 DAY + INTERVAL 5 HOUR;
  UPDATE counter SET next_value = TO_DAYS(UTC_DATE()) - 3 WHERE name = 'statistic_day';
  INSERT INTO statistic_hour (user_id, starts_at, frames_accepted, sample_count, sum_frames_ready, max_frames_ready) VALUES
    (0, UTC_DATE() - INTERVAL 3 DAY + INTERVAL 6 HOUR, 10, 58, 100, 150), (0, UTC_DATE() - INTERVAL 1 DAY, 20, 0, 0, 0),
    (0, UTC_DATE(), 40, 0, 0, 0)" >/dev/null
days="SELECT DATEDIFF(UTC_DATE(), starts_at), frames_accepted, sample_count, sum_frames_ready, max_frames_ready, max_wait_ms < 3600000 FROM statistic_day
  WHERE user_id = 0 ORDER BY starts_at"
before=$(sql "CALL statistic_list(0, 0, 'day')" | cut -f 2-6,11,16)
# Just after midnight yesterday is still open: both answers are right.
case $(sql 'CALL statistic_roll()') in 3 | 2) said=rolled ;; *) said=no ;; esac
is "$said $(owner "$days" | head -1)" "rolled 3	17	60	250	150	1" "a_day_that_is_over_is_summed_up"
is "$(sql "CALL statistic_list(0, 0, 'day')" | cut -f 2-6,11,16)" "$before" "days_read_the_same_rolled_up_or_not"
is "$(sql "CALL statistic_list(0, 0, 'day')" | cut -f 2 | tr '\n' ' ')" "17 20 40 " "the_day_that_runs_is_among_them"
owner "UPDATE statistic_day SET frames_accepted = 1000 WHERE user_id = 0 AND frames_accepted = 17" >/dev/null
sql 'CALL statistic_roll()' >/dev/null
is "$(sql "CALL statistic_list(0, 0, 'day')" | head -1 | cut -f 2)" 1000 "a_day_is_rolled_up_once"
is "$(sql "CALL statistic_list(0, 0, 'week')" | awk '{ s += $2 } END { print s }')" 1060 "weeks_are_sums_of_days"
is "$(sql "CALL statistic_list(0, 0, 'week')" | awk '{ if (($1 / 86400 + 3) % 7 != 0) print "no Monday" }')" "" \
  "a_week_begins_on_monday"
owner "INSERT INTO statistic_hour (user_id, starts_at, frames_accepted) VALUES (5, UTC_DATE() - INTERVAL 41 DAY, 1);
  INSERT INTO statistic_day (user_id, starts_at, frames_accepted) VALUES (5, UTC_DATE() - INTERVAL 11 YEAR, 1)" >/dev/null
sql 'CALL statistic_roll()' >/dev/null
is "$(owner 'SELECT COUNT(*) FROM statistic_hour WHERE user_id = 5; SELECT COUNT(*) FROM statistic_day WHERE user_id = 5')" "0
0" "old_hours_and_days_go"
owner "DELETE FROM statistic_hour; UPDATE counter SET next_value = 700000 WHERE name = 'statistic_day'" >/dev/null
is "$(sql 'CALL statistic_roll()')" 0 "a_long_sleep_is_not_rolled_up_day_by_day"
is "$(owner "SELECT next_value >= TO_DAYS(UTC_TIMESTAMP() - INTERVAL 6 MINUTE) FROM counter WHERE name = 'statistic_day'")" 1 \
  "and_the_next_day_is_known"
