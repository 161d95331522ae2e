# Slaves and render methods.

people
is "$(sql "CALL slave_find('key1')" | cut -f 1-5)" "1	2	slave 1	$(printf 'p%.0s' $(seq 32))	enabled" \
  "a_slave_is_found_by_its_slavekey"
refuses DR404 "this slavekey" "an_unknown_slavekey_is_not_found" "CALL slave_find('KEY1')"
refuses DR409 "in use" "a_slavekey_stands_once" "CALL slave_create(2, 'x', 'key1', REPEAT('p', 32))"
refuses DR400 "1 to 100" "a_slave_needs_a_name" "CALL slave_create(2, '', 'k', REPEAT('p', 32))"
refuses DR400 "letters and digits" "a_slavekey_is_plain" "CALL slave_create(2, 'x', 'a b', REPEAT('p', 32))"
refuses DR400 "32-byte hash" "a_slave_needs_a_whole_hash" "CALL slave_create(2, 'x', 'k', 'p')"
refuses DR404 "no user 99" "a_slave_of_nobody_is_refused" "CALL slave_create(99, 'x', 'k', REPEAT('p', 32))"
owner "INSERT INTO slave (user_id, name, slavekey, password_hash, created_at)
  SELECT 1, seq, CONCAT('many', seq), REPEAT('p', 32), UTC_TIMESTAMP(3) FROM seq_1_to_1000" >/dev/null
refuses DR413 "1,000 slaves" "a_user_has_a_thousand_slaves_at_most" "CALL slave_create(1, 'x', 'k', REPEAT('p', 32))"
owner "DELETE FROM slave WHERE user_id = 1" >/dev/null

sql "CALL method_ensure('povray'); CALL method_ensure('povray')"
is "$(owner 'SELECT GROUP_CONCAT(name ORDER BY id) FROM render_method')" "blender,povray" "a_method_is_made_once"
refuses DR400 "method's name" "a_method_name_is_plain" "CALL method_ensure('Blender!')"

sql "CALL slave_hello(1, 'Debian 12', REPEAT('c', 300), 8, 16000, '[[\"blender\",\"3.4.1\"],[\"unheard\",\"1\"],[\"povray\",\"3.7\"]]', '', '10.0.0.1')"
is "$(sql 'CALL slave_show(1)' | cut -f 7,9,10,11)" 'Debian 12	8	16000	[["blender", "3.4.1", "", "", "", 1, 0, 0, null],["povray", "3.7", "", "", "", 1, 0, 0, null]]' \
  "a_hello_is_recorded_without_methods_that_nobody_knows"
is "$(owner 'SELECT LENGTH(cpu_model), address, last_seen_at IS NOT NULL FROM slave WHERE id = 1')" "200	10.0.0.1	1" \
  "an_endless_cpu_name_is_cut"
owner "UPDATE slave_method SET power = 1200 WHERE slave_id = 1" >/dev/null
sql "CALL slave_hello(1, 'Debian 12', 'cpu', 8, 16000, '[[\"blender\",\"3.4.1\"],[\"blender\",\"4.2\"]]', '', '10.0.0.1')"
is "$(owner 'SELECT version, power FROM slave_method WHERE slave_id = 1 ORDER BY version')" "3.4.1	1200
4.2	NULL" "a_method_that_stays_keeps_its_power_and_one_that_is_gone_goes"
sql "CALL slave_hello(1, 'Debian 12', 'cpu', -5, 99999999999, '[]', '', '10.0.0.1')"
is "$(owner 'SELECT cores, memory_mib FROM slave WHERE id = 1; SELECT COUNT(*) FROM slave_method')" "0	1073741824
0" "absurd_figures_are_brought_into_range"
refuses DR400 "100 render methods, not 101" "too_many_methods_are_refused" \
  "CALL slave_hello(1, '', '', 1, 1, CONCAT('[1', REPEAT(',1', 100), ']'), '', '')"
refuses DR404 "no slave 99" "a_hello_of_nobody_is_refused" "CALL slave_hello(99, '', '', 1, 1, '[]', '', '')"

is "$(sql 'CALL slave_list(2, 0, 3)' | cut -f 1 | tr '\n' ' ')" "4 3 2 " "slaves_are_listed_newest_first"
is "$(sql 'CALL slave_list(2, 2, 100)' | cut -f 1)" 1 "a_list_of_slaves_goes_on_below_an_id"
is "$(sql 'CALL slave_list(1, 0, 100)')" "" "a_user_sees_his_own_slaves_alone"
is "$(sql 'CALL slave_list(0, 0, 100)' | wc -l | tr -d ' ')" 4 "user_0_sees_everybodys_slaves"
sql "CALL slave_rename(1, ' den ')"
is "$(owner 'SELECT name FROM slave WHERE id = 1')" den "a_slave_is_renamed"
refuses DR400 "1 to 100" "a_slave_cannot_lose_its_name" "CALL slave_rename(1, '  ')"
refuses DR404 "no slave 99" "an_unknown_slave_cannot_be_renamed" "CALL slave_rename(99, 'x')"
refuses DR404 "no slave 99" "an_unknown_slave_cannot_be_shown" "CALL slave_show(99)"
sql "CALL slave_password_change(1, REPEAT('q', 32))"
is "$(sql "CALL slave_find('key1')" | cut -f 4)" "$(printf 'q%.0s' $(seq 32))" "a_slavepassword_is_changed"
refuses DR400 "32-byte hash" "a_new_slavepassword_needs_a_whole_hash" "CALL slave_password_change(1, '')"
refuses DR404 "no slave 99" "an_unknown_slave_has_no_password" "CALL slave_password_change(99, REPEAT('q', 32))"
sql "CALL slave_state_change(1, 'disabled'); CALL slave_state_change(1, 'disabled'); CALL slave_state_change(1, 'enabled')"
is "$(owner "SELECT kind FROM activity WHERE slave_id = 1 AND kind <> 'slave_created' ORDER BY id" | tr '\n' ' ')" "slave_disabled slave_enabled " \
  "a_change_of_state_is_an_event_and_the_same_state_is_none"
sql "CALL slave_state_change(1, 'revoked')"
refuses DR409 "was revoked" "a_revoked_slave_stays_revoked" "CALL slave_state_change(1, 'enabled')"
refuses DR409 "was revoked" "a_revoked_slave_gets_no_password" "CALL slave_password_change(1, REPEAT('q', 32))"
refuses DR400 'state "sleeping"' "an_unknown_state_is_refused" "CALL slave_state_change(2, 'sleeping')"
refuses DR404 "no slave 99" "an_unknown_slave_has_no_state" "CALL slave_state_change(99, 'enabled')"
is "$(sql 'CALL slave_list(2, 0, 100)' | wc -l | tr -d ' '; sql 'CALL slave_show(1)' | cut -f 6)" "3
revoked" "a_revoked_slave_is_not_listed_but_can_be_shown"
is "$(sql 'CALL grid_show()')" "3	0	0	2	0" "the_grid_counts_slaves_that_are_not_revoked"
