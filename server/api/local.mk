# HTTP routes, callers and replies; nothing else.
libdistren_server_a_SOURCES += \
  %D%/administration.cpp \
  %D%/files.cpp \
  %D%/grid.cpp \
  %D%/handlers.h \
  %D%/health.cpp \
  %D%/job_create.cpp \
  %D%/job_findings.cpp %D%/job_findings.h \
  %D%/job_preview.cpp \
  %D%/job_zip.cpp \
  %D%/jobs.cpp \
  %D%/live_events.cpp \
  %D%/notifications.cpp \
  %D%/own.cpp %D%/own.h \
  %D%/people.cpp \
  %D%/pictures.cpp \
  %D%/points.cpp \
  %D%/projects.cpp \
  %D%/routes.cpp \
  %D%/settings.cpp \
  %D%/shapes.cpp %D%/shapes.h \
  %D%/shots.cpp \
  %D%/slave_door.cpp \
  %D%/slave_telemetry.cpp \
  %D%/slave_wishes.cpp \
  %D%/slaves.cpp \
  %D%/spending.cpp \
  %D%/statistics.cpp \
  %D%/task_log.cpp \
  %D%/tokens.cpp \
  %D%/turns.h \
  %D%/uploads.cpp
