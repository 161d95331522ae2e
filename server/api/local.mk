# HTTP routes, callers and replies; nothing else.
server_sources += \
  %D%/access.cpp %D%/access.h \
  %D%/account.cpp \
  %D%/administration.cpp \
  %D%/batches.cpp \
  %D%/caller.cpp %D%/caller.h \
  %D%/concurrency_limiter.h \
  %D%/cors.cpp %D%/cors.h \
  %D%/events.cpp \
  %D%/files.cpp \
  %D%/grid.cpp \
  %D%/handlers.h \
  %D%/health.cpp \
  %D%/idempotency.cpp %D%/idempotency.h \
  %D%/images.cpp \
  %D%/invitations.cpp \
  %D%/job_check.cpp %D%/job_check.h \
  %D%/job_preview.cpp \
  %D%/job_zip.cpp \
  %D%/jobs.cpp \
  %D%/json.cpp %D%/json.h \
  %D%/list.cpp %D%/list.h \
  %D%/notifications.cpp \
  %D%/operations.cpp %D%/operations.h \
  %D%/password.cpp %D%/password.h \
  %D%/password_resets.cpp \
  %D%/points.cpp \
  %D%/projects.cpp \
  %D%/remote_settings.cpp \
  %D%/renderers.cpp \
  %D%/router.cpp %D%/router.h \
  %D%/routes.cpp \
  %D%/scope.cpp %D%/scope.h \
  %D%/services.h \
  %D%/sessions.cpp \
  %D%/settings.cpp \
  %D%/shots.cpp \
  %D%/slave_messages.cpp \
  %D%/slave_telemetry.cpp \
  %D%/slaves.cpp \
  %D%/spending.cpp \
  %D%/statistics.cpp \
  %D%/submissions.cpp \
  %D%/task_log.cpp \
  %D%/tokens.cpp \
  %D%/uploads.cpp \
  %D%/users.cpp \
  %D%/webhooks.cpp
