// Every handler of the HTTP API, by file. Each is a plain function that runs whole on a worker thread; what a route
// needs (login, scope, signature) was checked before, whose object it is the handler checks itself. doc/openapi.yaml
// says what each takes and answers.
#pragma once

#include <vector>

#include "server/api/router.h"

namespace distren {

std::vector<Route> api_routes();

// users.cpp
Reply handle_register(Request const&, Context&);
Reply handle_login(Request const&, Context&);
Reply handle_logout(Request const&, Context&);
Reply handle_me(Request const&, Context&);

// tokens.cpp
Reply handle_list_tokens(Request const&, Context&);
Reply handle_create_token(Request const&, Context&);
Reply handle_delete_token(Request const&, Context&);

// slaves.cpp
Reply handle_list_slaves(Request const&, Context&);
Reply handle_create_slave(Request const&, Context&);
Reply handle_show_slave(Request const&, Context&);
Reply handle_explain_slave(Request const&, Context&);
Reply handle_change_slave(Request const&, Context&);
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

// shots.cpp
Reply handle_show_project(Request const&, Context&);
Reply handle_list_shots(Request const&, Context&);
Reply handle_create_shot(Request const&, Context&);
Reply handle_show_shot(Request const&, Context&);
Reply handle_change_shot(Request const&, Context&);
Reply handle_delete_shot(Request const&, Context&);
Reply handle_list_shot_jobs(Request const&, Context&);
Reply handle_add_shot_job(Request const&, Context&);
Reply handle_remove_shot_job(Request const&, Context&);

// uploads.cpp
Reply handle_upload_options(Request const&, Context&);
Reply handle_create_upload(Request const&, Context&);
Reply handle_show_upload(Request const&, Context&);
Reply handle_append_upload(Request const&, Context&);
Reply handle_delete_upload(Request const&, Context&);

// files.cpp
Reply handle_missing_blobs(Request const&, Context&);
Reply handle_blob(Request const&, Context&);
Reply handle_file_list(Request const&, Context&);
Reply handle_output_file(Request const&, Context&);

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
Reply handle_task_log(Request const&, Context&);
Reply handle_list_output(Request const&, Context&);

// images.cpp
Reply handle_task_image(Request const&, Context&);
Reply handle_job_image(Request const&, Context&);
Reply handle_list_job_files(Request const&, Context&);

// job_zip.cpp
Reply handle_zip_url(Request const&, Context&);
Reply handle_zip(Request const&, Context&);

// job_preview.cpp
Reply handle_preview(Request const&, Context&);
Reply handle_preview_file(Request const&, Context&);

// job_create.cpp, job_check.cpp
Reply handle_create_job(Request const&, Context&);
Reply handle_check_job(Request const&, Context&);

// points.cpp
Reply handle_points(Request const&, Context&);
Reply handle_statement(Request const&, Context&);
Reply handle_ranking(Request const&, Context&);
Reply handle_check_ledger(Request const&, Context&);

// spending.cpp
Reply handle_quote_boost(Request const&, Context&);
Reply handle_boost_job(Request const&, Context&);
Reply handle_give_points(Request const&, Context&);
Reply handle_adjust_points(Request const&, Context&);

// slave_protocol.cpp
Reply handle_slave_hello(Request const&, Context&);
Reply handle_slave_order(Request const&, Context&);
Reply handle_slave_progress(Request const&, Context&);
Reply handle_slave_result(Request const&, Context&);
Reply handle_slave_telemetry(Request const&, Context&);

// notifications.cpp
Reply handle_show_notification_settings(Request const&, Context&);
Reply handle_change_notification_settings(Request const&, Context&);
Reply handle_test_notification(Request const&, Context&);
Reply handle_send_email_code(Request const&, Context&);
Reply handle_confirm_email(Request const&, Context&);
Reply handle_list_notifications(Request const&, Context&);

// administration.cpp
Reply handle_list_users(Request const&, Context&);
Reply handle_change_user(Request const&, Context&);
Reply handle_block_user(Request const&, Context&);
Reply handle_unblock_user(Request const&, Context&);
Reply handle_list_activity(Request const&, Context&);
Reply handle_list_methods(Request const&, Context&);

// settings.cpp, health.cpp
Reply handle_list_settings(Request const&, Context&);
Reply handle_edit_setting(Request const&, Context&);
Reply handle_show_health(Request const&, Context&);

// statistics.cpp
Reply handle_statistics(Request const&, Context&);
// events.cpp
Reply handle_events(Request const&, Context&);

// grid.cpp
Reply handle_status(Request const&, Context&);
Reply handle_openapi(Request const&, Context&);
Reply handle_metrics(Request const&, Context&);
Reply handle_health(Request const&, Context&);
Reply handle_readiness(Request const&, Context&);
Reply handle_problem_page(Request const&, Context&);
Reply handle_page(Request const&, Context&);  // htdocs/: what no route matches

}  // namespace distren
