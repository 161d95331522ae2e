# What slaves can do: benchmarks and corrections.

people
sql "CALL method_ensure('povray'); CALL slave_hello(1, 'Linux', 'cpu', 8, 16000, '[[\"blender\",\"3.4.1\"],[\"blender\",\"4.2.0\"],[\"povray\",\"3.7\"]]', '', '::1')"
sql "CALL slave_hello(2, 'Linux', 'cpu', 8, 16000, '[[\"blender\",\"3.4.1\"]]', '', '::1')"
powers() { sql "CALL power_list($1)" | cut -f 2,3,6,7 | tr '\t' ' '; }
powers_of_builds() { sql "CALL power_list($1)" | awk -F '\t' '{ print $3, substr($4, 1, 4), $5 ($5 == "" ? "" : " ") $6, $7 }'; }

is "$(powers 1)" "blender 3.4.1 0 0
blender 4.2.0 0 0
povray 3.7 0 0" "a_slave_that_was_never_measured_has_no_power"
sql "CALL power_record(1, 'blender', '3.4.1', '', '', 1500)"
is "$(powers 1)" "blender 3.4.1 1500 1500
blender 4.2.0 0 0
povray 3.7 0 0" "a_benchmark_is_kept_for_its_version_alone"
is "$(sql 'CALL power_list(1)' | awk -F '\t' 'NR == 1 { print ($8 >= 0 && $8 < 3600) }')" 1 "with_its_age"
sql "CALL power_correct('[[1,\"blender\",\"3.4.1\",\"\",\"\",1600],[2,\"blender\",\"3.4.1\",\"\",\"\",1600],[9,\"blender\",\"3.4.1\",\"\",\"\",1],[1,\"maya\",\"1\",\"\",\"\",5]]')"
is "$(powers 1 | head -1; powers 2)" "blender 3.4.1 1500 1600
blender 3.4.1 0 0" "a_power_is_corrected_where_there_was_a_benchmark"
sql "CALL power_correct('[[1,\"blender\",\"3.4.1\",\"\",\"\",99999]]')"
is "$(powers 1 | head -1)" "blender 3.4.1 1500 1875" "a_correction_stays_below_1.25_times_the_benchmark"
sql "CALL power_correct('[[1,\"blender\",\"3.4.1\",\"\",\"\",-7]]')"
is "$(powers 1 | head -1)" "blender 3.4.1 1500 375" "and_above_a_quarter_of_it"
sql "CALL power_correct('[[1,\"blender\",\"3.4.1\",\"\",\"\",\"NaN\"],[1,\"blender\",\"3.4.1\",\"\",\"\",null]]')"
is "$(powers 1 | head -1)" "blender 3.4.1 1500 375" "what_is_no_number_corrects_nothing"
sql "CALL slave_hello(1, 'Linux', 'cpu', 8, 16000, '[[\"blender\",\"3.4.1\"]]', '', '::1')"
is "$(powers 1)" "blender 3.4.1 1500 375" "a_new_sign_on_keeps_what_was_measured"
sql "CALL slave_hello(1, 'Linux', 'another cpu', 8, 16000, '[[\"blender\",\"3.4.1\"]]', '', '::1')"
is "$(powers 1) $(sql 'CALL power_list(1)' | awk -F '\t' 'NR == 1 { print $8 }')" "blender 3.4.1 1500 375 1000000000" "on_another_cpu_it_holds_until_it_is_measured_again"
sql "CALL power_record(1, 'blender', '3.4.1', '', '', 2000)"
is "$(powers 1)" "blender 3.4.1 2000 2000" "after_a_new_benchmark_corrections_start_again"
for power in 0 -1 20001 NULL; do
  refuses DR400 "cannot be; 1 to 20,000 can" "a_power_of_${power}_is_refused" "CALL power_record(1, 'blender', '3.4.1', '', '', $power)"
done
refuses DR404 "slave 1 has not said that it has blender 9.9" "an_unknown_version_has_no_power" "CALL power_record(1, 'blender', '9.9', '', '', 1000)"
refuses DR404 "has not said that it has maya 1" "an_unknown_method_has_no_power" "CALL power_record(1, 'maya', '1', '', '', 1000)"
refuses DR404 "slave 99" "an_unknown_slave_has_no_power" "CALL power_record(99, 'blender', '3.4.1', '', '', 1000)"
sql "CALL slave_state_change(2, 'revoked')"
is "$(sql 'CALL power_list(0)' | cut -f 1,6)" "1	2000" "a_revoked_slave_is_not_listed_among_all"

# A power belongs to a version, a build and a device.
build_a=$(printf 'a%.0s' $(seq 64)) build_b=$(printf 'b%.0s' $(seq 64))
sql "CALL slave_hello(1, 'Linux', 'another cpu', 8, 16000, '[[\"blender\",\"4.3.2\"],[\"blender\",\"4.3.2\",\"$build_a\"],[\"blender\",\"4.3.2\",\"$build_a\",\"OPTIX\",\"[\\\\\"CYCLES\\\\\"]\",1],[\"blender\",\"5.2.2\",\"$build_b\",\"\",\"\",0]]', '', '::1')"
sql "CALL power_record(1, 'blender', '4.3.2', '$build_a', '', 1100); CALL power_record(1, 'blender', '4.3.2', '$build_a', 'OPTIX', 9000)"
sql "CALL power_correct('[[1,\"blender\",\"4.3.2\",\"$build_a\",\"OPTIX\",9500]]')"
is "$(powers_of_builds 1)" "4.3.2  0 0
4.3.2 aaaa 1100 1100
4.3.2 aaaa OPTIX 9000 9500
5.2.2 bbbb 0 0" "a_power_belongs_to_a_version_build_and_device"
is "$(sql 'CALL slave_show(1)' | cut -f 11 | tr -d '\\' | grep -c '"OPTIX", "[\\"CYCLES\\"]", 1\|"OPTIX", "\["CYCLES"\]", 1')" 1 "a_slave_is_listed_with_the_engines_of_each_renderer"
refuses DR404 "blender 4.3.2 on CUDA of build aaaaaaaaaaaa" "another_device_has_no_power" "CALL power_record(1, 'blender', '4.3.2', '$build_a', 'CUDA', 1000)"
sql "CALL slave_hello(1, 'Linux', 'another cpu', 8, 16000, '[[\"blender\",\"4.3.2\",\"not a digest\"],[\"blender\",\"4.3.2\",\"$build_a\"]]', '', '::1')"
is "$(powers_of_builds 1)" "4.3.2 aaaa 1100 1100" "what_is_no_build_is_not_recorded_and_the_others_keep_their_power"
