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
      Route("POST", "/api/v1/users", nothing, none, handle_create_user).with_throttle().with_secret(),
      Route("POST", "/api/v1/sessions", nothing, none, handle_create_session).with_throttle().with_secret(),
      Route("GET", "/api/v1/sessions", login, account_read, handle_list_sessions).with_query("limit cursor"),
      Route("GET", "/api/v1/sessions/current", login, account_read, handle_show_current_session).with_secret(),
      Route("DELETE", "/api/v1/sessions/current", login, account_write, handle_delete_current_session),
      Route("DELETE", "/api/v1/sessions/{session_id}", login, account_write, handle_end_session),
      Route("GET", "/api/v1/users/me", login, account_read, handle_show_me),
      Route("PATCH", "/api/v1/users/me", login, account_write, handle_change_me).with_revision(),
      Route("DELETE", "/api/v1/users/me", login, account_write, handle_delete_me).with_revision(),
      Route("PUT", "/api/v1/users/me/password", login, account_write, handle_change_password),

      Route("GET", "/api/v1/invitations", login, grid_admin, handle_list_invitations).with_query("limit cursor"),
      Route("POST", "/api/v1/invitations", login, grid_admin, handle_create_invitation).once_with_secret(),
      Route("DELETE", "/api/v1/invitations/{invitation_id}", login, grid_admin, handle_revoke_invitation),
      Route("POST", "/api/v1/password-resets", nothing, none, handle_create_password_reset).with_throttle(),
      Route("POST", "/api/v1/password-resets/{reset_id}/confirm", nothing, none, handle_confirm_password_reset)
          .with_throttle(),

      Route("GET", "/api/v1/tokens", login, account_read, handle_list_tokens).with_query("limit cursor"),
      Route("POST", "/api/v1/tokens", login, account_write, handle_create_token).once_with_secret(),
      Route("DELETE", "/api/v1/tokens/{token_id}", login, account_write, handle_revoke_token),

      Route("GET", "/api/v1/slaves", login, slaves_read, handle_list_slaves).live().with_query("limit cursor owner"),
      Route("POST", "/api/v1/slaves", login, slaves_write, handle_create_slave).once_with_secret(),
      Route("GET", "/api/v1/slaves/{slave_id}", login, slaves_read, handle_show_slave),
      Route("PATCH", "/api/v1/slaves/{slave_id}", login, slaves_write, handle_change_slave).with_revision(),
      Route("POST", "/api/v1/slaves/{slave_id}/enable", login, slaves_write, handle_enable_slave).with_revision(),
      Route("POST", "/api/v1/slaves/{slave_id}/disable", login, slaves_write, handle_disable_slave).with_revision(),
      Route("POST", "/api/v1/slaves/{slave_id}/revoke", login, slaves_write, handle_revoke_slave).with_revision(),
      Route("POST", "/api/v1/slaves/{slave_id}/rotate", login, slaves_write, handle_rotate_slave)
          .once_with_secret()
          .with_revision(),
      Route("POST", "/api/v1/slaves/batch", login, slaves_write, handle_change_slaves),
      Route("GET", "/api/v1/slaves/{slave_id}/explain", login, slaves_read, handle_explain_slave).live(),
      Route("GET", "/api/v1/slaves/{slave_id}/blocks", login, slaves_read, handle_list_blocks),
      Route("PUT", "/api/v1/slaves/{slave_id}/blocks/{kind}/{target_id}", login, slaves_write, handle_add_block),
      Route("DELETE", "/api/v1/slaves/{slave_id}/blocks/{kind}/{target_id}", login, slaves_write, handle_delete_block),
      Route("PATCH", "/api/v1/slaves/{slave_id}/remote-settings", login, slaves_write, handle_change_remote_settings)
          .with_revision(),
      Route("GET", "/api/v1/slaves/{slave_id}/telemetry", login, slaves_read, handle_show_telemetry)
          .live()
          .with_query("hours"),

      Route("GET", "/api/v1/points/balance", login, points_read, handle_show_balance),
      Route("GET", "/api/v1/transactions", login, points_read, handle_list_transactions).with_query("limit cursor"),
      Route("POST", "/api/v1/transfers", login, points_write, handle_create_transfer).only_with_key(),
      Route("POST", "/api/v1/adjustments", login, grid_admin, handle_create_adjustment).only_with_key(),
      Route("GET", "/api/v1/ranking", login, points_read, handle_list_ranking).with_query("limit cursor"),
      Route("POST", "/api/v1/admin/ledger-checks", login, grid_admin, handle_check_ledger),

      Route("GET", "/api/v1/projects", login, jobs_read, handle_list_projects).with_query("limit cursor"),
      Route("POST", "/api/v1/projects", login, jobs_write, handle_create_project).once("/api/v1/projects/"),
      Route("GET", "/api/v1/projects/{project_id}", login, jobs_read, handle_show_project),
      Route("PATCH", "/api/v1/projects/{project_id}", login, jobs_write, handle_change_project).with_revision(),
      Route("DELETE", "/api/v1/projects/{project_id}", login, jobs_write, handle_delete_project).with_revision(),
      Route("GET", "/api/v1/projects/{project_id}/shots", login, jobs_read, handle_list_shots)
          .with_query("limit cursor"),
      Route("POST", "/api/v1/projects/{project_id}/shots", login, jobs_write, handle_create_shot)
          .once("/api/v1/shots/"),
      Route("GET", "/api/v1/shots/{shot_id}", login, jobs_read, handle_show_shot),
      Route("PATCH", "/api/v1/shots/{shot_id}", login, jobs_write, handle_change_shot).with_revision(),
      Route("DELETE", "/api/v1/shots/{shot_id}", login, jobs_write, handle_delete_shot).with_revision(),
      Route("GET", "/api/v1/shots/{shot_id}/jobs", login, jobs_read, handle_list_shot_jobs),

      Route("POST", "/api/v1/blobs/find-missing", login, files_write, handle_find_missing_blobs).with_body(1 << 20),
      Route("GET", "/api/v1/files/blobs/{sha256}", signature, none, handle_fetch_blob)
          .with_query("for expires signature"),
      Route("GET", "/api/v1/files/jobs/{job_id}/inputs", signature, none, handle_fetch_inputs)
          .with_query("expires signature"),
      Route("GET", "/api/v1/files/jobs/{job_id}/outputs/{name}", signature, none, handle_fetch_output)
          .with_query("expires folder sha256 signature"),
      Route("GET", "/api/v1/files/jobs/{job_id}/archive/{name}", signature, none, handle_fetch_archive)
          .with_query("expires signature"),

      Route("OPTIONS", "/api/v1/uploads", nothing, none, handle_show_upload_options),
      Route("POST", "/api/v1/uploads", optional_login, files_write, handle_create_upload)
          .with_bytes(part)
          .with_query("attempt slave name limit expires signature"),
      Route("HEAD", "/api/v1/uploads/{upload_id}", optional_login, files_write, handle_show_upload)
          .with_query("attempt slave name limit expires signature"),
      Route("PATCH", "/api/v1/uploads/{upload_id}", optional_login, files_write, handle_append_upload)
          .with_bytes(part)
          .with_query("attempt slave name limit expires signature"),
      Route("DELETE", "/api/v1/uploads/{upload_id}", optional_login, files_write, handle_delete_upload)
          .with_query("attempt slave name limit expires signature"),

      Route("GET", "/api/v1/jobs", login, jobs_read, handle_list_jobs).live().with_query("limit cursor owner state"),
      Route("GET", "/api/v1/submissions", login, jobs_read, handle_list_submissions)
          .live()
          .with_query("limit cursor owner"),
      Route("POST", "/api/v1/submissions", login, jobs_write, handle_create_submission)
          .with_body(job)
          .once("/api/v1/submissions/"),
      Route("GET", "/api/v1/submissions/{submission_id}", login, jobs_read, handle_show_submission).live(),
      Route("POST", "/api/v1/submissions/check", login, jobs_write, handle_check_submission).with_body(job),
      Route("GET", "/api/v1/jobs/{job_id}", login, jobs_read, handle_show_job),
      Route("PATCH", "/api/v1/jobs/{job_id}", login, jobs_write, handle_change_job).with_revision(),
      Route("DELETE", "/api/v1/jobs/{job_id}", login, jobs_write, handle_delete_job).with_revision(),
      Route("POST", "/api/v1/jobs/{job_id}/pause", login, jobs_write, handle_pause_job).with_revision(),
      Route("POST", "/api/v1/jobs/{job_id}/resume", login, jobs_write, handle_resume_job).with_revision(),
      Route("POST", "/api/v1/jobs/{job_id}/cancel", login, jobs_write, handle_cancel_job).with_revision(),
      Route("POST", "/api/v1/jobs/{job_id}/requeue", login, jobs_write, handle_requeue_job).with_revision(),
      Route("POST", "/api/v1/jobs/{job_id}/approve", login, jobs_write, handle_approve_job).with_revision(),
      Route("GET", "/api/v1/jobs/{job_id}/explain", login, jobs_read, handle_explain_job).live(),
      Route("GET", "/api/v1/jobs/{job_id}/boosts/quote", login, points_read, handle_quote_boost)
          .live()
          .with_query("millipoints"),
      Route("POST", "/api/v1/jobs/{job_id}/boosts", login, points_write, handle_create_boost).only_with_key(),
      Route("GET", "/api/v1/jobs/{job_id}/tasks", login, jobs_read, handle_list_tasks)
          .live()
          .with_query("limit cursor"),
      Route("GET", "/api/v1/jobs/{job_id}/outputs", login, jobs_read, handle_list_outputs)
          .live()
          .with_query("limit cursor"),
      Route("GET", "/api/v1/jobs/{job_id}/archive", login, jobs_read, handle_show_archive).live(),
      Route("GET", "/api/v1/jobs/{job_id}/preview", login, jobs_read, handle_show_preview).live(),
      Route("POST", "/api/v1/jobs/{job_id}/preview", login, jobs_write, handle_create_preview),
      Route("GET", "/api/v1/jobs/{job_id}/preview/{name}", login, jobs_read, handle_fetch_preview),
      Route("GET", "/api/v1/jobs/{job_id}/inputs", login, jobs_read, handle_list_inputs),
      Route("GET", "/api/v1/jobs/{job_id}/image", login, jobs_read, handle_fetch_job_image).with_query("version"),
      Route("GET", "/api/v1/jobs/{job_id}/thumbnail", login, jobs_read, handle_fetch_job_thumbnail)
          .with_query("size version"),

      Route("POST", "/api/v1/jobs/batch", login, jobs_write, handle_change_jobs),
      Route("POST", "/api/v1/tasks/batch", login, jobs_write, handle_change_tasks),
      Route("POST", "/api/v1/tasks/{task_id}/requeue", login, jobs_write, handle_requeue_task).with_revision(),
      Route("GET", "/api/v1/tasks/{task_id}/log", login, jobs_read, handle_show_task_log).live(),
      Route("GET", "/api/v1/tasks/{task_id}/image", login, jobs_read, handle_fetch_task_image)
          .with_query("output version"),
      Route("GET", "/api/v1/tasks/{task_id}/thumbnail", login, jobs_read, handle_fetch_task_thumbnail)
          .with_query("output size version"),

      Route("POST", "/api/v1/line", nothing, none, handle_exchange_messages)
          .with_body(1 << 20)
          .with_query("wait_ms")
          .with_secret(),
      Route("POST", "/api/v1/slave/{message}", nothing, none, handle_reject_old_slave),

      Route("GET", "/api/v1/notifications", login, account_read, handle_list_notifications)
          .with_query("limit cursor after_id channel"),
      Route("GET", "/api/v1/notifications/preferences", login, account_read, handle_show_preferences),
      Route("PATCH", "/api/v1/notifications/preferences", login, account_write, handle_change_preferences),
      Route("POST", "/api/v1/users/me/email/send-code", login, account_write, handle_send_email_code),
      Route("POST", "/api/v1/users/me/email/confirm", login, account_write, handle_confirm_email),
      Route("POST", "/api/v1/notifications/test", login, account_write, handle_test_notification),

      Route("GET", "/api/v1/webhooks", login, account_read, handle_list_webhooks).with_query("limit cursor"),
      Route("POST", "/api/v1/webhooks", login, account_write, handle_create_webhook).once_with_secret(),
      Route("GET", "/api/v1/webhooks/{webhook_id}", login, account_read, handle_show_webhook),
      Route("PATCH", "/api/v1/webhooks/{webhook_id}", login, account_write, handle_change_webhook).with_revision(),
      Route("DELETE", "/api/v1/webhooks/{webhook_id}", login, account_write, handle_delete_webhook).with_revision(),
      Route("POST", "/api/v1/webhooks/{webhook_id}/rotate", login, account_write, handle_rotate_webhook)
          .once_with_secret()
          .with_revision(),
      Route("POST", "/api/v1/webhooks/{webhook_id}/test", login, account_write, handle_test_webhook).once(""),
      Route("GET", "/api/v1/webhooks/{webhook_id}/deliveries", login, account_read, handle_list_deliveries)
          .live()
          .with_query("limit cursor"),
      Route("POST", "/api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/resend", login, account_write,
            handle_resend_delivery),

      Route("GET", "/api/v1/users", login, account_read, handle_list_users).with_query("limit cursor q filter name"),
      Route("GET", "/api/v1/users/{user_id}", login, account_read, handle_show_user),
      Route("PATCH", "/api/v1/users/{user_id}", login, grid_admin, handle_change_user).with_revision(),
      Route("POST", "/api/v1/users/{user_id}/block", login, grid_admin, handle_block_user).with_revision(),
      Route("POST", "/api/v1/users/{user_id}/unblock", login, grid_admin, handle_unblock_user).with_revision(),
      Route("GET", "/api/v1/admin/settings", login, grid_admin, handle_list_settings),
      Route("PATCH", "/api/v1/admin/settings", login, grid_admin, handle_change_settings),
      Route("GET", "/api/v1/admin/audit-log", login, grid_admin, handle_list_audit_log).with_query("limit cursor kind"),
      Route("GET", "/api/v1/methods", login, grid_admin, handle_list_methods),
      Route("GET", "/api/v1/renderers", login, jobs_read, handle_list_renderers),
      Route("POST", "/api/v1/renderers", login, grid_admin, handle_create_renderer).once("/api/v1/renderers/"),
      Route("GET", "/api/v1/renderers/{renderer_id}", login, grid_admin, handle_show_renderer),
      Route("PATCH", "/api/v1/renderers/{renderer_id}", login, grid_admin, handle_change_renderer).with_revision(),
      Route("DELETE", "/api/v1/renderers/{renderer_id}", login, grid_admin, handle_delete_renderer)
          .with_query("jobs")
          .with_revision(),
      Route("GET", "/api/v1/admin/health", login, grid_admin, handle_show_server_health).live(),

      Route("GET", "/api/v1/operations/{operation_id}", login, jobs_read, handle_show_operation).live(),
      Route("GET", "/api/v1/statistics", login, jobs_read, handle_show_statistics).with_query("owner period"),
      Route("GET", "/api/v1/events", login, jobs_read, handle_stream_events)
          .with_query("since topics job_id owner")
          .as_stream(),

      Route("GET", "/api/v1/grid", nothing, none, handle_show_grid).live(),
      Route("GET", "/api/v1/openapi.yaml", nothing, none, handle_show_openapi),
      Route("GET", "/metrics", nothing, none, handle_show_metrics).live(),
      Route("GET", "/healthz", nothing, none, handle_show_liveness).live(),
      Route("GET", "/readyz", nothing, none, handle_show_readiness).live(),
      Route("GET", "/problems/{code}", nothing, none, handle_show_problem),
  };
}

}  // namespace distren
