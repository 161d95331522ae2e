# What slaves say of their machines, by the hour.

people
# The start of this hour and of one eleven months ago, UNIX time.
hour=$(($(date +%s) / 3600 * 3600))
sql "CALL telemetry_write('[[1,$hour,30,15,100,250,40,90,1000,1500,50,60,9000],[99,$hour,1,0,1,1,1,1,1,1,1,1,1]]')"
is "$(sql 'CALL telemetry_list(1, 0)')" "$hour	30	15	100	250	40	90	1000	1500	50	60	9000" \
  "an_hour_is_written_and_a_slave_that_is_gone_is_left_out"
sql "CALL telemetry_write('[[1,$hour,10,10,500,900,80,85,null,null,null,70,8000]]')"
is "$(sql 'CALL telemetry_list(1, 0)')" "$hour	40	25	200	900	50	90	1000	1500	50	70	8000" \
  "an_hour_that_is_there_is_added_to_by_its_samples"
sql "CALL telemetry_write('[[2,$hour,5,0,null,null,null,null,null,null,null,null,null]]')"
is "$(sql 'CALL telemetry_list(2, 0)')" "$hour	5	0	NULL	NULL	NULL	NULL	NULL	NULL	NULL	NULL	NULL" \
  "what_is_not_known_is_null"
sql "CALL telemetry_write('[[2,$hour,600,700,1,1,1,1,1,1,1,1,1]]')"
is "$(sql 'CALL telemetry_list(2, 0)' | cut -f 2,3)" "60	60" "an_hour_has_sixty_samples_at_most"
old=$((hour - 380 * 24 * 3600))
sql "CALL telemetry_write('[[1,$old,5,0,1,1,1,1,1,1,1,1,1],[1,$((hour - 3600)),7,0,1,1,1,1,1,1,1,1,1]]')"
is "$(sql 'CALL telemetry_list(1, 0)' | cut -f 1,2)" "$((hour - 3600))	7
$hour	40" "hours_are_listed_oldest_first_and_go_after_a_year"
is "$(sql "CALL telemetry_list(1, $((hour - 3600)))" | cut -f 2)" 40 "a_list_of_hours_begins_after_an_hour"
refuses DR400 "no JSON" "hours_that_are_no_json_are_refused" "CALL telemetry_write('[[1,')"
is "$(owner 'DELETE FROM slave WHERE id = 2; SELECT COUNT(*) FROM slave_telemetry_hour WHERE slave_id = 2')" 0 \
  "a_slaves_hours_go_with_it"
