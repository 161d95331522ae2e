#include "server/api/handlers.h"

namespace distren {

namespace {

constexpr std::size_t small = 64 << 10;  // bodies of a few members
constexpr std::size_t part = 4 << 20;    // of an upload; sent to clients as Tus-Max-Part
constexpr std::size_t job = 16 << 20;    // names every file of a job

}  // namespace

std::vector<Route> api_routes() {
  using enum Needs;
  using enum Scope;
  return {
      {"POST", "/api/v1/register", nothing, none, handle_register, small, true},
      {"POST", "/api/v1/login", nothing, none, handle_login, small, true},
      {"POST", "/api/v1/logout", login, none, handle_logout, small},
      {"GET", "/api/v1/me", login, none, handle_me, small},

      {"GET", "/api/v1/tokens", login, admin, handle_list_tokens, small, false, "limit cursor"},
      {"POST", "/api/v1/tokens", login, admin, handle_create_token, small},
      {"DELETE", "/api/v1/tokens/{id}", login, admin, handle_delete_token, small},

      {"GET", "/api/v1/slaves", login, read, handle_list_slaves, small, false, "limit cursor owner"},
      {"POST", "/api/v1/slaves", login, slaves, handle_create_slave, small},
      {"GET", "/api/v1/slaves/{id}", login, read, handle_show_slave, small},
      {"PATCH", "/api/v1/slaves/{id}", login, slaves, handle_change_slave, small},
      {"DELETE", "/api/v1/slaves/{id}", login, slaves, handle_revoke_slave, small},
      {"POST", "/api/v1/slaves/{id}/password", login, slaves, handle_rotate_slave, small},
      {"GET", "/api/v1/slaves/{id}/why", login, read, handle_explain_slave, small},
      {"GET", "/api/v1/slaves/{id}/blocks", login, read, handle_list_blocks, small},
      {"POST", "/api/v1/slaves/{id}/blocks", login, slaves, handle_add_block, small},
      {"DELETE", "/api/v1/slaves/{id}/blocks/{kind}/{target}", login, slaves, handle_delete_block, small},
      {"PATCH", "/api/v1/slaves/{id}/settings", login, slaves, handle_change_remote_settings, small},
      {"GET", "/api/v1/slaves/{id}/telemetry", login, read, handle_show_telemetry, small, false, "hours"},

      {"GET", "/api/v1/points", login, read, handle_points, small},
      {"GET", "/api/v1/points/statement", login, read, handle_statement, small, false, "limit cursor"},
      {"POST", "/api/v1/points/give", login, admin, handle_give_points, small},
      {"POST", "/api/v1/points/adjust", login, admin, handle_adjust_points, small},
      {"GET", "/api/v1/ranking", login, read, handle_ranking, small, false, "limit cursor"},
      {"GET", "/api/v1/ledger/check", login, admin, handle_check_ledger, small},

      {"GET", "/api/v1/projects", login, read, handle_list_projects, small, false, "limit cursor"},
      {"POST", "/api/v1/projects", login, submit, handle_create_project, small},
      {"GET", "/api/v1/projects/{id}", login, read, handle_show_project, small},
      {"GET", "/api/v1/projects/{id}/shots", login, read, handle_list_shots, small, false, "limit cursor"},
      {"POST", "/api/v1/projects/{id}/shots", login, submit, handle_create_shot, small},
      {"GET", "/api/v1/shots/{id}", login, read, handle_show_shot, small},
      {"PATCH", "/api/v1/shots/{id}", login, submit, handle_change_shot, small},
      {"DELETE", "/api/v1/shots/{id}", login, submit, handle_delete_shot, small},
      {"GET", "/api/v1/shots/{id}/jobs", login, read, handle_list_shot_jobs, small},
      {"POST", "/api/v1/shots/{id}/jobs", login, submit, handle_add_shot_job, small},
      {"DELETE", "/api/v1/shots/{id}/jobs/{job}", login, submit, handle_remove_shot_job, small},

      {"POST", "/api/v1/blobs/missing", login, submit, handle_missing_blobs},
      {"GET", "/api/v1/blobs/{sha256}", signature, none, handle_blob, small, false, "for expires signature"},
      {"GET", "/api/v1/jobs/{id}/files", signature, none, handle_file_list, small, false, "expires signature"},
      {"GET", "/api/v1/files/jobs/{id}/output/{name}", signature, none, handle_output_file, small, false,
       "expires sha256 signature"},
      {"GET", "/api/v1/files/jobs/{id}/zip/{name}", signature, none, handle_zip, small, false, "expires signature"},

      {"OPTIONS", "/api/v1/uploads", nothing, none, handle_upload_options, small},
      {"POST", "/api/v1/uploads", optional_login, submit, handle_create_upload, part, false,
       "attempt slave name limit expires signature"},
      {"HEAD", "/api/v1/uploads/{id}", optional_login, submit, handle_show_upload, small, false,
       "attempt slave name limit expires signature"},
      {"PATCH", "/api/v1/uploads/{id}", optional_login, submit, handle_append_upload, part, false,
       "attempt slave name limit expires signature"},
      {"DELETE", "/api/v1/uploads/{id}", optional_login, submit, handle_delete_upload, small, false,
       "attempt slave name limit expires signature"},

      {"GET", "/api/v1/jobs", login, read, handle_list_jobs, small, false, "limit cursor owner state"},
      {"POST", "/api/v1/jobs", login, submit, handle_create_job, job},
      {"POST", "/api/v1/jobs/check", login, submit, handle_check_job, job},
      {"GET", "/api/v1/jobs/{id}", login, read, handle_show_job, small},
      {"PATCH", "/api/v1/jobs/{id}", login, submit, handle_change_job, small},
      {"DELETE", "/api/v1/jobs/{id}", login, submit, handle_delete_job, small},
      {"POST", "/api/v1/jobs/{id}/pause", login, submit, handle_pause_job, small},
      {"POST", "/api/v1/jobs/{id}/resume", login, submit, handle_resume_job, small},
      {"POST", "/api/v1/jobs/{id}/cancel", login, submit, handle_cancel_job, small},
      {"POST", "/api/v1/jobs/{id}/requeue", login, submit, handle_requeue_job, small},
      {"POST", "/api/v1/jobs/{id}/approve", login, submit, handle_approve_job, small},
      {"GET", "/api/v1/jobs/{id}/why", login, read, handle_explain_job, small},
      {"GET", "/api/v1/jobs/{id}/boost/quote", login, read, handle_quote_boost, small, false, "points"},
      {"POST", "/api/v1/jobs/{id}/boost", login, submit, handle_boost_job, small},
      {"GET", "/api/v1/jobs/{id}/tasks", login, read, handle_list_tasks, small, false, "limit cursor"},
      {"GET", "/api/v1/jobs/{id}/output", login, read, handle_list_output, small, false, "limit cursor"},
      {"GET", "/api/v1/jobs/{id}/zip", login, read, handle_zip_url, small},
      {"GET", "/api/v1/jobs/{id}/preview", login, read, handle_preview, small},
      {"GET", "/api/v1/jobs/{id}/preview/{name}", login, read, handle_preview_file, small},
      {"GET", "/api/v1/jobs/{id}/sources", login, read, handle_list_job_files, small},
      {"POST", "/api/v1/jobs/{id}/tasks/{task}/requeue", login, submit, handle_requeue_task, small},
      {"GET", "/api/v1/jobs/{id}/tasks/{task}/log", login, read, handle_task_log, small},
      {"GET", "/api/v1/jobs/{id}/tasks/{task}/picture", login, read, handle_task_image, small, false, "size v"},
      {"GET", "/api/v1/jobs/{id}/picture", login, read, handle_job_image, small, false, "size v"},

      {"POST", "/api/v1/slave/hello", slave, none, handle_slave_hello, small},
      {"POST", "/api/v1/slave/order", slave, none, handle_slave_order, small},
      {"POST", "/api/v1/slave/progress", slave, none, handle_slave_progress, small},
      {"POST", "/api/v1/slave/result", slave, none, handle_slave_result, small},
      {"POST", "/api/v1/slave/telemetry", slave, none, handle_slave_telemetry, small},

      {"GET", "/api/v1/notifications", login, read, handle_list_notifications, small, false,
       "limit cursor after_id channel"},
      {"GET", "/api/v1/notifications/settings", login, admin, handle_show_notification_settings, small},
      {"PATCH", "/api/v1/notifications/settings", login, admin, handle_change_notification_settings, small},
      {"POST", "/api/v1/notifications/code", login, admin, handle_send_email_code, small},
      {"POST", "/api/v1/notifications/confirm", login, admin, handle_confirm_email, small},
      {"POST", "/api/v1/notifications/test", login, admin, handle_test_notification, small},

      {"GET", "/api/v1/admin/users", login, admin, handle_list_users, small, false, "limit cursor q filter"},
      {"PATCH", "/api/v1/admin/users/{id}", login, admin, handle_change_user, small},
      {"POST", "/api/v1/admin/users/{id}/block", login, admin, handle_block_user, small},
      {"POST", "/api/v1/admin/users/{id}/unblock", login, admin, handle_unblock_user, small},
      {"GET", "/api/v1/admin/settings", login, admin, handle_list_settings, small},
      {"PATCH", "/api/v1/admin/settings/{name}", login, admin, handle_edit_setting, small},
      {"GET", "/api/v1/admin/events", login, admin, handle_list_activity, small, false, "limit cursor kind"},
      {"GET", "/api/v1/admin/methods", login, admin, handle_list_methods, small},
      {"GET", "/api/v1/admin/health", login, admin, handle_show_health, small},

      {"GET", "/api/v1/statistics", login, read, handle_statistics, small, false, "of span"},
      {"GET", "/api/v1/events", login, read, handle_events, small, false, "since job slaves all"},

      {"GET", "/api/v1/status", nothing, none, handle_status, small},
      {"GET", "/api/v1/openapi.yaml", nothing, none, handle_openapi, small},
      {"GET", "/metrics", nothing, none, handle_metrics, small},
      {"GET", "/healthz", nothing, none, handle_health, small},
      {"GET", "/readyz", nothing, none, handle_readiness, small},
      {"GET", "/problems/{code}", nothing, none, handle_problem_page, small},
  };
}

}  // namespace distren
