# Migrating, checking versions, running again.

newest=$(ls "$top_srcdir"/sql/migrations/*.sql | wc -l | tr -d ' ')
next=$((newest + 1))
is "$(owner 'SELECT MAX(version), COUNT(*) FROM schema_version')" "$newest	$newest" "every_migration_is_recorded_once"
is "$(migrate | tail -1)" "The database has schema version $newest." "migrating_twice_is_the_same_as_once"
is "$(migrate | grep -c replaced)" 0 "procedures_that_did_not_change_are_left_alone"
is "$(owner "SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema = 'distren'")" \
  "$(find "$top_srcdir/sql/procedures" -name '*.sql' | wc -l)" "every_procedure_file_is_a_procedure"
is "$(owner "SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema = 'distren' AND security_type <> 'DEFINER'")" \
  0 "every_procedure_runs_with_its_definers_rights"
find "$top_srcdir/sql/procedures" -name '*.sql' -exec basename {} .sql \; >"$work/files"
is "$(owner "SELECT routine_name FROM information_schema.routines WHERE routine_schema = 'distren' ORDER BY 1" | sort)" \
  "$(sort "$work/files")" "a_file_is_named_as_its_procedure"

owner 'DROP PROCEDURE job_show; CREATE PROCEDURE stray() SELECT 1' >/dev/null
migrate >/dev/null
is "$(owner "SELECT GROUP_CONCAT(routine_name) FROM information_schema.routines
  WHERE routine_schema = 'distren' AND routine_name IN ('job_show', 'stray')")" job_show \
  "a_lost_procedure_comes_back_and_a_stray_one_goes"

cp -R "$top_srcdir/sql" "$work/sql" && chmod -R u+w "$work/sql"
printf 'CREATE OR REPLACE PROCEDURE schema_show()\nSQL SECURITY DEFINER\nBEGIN\n  SELECT %s AS version;\nEND\n' "$next" \
  >"$work/sql/procedures/server/schema_show.sql"
printf -- "-- a; comment ' with traps\nCREATE TABLE IF NOT EXISTS two (a INT COMMENT 'one; \\\\' two');\n\nINSERT INTO two VALUES (2); # end\n" \
  >"$work/sql/migrations/$(printf %04d $next)_next.sql"
said=$(sql_dir=$work/sql migrate)
is "$(owner 'SELECT a FROM two; SELECT MAX(version) FROM schema_version')" "2
$next" "a_new_migration_is_applied_after_the_others"
case $said in *"version $next"*"knows $newest"*) said=both ;; esac
is "$said" both "a_database_that_is_newer_than_the_program_is_refused_with_both_versions"
case $(migrate) in *"version $next"*"knows $newest"*"too old"*) said=both ;; *) said=no ;; esac
is "$said" both "an_older_program_does_not_touch_a_newer_database"
owner 'DELETE FROM schema_version' >/dev/null
owner "DROP PROCEDURE schema_show; CREATE PROCEDURE schema_show() SELECT 0 AS version" >/dev/null
case $(migrate --check) in *"version 0"*"needs $newest"*distren-migrate*) said=both ;; *) said=no ;; esac
is "$said" both "an_older_database_is_refused_with_both_versions"
mv "$work/sql/migrations/$(printf %04d $next)_next.sql" "$work/sql/migrations/9999_later.sql"
case $(sql_dir=$work/sql migrate) in *"9999_later.sql should be migration $(printf %04d $next)_"*) said=gap ;; *) said=no ;; esac
is "$said" gap "a_gap_in_the_migrations_is_named"
rm "$work/sql/migrations/9999_later.sql"
cp "$work/sql/procedures/job/job_show.sql" "$work/sql/procedures/user"
case $(sql_dir=$work/sql migrate) in *"job/job_show.sql and "*"user/job_show.sql are the same procedure"*) said=both ;; *) said=no ;; esac
is "$said" both "a_procedure_that_lies_in_two_folders_is_refused_with_both"
rm -rf "$work/sql"

# Each migration is interrupted before its number is recorded, and run again.
at_version 0
for version in $(seq "$newest"); do
  file=$(ls "$top_srcdir"/sql/migrations/"$(printf %04d "$version")"_*.sql)
  cat "$file" "$file" | mariadb_owner distren 2>&1
  if test "$version" != "$newest"; then owner "INSERT INTO schema_version (version, name) VALUES ($version, 'again')"; fi
done
owner 'INSERT INTO setting (name, value) VALUES ("kept", "1")' >/dev/null
is "$(migrate | tail -1)" "The database has schema version $newest." "an_interrupted_migration_is_simply_run_again"
is "$(owner 'SELECT value FROM setting WHERE name = "kept"; SELECT COUNT(*) FROM account')" "1
1" "running_a_migration_again_loses_nothing"
case $(migrate --schema 'a`b') in *"cannot be the name of a schema"*) said=refused ;; *) said=no ;; esac
is "$said" refused "a_schema_name_with_quotes_is_refused"
case $(sql_dir=/nonexistent migrate) in *"/nonexistent/migrations"*) said=named ;; *) said=no ;; esac
is "$said" named "a_missing_sql_folder_is_named"
printf 'short\n' >"$work/short"
chmod 644 "$work/short"
case $(migrate --create-user distren --create-password-file "$work/short") in *"chmod 600"*) said=refused ;; *) said=no ;; esac
is "$said" refused "a_password_file_that_others_can_read_is_refused"
chmod 600 "$work/short"
case $(migrate --create-user distren --create-password-file "$work/short") in *"8 characters"*) said=refused ;; *) said=no ;; esac
is "$said" refused "a_short_database_password_is_refused"
case $(migrate --create-user "x'y" --create-password-file "$work/password") in *"cannot be a database user"*) said=refused ;; *) said=no ;; esac
is "$said" refused "a_database_user_with_quotes_is_refused"
