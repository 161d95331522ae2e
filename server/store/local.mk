# One typed function per stored procedure.
server_sources += \
  %D%/accounts.cpp %D%/accounts.h \
  %D%/administration.cpp %D%/administration.h \
  %D%/invitations.cpp %D%/invitations.h \
  %D%/jobs.cpp %D%/jobs.h \
  %D%/journal.cpp %D%/journal.h \
  %D%/notifications.cpp %D%/notifications.h \
  %D%/operations.cpp %D%/operations.h \
  %D%/points.cpp %D%/points.h \
  %D%/renderers.cpp %D%/renderers.h \
  %D%/requests.cpp %D%/requests.h \
  %D%/shots.cpp %D%/shots.h \
  %D%/slaves.cpp %D%/slaves.h \
  %D%/statistics.cpp %D%/statistics.h \
  %D%/submissions.cpp \
  %D%/telemetry.cpp %D%/telemetry.h \
  %D%/users.cpp %D%/users.h \
  %D%/values.h \
  %D%/webhooks.cpp %D%/webhooks.h
