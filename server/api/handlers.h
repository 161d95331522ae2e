// Every handler of the HTTP API, by file. Each is a plain function that runs whole on a worker thread; what a route
// needs (login, scope, signature) was checked before, whose object it is the handler checks itself. doc/openapi.yaml
// says what each takes and answers.
#pragma once

#include <vector>

#include "server/api/router.h"

namespace distren {

std::vector<Route> api_routes();

// users.cpp
Reply handle_create_user(Request const&, Context&);
Reply handle_create_session(Request const&, Context&);
Reply handle_delete_current_session(Request const&, Context&);

// account.cpp
Reply handle_show_me(Request const&, Context&);
Reply handle_change_me(Request const&, Context&);
Reply handle_change_password(Request const&, Context&);
Reply handle_delete_me(Request const&, Context&);

// renderers.cpp
Reply handle_list_renderers(Request const&, Context&);
Reply handle_show_renderer(Request const&, Context&);
Reply handle_create_renderer(Request const&, Context&);
Reply handle_change_renderer(Request const&, Context&);
Reply handle_delete_renderer(Request const&, Context&);

// invitations.cpp
Reply handle_list_invitations(Request const&, Context&);
Reply handle_create_invitation(Request const&, Context&);
Reply handle_revoke_invitation(Request const&, Context&);

// password_resets.cpp
Reply handle_create_password_reset(Request const&, Context&);
Reply handle_confirm_password_reset(Request const&, Context&);

// sessions.cpp
Reply handle_list_sessions(Request const&, Context&);
Reply handle_end_session(Request const&, Context&);
Reply handle_show_current_session(Request const&, Context&);

// batches.cpp
Reply handle_change_jobs(Request const&, Context&);
Reply handle_change_tasks(Request const&, Context&);
Reply handle_change_slaves(Request const&, Context&);

// tokens.cpp
Reply handle_list_tokens(Request const&, Context&);
Reply handle_create_token(Request const&, Context&);
Reply handle_revoke_token(Request const&, Context&);

// slaves.cpp
Reply handle_list_slaves(Request const&, Context&);
Reply handle_create_slave(Request const&, Context&);
Reply handle_show_slave(Request const&, Context&);
Reply handle_explain_slave(Request const&, Context&);
Reply handle_change_slave(Request const&, Context&);
Reply handle_enable_slave(Request const&, Context&);
Reply handle_disable_slave(Request const&, Context&);
Reply handle_revoke_slave(Request const&, Context&);
Reply handle_rotate_slave(Request const&, Context&);

// remote_settings.cpp
Reply handle_list_blocks(Request const&, Context&);
Reply handle_add_block(Request const&, Context&);
Reply handle_delete_block(Request const&, Context&);
Reply handle_change_remote_settings(Request const&, Context&);

// slave_telemetry.cpp
Reply handle_show_telemetry(Request const&, Context&);

// projects.cpp
Reply handle_list_projects(Request const&, Context&);
Reply handle_create_project(Request const&, Context&);
Reply handle_show_project(Request const&, Context&);
Reply handle_change_project(Request const&, Context&);
Reply handle_delete_project(Request const&, Context&);

// shots.cpp
Reply handle_list_shots(Request const&, Context&);
Reply handle_create_shot(Request const&, Context&);
Reply handle_show_shot(Request const&, Context&);
Reply handle_change_shot(Request const&, Context&);
Reply handle_delete_shot(Request const&, Context&);
Reply handle_list_shot_jobs(Request const&, Context&);

// uploads.cpp
Reply handle_show_upload_options(Request const&, Context&);
Reply handle_create_upload(Request const&, Context&);
Reply handle_show_upload(Request const&, Context&);
Reply handle_append_upload(Request const&, Context&);
Reply handle_delete_upload(Request const&, Context&);

// files.cpp
Reply handle_find_missing_blobs(Request const&, Context&);
Reply handle_fetch_blob(Request const&, Context&);
Reply handle_fetch_inputs(Request const&, Context&);
Reply handle_fetch_output(Request const&, Context&);

// jobs.cpp
Reply handle_list_jobs(Request const&, Context&);
Reply handle_show_job(Request const&, Context&);
Reply handle_explain_job(Request const&, Context&);
Reply handle_pause_job(Request const&, Context&);
Reply handle_resume_job(Request const&, Context&);
Reply handle_cancel_job(Request const&, Context&);
Reply handle_requeue_job(Request const&, Context&);
Reply handle_requeue_task(Request const&, Context&);
Reply handle_approve_job(Request const&, Context&);
Reply handle_change_job(Request const&, Context&);
Reply handle_delete_job(Request const&, Context&);
Reply handle_list_tasks(Request const&, Context&);
Reply handle_show_task_log(Request const&, Context&);
Reply handle_list_outputs(Request const&, Context&);

// images.cpp
Reply handle_fetch_task_image(Request const&, Context&);
Reply handle_fetch_task_thumbnail(Request const&, Context&);
Reply handle_fetch_job_image(Request const&, Context&);
Reply handle_fetch_job_thumbnail(Request const&, Context&);
Reply handle_list_inputs(Request const&, Context&);

// job_zip.cpp
Reply handle_show_archive(Request const&, Context&);
Reply handle_fetch_archive(Request const&, Context&);

// job_preview.cpp
Reply handle_show_preview(Request const&, Context&);
Reply handle_create_preview(Request const&, Context&);
Reply handle_fetch_preview(Request const&, Context&);

// submissions.cpp, job_check.cpp
Reply handle_list_submissions(Request const&, Context&);
Reply handle_show_submission(Request const&, Context&);
Reply handle_create_submission(Request const&, Context&);
Reply handle_check_submission(Request const&, Context&);

// operations.cpp
Reply handle_show_operation(Request const&, Context&);

// points.cpp
Reply handle_show_balance(Request const&, Context&);
Reply handle_list_transactions(Request const&, Context&);
Reply handle_list_ranking(Request const&, Context&);
Reply handle_check_ledger(Request const&, Context&);

// spending.cpp
Reply handle_quote_boost(Request const&, Context&);
Reply handle_create_boost(Request const&, Context&);
Reply handle_create_transfer(Request const&, Context&);
Reply handle_create_adjustment(Request const&, Context&);

// slave_messages.cpp
Reply handle_exchange_messages(Request const&, Context&);
Reply handle_reject_old_slave(Request const&, Context&);

// notifications.cpp
Reply handle_show_preferences(Request const&, Context&);
Reply handle_change_preferences(Request const&, Context&);
Reply handle_test_notification(Request const&, Context&);
Reply handle_send_email_code(Request const&, Context&);
Reply handle_confirm_email(Request const&, Context&);
Reply handle_list_notifications(Request const&, Context&);

// webhooks.cpp
Reply handle_list_webhooks(Request const&, Context&);
Reply handle_create_webhook(Request const&, Context&);
Reply handle_show_webhook(Request const&, Context&);
Reply handle_change_webhook(Request const&, Context&);
Reply handle_delete_webhook(Request const&, Context&);
Reply handle_rotate_webhook(Request const&, Context&);
Reply handle_test_webhook(Request const&, Context&);
Reply handle_list_deliveries(Request const&, Context&);
Reply handle_resend_delivery(Request const&, Context&);

// administration.cpp
Reply handle_list_users(Request const&, Context&);
Reply handle_show_user(Request const&, Context&);
Reply handle_change_user(Request const&, Context&);
Reply handle_block_user(Request const&, Context&);
Reply handle_unblock_user(Request const&, Context&);
Reply handle_list_audit_log(Request const&, Context&);
Reply handle_list_methods(Request const&, Context&);

// settings.cpp, health.cpp
Reply handle_list_settings(Request const&, Context&);
Reply handle_change_settings(Request const&, Context&);
Reply handle_show_server_health(Request const&, Context&);

// statistics.cpp
Reply handle_show_statistics(Request const&, Context&);
// events.cpp
Reply handle_stream_events(Request const&, Context&);

// grid.cpp
Reply handle_show_grid(Request const&, Context&);
Reply handle_show_openapi(Request const&, Context&);
Reply handle_show_metrics(Request const&, Context&);
Reply handle_show_liveness(Request const&, Context&);
Reply handle_show_readiness(Request const&, Context&);
Reply handle_show_problem(Request const&, Context&);
Reply handle_page(Request const&, Context&);  // htdocs/: what no route matches

}  // namespace distren
