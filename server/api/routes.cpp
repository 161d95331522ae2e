#include "server/api/handlers.h"

namespace distren {

namespace {

constexpr std::size_t part = 4 << 20;  // of an upload; sent to clients as Tus-Max-Part
constexpr std::size_t job = 16 << 20;  // names every file of a job

}  // namespace

std::vector<Route> api_routes() {
  using enum Needs;
  using enum Scope;
  return {
      Route("POST", "/api/v1/register", nothing, none, handle_register).with_throttle(),
      Route("POST", "/api/v1/login", nothing, none, handle_login).with_throttle(),
      Route("POST", "/api/v1/logout", login, none, handle_logout),
      Route("GET", "/api/v1/me", login, none, handle_me),

      Route("GET", "/api/v1/tokens", login, admin, handle_list_tokens).with_query("limit cursor"),
      Route("POST", "/api/v1/tokens", login, admin, handle_create_token).once_with_secret(),
      Route("DELETE", "/api/v1/tokens/{id}", login, admin, handle_delete_token),

      Route("GET", "/api/v1/slaves", login, read, handle_list_slaves).with_query("limit cursor owner"),
      Route("POST", "/api/v1/slaves", login, slaves, handle_create_slave).once_with_secret(),
      Route("GET", "/api/v1/slaves/{id}", login, read, handle_show_slave),
      Route("PATCH", "/api/v1/slaves/{id}", login, slaves, handle_change_slave).with_revision(),
      Route("DELETE", "/api/v1/slaves/{id}", login, slaves, handle_revoke_slave).with_revision(),
      Route("POST", "/api/v1/slaves/{id}/password", login, slaves, handle_rotate_slave)
          .once_with_secret()
          .with_revision(),
      Route("GET", "/api/v1/slaves/{id}/why", login, read, handle_explain_slave),
      Route("GET", "/api/v1/slaves/{id}/blocks", login, read, handle_list_blocks),
      Route("POST", "/api/v1/slaves/{id}/blocks", login, slaves, handle_add_block),
      Route("DELETE", "/api/v1/slaves/{id}/blocks/{kind}/{target}", login, slaves, handle_delete_block),
      Route("PATCH", "/api/v1/slaves/{id}/settings", login, slaves, handle_change_remote_settings).with_revision(),
      Route("GET", "/api/v1/slaves/{id}/telemetry", login, read, handle_show_telemetry).with_query("hours"),

      Route("GET", "/api/v1/points", login, read, handle_points),
      Route("GET", "/api/v1/points/statement", login, read, handle_statement).with_query("limit cursor"),
      Route("POST", "/api/v1/points/give", login, admin, handle_give_points).only_with_key(),
      Route("POST", "/api/v1/points/adjust", login, admin, handle_adjust_points).only_with_key(),
      Route("GET", "/api/v1/ranking", login, read, handle_ranking).with_query("limit cursor"),
      Route("GET", "/api/v1/ledger/check", login, admin, handle_check_ledger),

      Route("GET", "/api/v1/projects", login, read, handle_list_projects).with_query("limit cursor"),
      Route("POST", "/api/v1/projects", login, submit, handle_create_project).once("/api/v1/projects/"),
      Route("GET", "/api/v1/projects/{id}", login, read, handle_show_project),
      Route("GET", "/api/v1/projects/{id}/shots", login, read, handle_list_shots).with_query("limit cursor"),
      Route("POST", "/api/v1/projects/{id}/shots", login, submit, handle_create_shot).once("/api/v1/shots/"),
      Route("GET", "/api/v1/shots/{id}", login, read, handle_show_shot),
      Route("PATCH", "/api/v1/shots/{id}", login, submit, handle_change_shot).with_revision(),
      Route("DELETE", "/api/v1/shots/{id}", login, submit, handle_delete_shot).with_revision(),
      Route("GET", "/api/v1/shots/{id}/jobs", login, read, handle_list_shot_jobs),
      Route("POST", "/api/v1/shots/{id}/jobs", login, submit, handle_add_shot_job),
      Route("DELETE", "/api/v1/shots/{id}/jobs/{job}", login, submit, handle_remove_shot_job),

      Route("POST", "/api/v1/blobs/missing", login, submit, handle_missing_blobs).with_body(1 << 20),
      Route("GET", "/api/v1/blobs/{sha256}", signature, none, handle_blob).with_query("for expires signature"),
      Route("GET", "/api/v1/jobs/{id}/files", signature, none, handle_file_list).with_query("expires signature"),
      Route("GET", "/api/v1/files/jobs/{id}/output/{name}", signature, none, handle_output_file)
          .with_query("expires sha256 signature"),
      Route("GET", "/api/v1/files/jobs/{id}/zip/{name}", signature, none, handle_zip).with_query("expires signature"),

      Route("OPTIONS", "/api/v1/uploads", nothing, none, handle_upload_options),
      Route("POST", "/api/v1/uploads", optional_login, submit, handle_create_upload)
          .with_bytes(part)
          .with_query("attempt slave name limit expires signature"),
      Route("HEAD", "/api/v1/uploads/{id}", optional_login, submit, handle_show_upload)
          .with_query("attempt slave name limit expires signature"),
      Route("PATCH", "/api/v1/uploads/{id}", optional_login, submit, handle_append_upload)
          .with_bytes(part)
          .with_query("attempt slave name limit expires signature"),
      Route("DELETE", "/api/v1/uploads/{id}", optional_login, submit, handle_delete_upload)
          .with_query("attempt slave name limit expires signature"),

      Route("GET", "/api/v1/jobs", login, read, handle_list_jobs).with_query("limit cursor owner state"),
      Route("POST", "/api/v1/jobs", login, submit, handle_create_job).with_body(job).once("/api/v1/jobs/"),
      Route("POST", "/api/v1/jobs/check", login, submit, handle_check_job).with_body(job),
      Route("GET", "/api/v1/jobs/{id}", login, read, handle_show_job),
      Route("PATCH", "/api/v1/jobs/{id}", login, submit, handle_change_job).with_revision(),
      Route("DELETE", "/api/v1/jobs/{id}", login, submit, handle_delete_job).with_revision(),
      Route("POST", "/api/v1/jobs/{id}/pause", login, submit, handle_pause_job).with_revision(),
      Route("POST", "/api/v1/jobs/{id}/resume", login, submit, handle_resume_job).with_revision(),
      Route("POST", "/api/v1/jobs/{id}/cancel", login, submit, handle_cancel_job).with_revision(),
      Route("POST", "/api/v1/jobs/{id}/requeue", login, submit, handle_requeue_job).with_revision(),
      Route("POST", "/api/v1/jobs/{id}/approve", login, submit, handle_approve_job).with_revision(),
      Route("GET", "/api/v1/jobs/{id}/why", login, read, handle_explain_job),
      Route("GET", "/api/v1/jobs/{id}/boost/quote", login, read, handle_quote_boost).with_query("points"),
      Route("POST", "/api/v1/jobs/{id}/boost", login, submit, handle_boost_job).only_with_key(),
      Route("GET", "/api/v1/jobs/{id}/tasks", login, read, handle_list_tasks).with_query("limit cursor"),
      Route("GET", "/api/v1/jobs/{id}/output", login, read, handle_list_output).with_query("limit cursor"),
      Route("GET", "/api/v1/jobs/{id}/zip", login, read, handle_zip_url),
      Route("GET", "/api/v1/jobs/{id}/preview", login, read, handle_preview),
      Route("GET", "/api/v1/jobs/{id}/preview/{name}", login, read, handle_preview_file),
      Route("GET", "/api/v1/jobs/{id}/sources", login, read, handle_list_job_files),
      Route("POST", "/api/v1/jobs/{id}/tasks/{task}/requeue", login, submit, handle_requeue_task).with_revision(),
      Route("GET", "/api/v1/jobs/{id}/tasks/{task}/log", login, read, handle_task_log),
      Route("GET", "/api/v1/jobs/{id}/tasks/{task}/picture", login, read, handle_task_image).with_query("size v"),
      Route("GET", "/api/v1/jobs/{id}/picture", login, read, handle_job_image).with_query("size v"),

      Route("POST", "/api/v1/slave/hello", slave, none, handle_slave_hello),
      Route("POST", "/api/v1/slave/order", slave, none, handle_slave_order),
      Route("POST", "/api/v1/slave/progress", slave, none, handle_slave_progress),
      Route("POST", "/api/v1/slave/result", slave, none, handle_slave_result),
      Route("POST", "/api/v1/slave/telemetry", slave, none, handle_slave_telemetry),

      Route("GET", "/api/v1/notifications", login, read, handle_list_notifications)
          .with_query("limit cursor after_id channel"),
      Route("GET", "/api/v1/notifications/settings", login, admin, handle_show_notification_settings),
      Route("PATCH", "/api/v1/notifications/settings", login, admin, handle_change_notification_settings),
      Route("POST", "/api/v1/notifications/code", login, admin, handle_send_email_code),
      Route("POST", "/api/v1/notifications/confirm", login, admin, handle_confirm_email),
      Route("POST", "/api/v1/notifications/test", login, admin, handle_test_notification),

      Route("GET", "/api/v1/admin/users", login, admin, handle_list_users).with_query("limit cursor q filter"),
      Route("PATCH", "/api/v1/admin/users/{id}", login, admin, handle_change_user).with_revision(),
      Route("POST", "/api/v1/admin/users/{id}/block", login, admin, handle_block_user).with_revision(),
      Route("POST", "/api/v1/admin/users/{id}/unblock", login, admin, handle_unblock_user).with_revision(),
      Route("GET", "/api/v1/admin/settings", login, admin, handle_list_settings),
      Route("PATCH", "/api/v1/admin/settings/{name}", login, admin, handle_edit_setting),
      Route("GET", "/api/v1/admin/events", login, admin, handle_list_activity).with_query("limit cursor kind"),
      Route("GET", "/api/v1/admin/methods", login, admin, handle_list_methods),
      Route("GET", "/api/v1/admin/health", login, admin, handle_show_health),

      Route("GET", "/api/v1/statistics", login, read, handle_statistics).with_query("of span"),
      Route("GET", "/api/v1/events", login, read, handle_events).with_query("since job slaves all"),

      Route("GET", "/api/v1/status", nothing, none, handle_status),
      Route("GET", "/api/v1/openapi.yaml", nothing, none, handle_openapi),
      Route("GET", "/metrics", nothing, none, handle_metrics),
      Route("GET", "/healthz", nothing, none, handle_health),
      Route("GET", "/readyz", nothing, none, handle_readiness),
      Route("GET", "/problems/{code}", nothing, none, handle_problem_page),
  };
}

}  // namespace distren
