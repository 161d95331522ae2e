# distrend: the server.
noinst_LIBRARIES += libdistren-server.a
libdistren_server_a_CPPFLAGS = $(AM_CPPFLAGS)
libdistren_server_a_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS) $(OPENSSL_CFLAGS) $(ARCHIVE_CFLAGS)
libdistren_server_a_SOURCES =

SERVER_LIBS = libdistren-server.a $(COMMON_LIBS) $(LIBEVENT_LIBS) $(MYSQLCPPCONN_LIBS) $(ARCHIVE_LIBS)

sbin_PROGRAMS += distrend
distrend_SOURCES = %D%/main.cpp
distrend_CXXFLAGS = $(libdistren_server_a_CXXFLAGS)
distrend_LDADD = $(SERVER_LIBS)

# The database: one connection class, one typed function per procedure.
libdistren_server_a_SOURCES += %D%/database.cpp %D%/database.h \
  %D%/store/jobs.cpp %D%/store/jobs.h %D%/store/journal.cpp %D%/store/journal.h \
  %D%/store/people.cpp %D%/store/people.h %D%/store/points.cpp %D%/store/points.h \
  %D%/store/slaves.cpp %D%/store/slaves.h %D%/store/telemetry.cpp %D%/store/telemetry.h \
  %D%/store/statistics.cpp %D%/store/statistics.h %D%/api/statistics.cpp \
  %D%/api/administration.cpp %D%/api/health.cpp %D%/api/settings.cpp %D%/runtime_settings.cpp %D%/runtime_settings.h \
  %D%/store/administration.cpp %D%/store/administration.h \
  %D%/api/notifications.cpp %D%/notify/delivery.cpp %D%/notify/delivery.h %D%/notify/notifier.cpp \
  %D%/notify/notifier.h %D%/store/notifications.cpp %D%/store/notifications.h

# Doors, dispatcher, results.
libdistren_server_a_SOURCES += \
  %D%/dispatch/blocks.cpp %D%/dispatch/blocks.h %D%/dispatch/core_refusals.cpp %D%/dispatch/core.h %D%/dispatch/core_jobs.cpp %D%/dispatch/core_logs.cpp %D%/dispatch/core_points.cpp %D%/dispatch/core_questions.cpp %D%/dispatch/core_results.cpp %D%/dispatch/core_slaves.cpp \
  %D%/dispatch/dispatcher.h %D%/dispatch/dispatcher_thread.cpp %D%/dispatch/dispatcher_thread.h \
  %D%/dispatch/grants.cpp %D%/dispatch/grants.h %D%/dispatch/hello.cpp %D%/dispatch/job_queue.cpp %D%/dispatch/job_queue.h \
  %D%/dispatch/journal_writer.cpp %D%/dispatch/journal_writer.h %D%/dispatch/lease.cpp %D%/dispatch/lease.h \
  %D%/dispatch/order.cpp %D%/dispatch/order.h \
  %D%/dispatch/policy.h %D%/dispatch/powers.cpp %D%/dispatch/powers.h %D%/dispatch/version.h \
  %D%/grid_folder.cpp %D%/grid_folder.h %D%/image_check.cpp %D%/image_check.h \
  %D%/line/line_server.cpp %D%/line/line_server.h %D%/line/line_session.cpp %D%/line/line_session.h \
  %D%/net/listen_address.cpp %D%/net/listen_address.h %D%/net/loop.cpp %D%/net/loop.h \
  %D%/benchmarks.cpp %D%/benchmarks.h %D%/results.cpp %D%/results.h %D%/server_config.cpp %D%/server_config.h %D%/slave_gate.cpp %D%/slave_gate.h \
  %D%/slave_settings.cpp %D%/slave_settings.h %D%/telemetry.cpp %D%/telemetry.h %D%/workers.cpp %D%/workers.h

# Schema, rights and the private MariaDB of --standalone.
libdistren_server_a_SOURCES += %D%/migrate.cpp %D%/migrate.h %D%/sql_folder.cpp %D%/sql_folder.h \
  %D%/standalone.cpp %D%/standalone.h %D%/thumbnail.cpp %D%/thumbnail.h

sbin_PROGRAMS += distren-migrate
distren_migrate_SOURCES = %D%/migrate_main.cpp
distren_migrate_CXXFLAGS = $(libdistren_server_a_CXXFLAGS) $(CLI11_CFLAGS)
distren_migrate_LDADD = $(SERVER_LIBS)

# What slaves say of their machines, and what their owners want of them.
libdistren_server_a_SOURCES += %D%/api/slave_telemetry.cpp %D%/api/slave_wishes.cpp

# What is new, for open pages.
libdistren_server_a_SOURCES += %D%/api/live_events.cpp %D%/live/gatherer.cpp %D%/live/gatherer.h %D%/live/hub.cpp %D%/live/hub.h \
  %D%/live/tell.cpp %D%/live/tell.h

# The HTTP door: server/http speaks it, server/api answers, server/storage keeps the files.
libdistren_server_a_SOURCES += %D%/services.h \
  %D%/http/caller.cpp %D%/http/caller.h %D%/http/door.cpp %D%/http/door.h \
  %D%/http/file_reply.cpp %D%/http/file_reply.h %D%/http/guard.cpp %D%/http/guard.h \
  %D%/http/http_server.cpp %D%/http/http_server.h %D%/http/json_body.cpp %D%/http/json_body.h \
  %D%/http/message.cpp %D%/http/message.h %D%/http/rate_limit.cpp %D%/http/rate_limit.h \
  %D%/http/router.cpp %D%/http/router.h %D%/http/uri.cpp %D%/http/uri.h \
  %D%/api/blend_check.cpp %D%/api/blend_check.h %D%/api/files.cpp %D%/api/grid.cpp %D%/api/handlers.h \
  %D%/api/job_create.cpp %D%/api/job_findings.cpp %D%/api/job_findings.h %D%/api/job_request.cpp %D%/api/parameter_file.cpp %D%/api/parameter_file.h \
  %D%/api/submission.cpp %D%/api/submission.h \
  %D%/api/job_request.h %D%/api/jobs.cpp %D%/api/maintenance.cpp %D%/api/maintenance.h %D%/api/own.cpp \
  %D%/api/own.h %D%/api/people.cpp %D%/api/pictures.cpp %D%/api/povray_check.cpp %D%/api/povray_check.h %D%/api/turns.h %D%/api/points.cpp %D%/api/projects.cpp \
  %D%/api/routes.cpp %D%/api/scene_warnings.cpp %D%/api/scene_warnings.h %D%/api/shapes.cpp %D%/api/shapes.h %D%/api/slave_door.cpp %D%/api/slaves.cpp \
  %D%/api/spending.cpp %D%/api/task_log.cpp %D%/api/tokens.cpp \
  %D%/api/uploads.cpp %D%/scene_reader.cpp %D%/scene_reader.h \
  %D%/storage/blob_store.cpp %D%/storage/blob_store.h %D%/storage/job_folder.cpp %D%/storage/job_folder.h \
  %D%/storage/signed_urls.cpp %D%/storage/signed_urls.h %D%/storage/signer.cpp %D%/storage/signer.h \
  %D%/storage/uploads.cpp %D%/storage/uploads.h
libdistren_server_a_SOURCES += %D%/api/shots.cpp %D%/store/shots.cpp %D%/store/shots.h \
  %D%/api/job_preview.cpp %D%/preview.cpp %D%/preview.h \
  %D%/api/job_zip.cpp %D%/storage/zip_stream.cpp %D%/storage/zip_stream.h

# Points and fair shares.
libdistren_server_a_SOURCES += \
  %D%/dispatch/estimate.cpp %D%/dispatch/estimate.h %D%/dispatch/fair_share.cpp %D%/dispatch/fair_share.h \
  %D%/dispatch/fair_share_attempts.cpp %D%/dispatch/fair_share_why.cpp \
  %D%/economy/fixed_math.cpp %D%/economy/fixed_math.h %D%/economy/points.cpp %D%/economy/points.h
