# Migrations (forward only), procedures (replaced whole) and the server's rights, installed for distrend and distren-migrate.
sqlmigrationsdir = $(pkgdatadir)/sql/migrations
sqlproceduresdir = $(pkgdatadir)/sql/procedures
sqlgrantsdir = $(pkgdatadir)/sql/grants
dist_sqlmigrations_DATA = \
  %D%/migrations/0001_first.sql \
  %D%/migrations/0002_points.sql %D%/migrations/0003_steps.sql \
  %D%/migrations/0004_slaves.sql %D%/migrations/0005_overview.sql %D%/migrations/0006_shots.sql
dist_sqlprocedures_DATA = \
  %D%/procedures/attempt_reserve.sql \
  %D%/procedures/balance_show.sql \
  %D%/procedures/blob_missing.sql \
  %D%/procedures/blob_record.sql \
  %D%/procedures/blob_take_unused.sql \
  %D%/procedures/claim_load.sql \
  %D%/procedures/error_raise.sql \
  %D%/procedures/escrow_load.sql \
  %D%/procedures/event_record.sql \
  %D%/procedures/failure_load.sql \
  %D%/procedures/grant_decide.sql \
  %D%/procedures/grant_settle.sql \
  %D%/procedures/grant_settle_overdue.sql \
  %D%/procedures/grant_vest.sql \
  %D%/procedures/grant_void.sql \
  %D%/procedures/grid_show.sql \
  %D%/procedures/held_load.sql \
  %D%/procedures/job_boost.sql \
  %D%/procedures/job_cancel.sql \
  %D%/procedures/job_change.sql \
  %D%/procedures/job_create.sql \
  %D%/procedures/job_delete.sql \
  %D%/procedures/job_fail_alike.sql \
  %D%/procedures/job_file_list.sql \
  %D%/procedures/job_list.sql %D%/procedures/job_list_after.sql \
  %D%/procedures/job_load.sql \
  %D%/procedures/job_load_files.sql \
  %D%/procedures/job_pause.sql \
  %D%/procedures/job_requeue.sql \
  %D%/procedures/job_resume.sql \
  %D%/procedures/job_show.sql \
  %D%/procedures/journal_write.sql \
  %D%/procedures/journal_write_failures.sql \
  %D%/procedures/journal_write_grants.sql \
  %D%/procedures/journal_write_points.sql \
  %D%/procedures/journal_write_statistics.sql \
  %D%/procedures/lease_load.sql \
  %D%/procedures/ledger_check.sql \
  %D%/procedures/login_record.sql \
  %D%/procedures/method_ensure.sql \
  %D%/procedures/points_adjust.sql \
  %D%/procedures/points_begin.sql \
  %D%/procedures/points_end_jobs.sql \
  %D%/procedures/points_give.sql \
  %D%/procedures/points_key_check.sql \
  %D%/procedures/points_lock_jobs.sql \
  %D%/procedures/points_move_pair.sql \
  %D%/procedures/points_post.sql \
  %D%/procedures/points_refund.sql \
  %D%/procedures/points_take_held.sql \
  %D%/procedures/points_text.sql \
  %D%/procedures/power_correct.sql \
  %D%/procedures/power_list.sql \
  %D%/procedures/power_record.sql \
  %D%/procedures/project_create.sql \
  %D%/procedures/project_list.sql \
  %D%/procedures/project_show.sql \
  %D%/procedures/ranking_list.sql \
  %D%/procedures/schema_show.sql \
  %D%/procedures/session_create.sql \
  %D%/procedures/session_delete.sql \
  %D%/procedures/session_find.sql \
  %D%/procedures/setting_change.sql \
  %D%/procedures/setting_find.sql \
  %D%/procedures/shot_add_job.sql \
  %D%/procedures/shot_change.sql \
  %D%/procedures/shot_delete.sql \
  %D%/procedures/shot_ensure.sql \
  %D%/procedures/shot_job_list.sql \
  %D%/procedures/shot_list.sql \
  %D%/procedures/shot_name_check.sql \
  %D%/procedures/slave_block_add.sql \
  %D%/procedures/slave_block_delete.sql \
  %D%/procedures/slave_block_list.sql \
  %D%/procedures/slave_create.sql \
  %D%/procedures/slave_find.sql \
  %D%/procedures/slave_hello.sql \
  %D%/procedures/slave_list.sql \
  %D%/procedures/slave_password_change.sql \
  %D%/procedures/slave_rename.sql \
  %D%/procedures/slave_seen.sql \
  %D%/procedures/slave_settings_change.sql \
  %D%/procedures/slave_show.sql \
  %D%/procedures/slave_state_change.sql \
  %D%/procedures/statement_list.sql \
  %D%/procedures/statistic_list.sql \
  %D%/procedures/statistic_roll.sql \
  %D%/procedures/statistic_sample.sql \
  %D%/procedures/task_latest.sql \
  %D%/procedures/task_list.sql \
  %D%/procedures/task_load.sql \
  %D%/procedures/telemetry_list.sql \
  %D%/procedures/telemetry_write.sql \
  %D%/procedures/time_text.sql \
  %D%/procedures/token_create.sql \
  %D%/procedures/token_delete.sql \
  %D%/procedures/token_find.sql \
  %D%/procedures/token_list.sql \
  %D%/procedures/total_load.sql \
  %D%/procedures/user_create.sql \
  %D%/procedures/user_credentials.sql
dist_sqlgrants_DATA = %D%/grants/server.sql
