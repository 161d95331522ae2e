# What slaves can do: benchmarks and corrections.

people
sql "CALL method_ensure('povray'); CALL slave_hello(1, 'Linux', 'cpu', 8, 16000, '[[\"blender\",\"3.4.1\"],[\"blender\",\"4.2.0\"],[\"povray\",\"3.7\"]]', '', '::1')"
sql "CALL slave_hello(2, 'Linux', 'cpu', 8, 16000, '[[\"blender\",\"3.4.1\"]]', '', '::1')"
powers() { sql "CALL power_list($1)" | cut -f 2-5 | tr '\t' ' '; }

is "$(powers 1)" "blender 3.4.1 0 0
blender 4.2.0 0 0
povray 3.7 0 0" "a_slave_that_was_never_measured_has_no_power"
sql "CALL power_record(1, 'blender', '3.4.1', 1500)"
is "$(powers 1)" "blender 3.4.1 1500 1500
blender 4.2.0 0 0
povray 3.7 0 0" "a_benchmark_is_kept_for_its_version_alone"
is "$(sql 'CALL power_list(1)' | awk 'NR == 1 { print ($6 >= 0 && $6 < 3600) }')" 1 "with_its_age"
sql "CALL power_correct('[[1,\"blender\",\"3.4.1\",1600],[2,\"blender\",\"3.4.1\",1600],[9,\"blender\",\"3.4.1\",1],[1,\"maya\",\"1\",5]]')"
is "$(powers 1 | head -1; powers 2)" "blender 3.4.1 1500 1600
blender 3.4.1 0 0" "a_power_is_corrected_where_there_was_a_benchmark"
sql "CALL power_correct('[[1,\"blender\",\"3.4.1\",99999]]')"
is "$(powers 1 | head -1)" "blender 3.4.1 1500 1875" "a_correction_stays_below_1.25_times_the_benchmark"
sql "CALL power_correct('[[1,\"blender\",\"3.4.1\",-7]]')"
is "$(powers 1 | head -1)" "blender 3.4.1 1500 375" "and_above_a_quarter_of_it"
sql "CALL power_correct('[[1,\"blender\",\"3.4.1\",\"NaN\"],[1,\"blender\",\"3.4.1\",null]]')"
is "$(powers 1 | head -1)" "blender 3.4.1 1500 375" "what_is_no_number_corrects_nothing"
sql "CALL slave_hello(1, 'Linux', 'cpu', 8, 16000, '[[\"blender\",\"3.4.1\"]]', '', '::1')"
is "$(powers 1)" "blender 3.4.1 1500 375" "a_new_sign_on_keeps_what_was_measured"
sql "CALL slave_hello(1, 'Linux', 'another cpu', 8, 16000, '[[\"blender\",\"3.4.1\"]]', '', '::1')"
is "$(powers 1) $(sql 'CALL power_list(1)' | awk 'NR == 1 { print $6 }')" "blender 3.4.1 1500 375 1000000000" "on_another_cpu_it_holds_until_it_is_measured_again"
sql "CALL power_record(1, 'blender', '3.4.1', 2000)"
is "$(powers 1)" "blender 3.4.1 2000 2000" "after_a_new_benchmark_corrections_start_again"
for power in 0 -1 20001 NULL; do
  refuses DR400 "cannot be; 1 to 20,000 can" "a_power_of_${power}_is_refused" "CALL power_record(1, 'blender', '3.4.1', $power)"
done
refuses DR404 "slave 1 has not said that it has blender 9.9" "an_unknown_version_has_no_power" "CALL power_record(1, 'blender', '9.9', 1000)"
refuses DR404 "has not said that it has maya 1" "an_unknown_method_has_no_power" "CALL power_record(1, 'maya', '1', 1000)"
refuses DR404 "slave 99" "an_unknown_slave_has_no_power" "CALL power_record(99, 'blender', '3.4.1', 1000)"
sql "CALL slave_state_change(2, 'revoked')"
is "$(sql 'CALL power_list(0)' | cut -f 1,4)" "1	2000" "a_revoked_slave_is_not_listed_among_all"
