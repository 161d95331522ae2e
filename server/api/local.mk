# HTTP routes, callers and replies; nothing else.
libdistren_server_a_SOURCES += \
  %D%/administration.cpp \
  %D%/blend_check.cpp %D%/blend_check.h \
  %D%/files.cpp \
  %D%/grid.cpp \
  %D%/handlers.h \
  %D%/health.cpp \
  %D%/job_create.cpp \
  %D%/job_findings.cpp %D%/job_findings.h \
  %D%/job_preview.cpp \
  %D%/job_request.cpp %D%/job_request.h \
  %D%/job_zip.cpp \
  %D%/jobs.cpp \
  %D%/live_events.cpp \
  %D%/maintenance.cpp %D%/maintenance.h \
  %D%/notifications.cpp \
  %D%/own.cpp %D%/own.h \
  %D%/parameter_file.cpp %D%/parameter_file.h \
  %D%/people.cpp \
  %D%/pictures.cpp \
  %D%/points.cpp \
  %D%/povray_check.cpp %D%/povray_check.h \
  %D%/projects.cpp \
  %D%/routes.cpp \
  %D%/scene_warnings.cpp %D%/scene_warnings.h \
  %D%/settings.cpp \
  %D%/shapes.cpp %D%/shapes.h \
  %D%/shots.cpp \
  %D%/slave_door.cpp \
  %D%/slave_telemetry.cpp \
  %D%/slave_wishes.cpp \
  %D%/slaves.cpp \
  %D%/spending.cpp \
  %D%/statistics.cpp \
  %D%/submission.cpp %D%/submission.h \
  %D%/task_log.cpp \
  %D%/tokens.cpp \
  %D%/turns.h \
  %D%/uploads.cpp
