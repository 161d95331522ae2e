# The server's user can execute and nothing else.

people
denied() {
  said=$(sql "$2")
  case $said in
    *"(42000)"*denied*) is denied denied "$1" ;;
    *) is "$said" "denied" "$1" ;;
  esac
}

is "$(sql 'CALL schema_show()')" "$(ls "$top_srcdir"/sql/migrations/*.sql | wc -l | tr -d ' ')" "the_servers_user_can_call_a_procedure"
is "$(mariadb_owner -e "SELECT table_schema, privilege_type FROM information_schema.schema_privileges WHERE grantee LIKE '''distren''@%'")" \
  "distren	EXECUTE" "the_servers_user_has_execute_on_the_schema_alone"
is "$(mariadb_owner -e "SELECT privilege_type FROM information_schema.user_privileges WHERE grantee LIKE '''distren''@%'")" \
  "USAGE" "the_servers_user_has_no_global_right"
denied "the_servers_user_cannot_read_a_table" 'SELECT * FROM user'
denied "the_servers_user_cannot_change_a_table" 'UPDATE account SET balance = 1'
denied "the_servers_user_cannot_insert" "INSERT INTO entry VALUES (1, 1, 1)"
denied "the_servers_user_cannot_delete" 'DELETE FROM job'
denied "the_servers_user_cannot_make_a_procedure" 'CREATE PROCEDURE x() SELECT 1'
denied "the_servers_user_cannot_replace_a_procedure" 'DROP PROCEDURE job_show'
denied "the_servers_user_cannot_make_a_temporary_table" 'CREATE TEMPORARY TABLE journal_outcome (a INT)'
denied "the_servers_user_cannot_read_files" "SELECT * FROM mysql.global_priv"
denied "the_servers_user_cannot_drop_the_schema" 'DROP DATABASE distren'
mariadb_owner distren -e "GRANT SELECT ON distren.user TO distren@localhost; GRANT INSERT ON *.* TO distren@localhost"
"$top_builddir/distren-migrate" --socket "$mariadb_socket" --user "$(id -un)" --sql-dir "$top_srcdir/sql" \
  --create-user distren --create-password-file "$work/password" >/dev/null 2>&1
denied "a_right_given_by_mistake_is_taken_back" 'SELECT * FROM user'
