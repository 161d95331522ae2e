# Unit tests: unit/ROOM/ tests the code in the folder ROOM (load/ that of tests/load). A program has the tests of one room, or
# of a few that belong together; their files register themselves with tests/support/check_main.h.
TEST_LIBS = tests/support/libcheck-main.a $(SCENE_LIBS) $(COMMON_LIBS) $(CHECK_LIBS)
SERVER_TEST_LIBS = tests/support/libcheck-main.a $(SERVER_LIBS) $(CHECK_LIBS)
check_LIBRARIES = tests/support/libcheck-main.a
tests_support_libcheck_main_a_SOURCES = tests/support/check_main.cpp tests/support/check_main.h
EXTRA_DIST += tests/support/api_fixture.h tests/support/blend_writer.h tests/support/client_fixture.h \
  tests/support/flat_order.h \
  tests/support/database_fixture.h tests/support/dispatch_grid.h tests/support/event_reader.h \
  tests/support/helper_program.h tests/support/http_fixture.h tests/support/http_probe.h \
  tests/support/http_server_fixture.h tests/support/measured_grid.h tests/support/points_fixture.h \
  tests/support/owned_things.h tests/support/policy_grid.h tests/support/private_database.h tests/support/sample_job.h

unit_programs = tests/unit/test_common tests/unit/test_scene tests/unit/test_image tests/unit/test_client \
  tests/unit/test_slave tests/unit/test_load tests/unit/test_server_http tests/unit/test_server_economy \
  tests/unit/test_server_store tests/unit/test_server_live tests/unit/test_server_storage \
  tests/unit/test_server_dispatch tests/unit/test_server_media tests/unit/test_server_submit \
  tests/unit/test_server_notify tests/unit/test_server_slaves tests/unit/test_server_jobs tests/unit/test_server_api
check_PROGRAMS += $(unit_programs)
TESTS += $(unit_programs)

tests_unit_test_common_SOURCES = tests/unit/common/archive/unpack.cpp tests/unit/common/base/base.cpp tests/unit/common/base/command_line.cpp \
  tests/unit/common/base/json_body.cpp tests/unit/common/base/text.cpp \
  tests/unit/common/http/http_client.cpp tests/unit/common/http/tls.cpp tests/unit/common/http/transfer.cpp \
  tests/unit/common/process/process.cpp tests/unit/common/protocol/messages.cpp \
  tests/unit/common/render/frame_range.cpp tests/unit/common/render/output_names.cpp \
  tests/unit/common/render/probe.cpp \
  tests/unit/common/render/render_method.cpp
tests_unit_test_common_CXXFLAGS = $(AM_CXXFLAGS) $(CLI11_CFLAGS) $(XML_CFLAGS) $(ARCHIVE_CFLAGS)
tests_unit_test_common_LDADD = $(TEST_LIBS) $(ARCHIVE_LIBS)

tests_unit_test_scene_SOURCES = tests/unit/scene/blend/blend_file.cpp tests/unit/scene/blend/driver_expression.cpp \
  tests/unit/scene/blend/scene_rules.cpp tests/unit/scene/povray_text.cpp
tests_unit_test_scene_LDADD = $(TEST_LIBS)

tests_unit_test_image_SOURCES = tests/unit/image/image.cpp tests/unit/image/serve.cpp
tests_unit_test_image_CXXFLAGS = $(AM_CXXFLAGS) $(OIIO_CFLAGS)
tests_unit_test_image_LDADD = libdistren-image.a $(TEST_LIBS) $(OIIO_LIBS)
EXTRA_tests_unit_test_image_DEPENDENCIES = distren-image

tests_unit_test_client_SOURCES = tests/unit/client/accounts.cpp tests/unit/client/client.cpp tests/unit/client/commands.cpp \
  tests/unit/client/points.cpp tests/unit/client/povray_files.cpp tests/unit/client/scene_files.cpp \
  tests/unit/client/words.cpp
tests_unit_test_client_CXXFLAGS = $(AM_CXXFLAGS) $(CLI11_CFLAGS)
tests_unit_test_client_LDADD = libdistren-client.a $(TEST_LIBS)
EXTRA_tests_unit_test_client_DEPENDENCIES = distren

tests_unit_test_slave_SOURCES = tests/unit/slave/availability.cpp tests/unit/slave/cache.cpp \
  tests/unit/slave/folders.cpp tests/unit/slave/gpu.cpp tests/unit/slave/outbox.cpp \
  tests/unit/slave/render_warnings.cpp tests/unit/slave/renderer.cpp \
  tests/unit/slave/renderer_stock.cpp tests/unit/slave/renderer_store.cpp \
  tests/unit/slave/server_address.cpp tests/unit/slave/slave_config.cpp \
  tests/unit/slave/workspace.cpp
tests_unit_test_slave_LDADD = libdistren-slave.a $(TEST_LIBS) $(ARCHIVE_LIBS)

tests_unit_test_load_SOURCES = tests/unit/load/load.cpp
tests_unit_test_load_CXXFLAGS = $(AM_CXXFLAGS) $(ZLIB_CFLAGS)
tests_unit_test_load_LDADD = $(LOAD_LIBS) $(TEST_LIBS)

tests_unit_test_server_http_SOURCES = tests/unit/server/net/line_connection.cpp tests/unit/server/net/loop.cpp \
  tests/unit/server/net/rate_limit.cpp tests/unit/server/http/compression.cpp tests/unit/server/http/files.cpp tests/unit/server/http/problems.cpp tests/unit/server/http/replies.cpp \
  tests/unit/server/http/requests.cpp tests/unit/server/http/revalidation.cpp tests/unit/server/http/uri.cpp
tests_unit_test_server_http_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS) $(OPENSSL_CFLAGS) $(ZLIB_CFLAGS)
tests_unit_test_server_http_LDADD = $(SERVER_TEST_LIBS)

tests_unit_test_server_economy_SOURCES = tests/unit/server/economy/points.cpp
tests_unit_test_server_economy_LDADD = $(SERVER_TEST_LIBS)

tests_unit_test_server_store_SOURCES = tests/unit/server/database/workers.cpp \
  tests/unit/server/store/journal_fields.cpp tests/unit/server/store/ledger.cpp \
  tests/unit/server/standalone/private_mariadb.cpp tests/unit/server/store/store.cpp
tests_unit_test_server_store_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS)
tests_unit_test_server_store_LDADD = $(SERVER_TEST_LIBS)

tests_unit_test_server_live_SOURCES = tests/unit/server/live/event_broker.cpp \
  tests/unit/server/live/event_names.cpp
tests_unit_test_server_live_LDADD = $(SERVER_TEST_LIBS)

tests_unit_test_server_storage_SOURCES = tests/unit/server/storage/staged_results.cpp \
  tests/unit/server/storage/storage.cpp tests/unit/server/storage/zip.cpp
tests_unit_test_server_storage_LDADD = $(SERVER_TEST_LIBS)

tests_unit_test_server_dispatch_SOURCES = tests/unit/server/dispatch/benchmarks.cpp \
  tests/unit/server/dispatch/dispatcher.cpp tests/unit/server/dispatch/fair_share/estimate.cpp \
  tests/unit/server/dispatch/event_batcher.cpp tests/unit/server/dispatch/fair_share/fair_share.cpp \
  tests/unit/server/dispatch/fair_share/slaves.cpp tests/unit/server/dispatch/faults.cpp \
  tests/unit/server/dispatch/grants.cpp \
  tests/unit/server/dispatch/job_revisions.cpp tests/unit/server/dispatch/leases.cpp \
  tests/unit/server/dispatch/orders.cpp tests/unit/server/dispatch/refusals.cpp \
  tests/unit/server/dispatch/renderers.cpp \
  tests/unit/server/dispatch/results.cpp tests/unit/server/dispatch/slaves.cpp
tests_unit_test_server_dispatch_LDADD = $(SERVER_TEST_LIBS)

tests_unit_test_server_media_SOURCES = tests/unit/server/media/preview.cpp
tests_unit_test_server_media_LDADD = $(SERVER_TEST_LIBS)
EXTRA_tests_unit_test_server_media_DEPENDENCIES = distren-image

tests_unit_test_server_submit_SOURCES = tests/unit/server/submit/renderers.cpp tests/unit/server/submit/blend_check.cpp \
  tests/unit/server/submit/job_request.cpp tests/unit/server/submit/povray_check.cpp \
  tests/unit/server/submit/scene_reader.cpp
tests_unit_test_server_submit_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS)
tests_unit_test_server_submit_LDADD = libdistren-client.a $(SERVER_TEST_LIBS)
EXTRA_tests_unit_test_server_submit_DEPENDENCIES = distren-scene

tests_unit_test_server_notify_SOURCES = tests/unit/server/notify/notify.cpp \
  tests/unit/server/notify/webhook.cpp
tests_unit_test_server_notify_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS)
tests_unit_test_server_notify_LDADD = $(SERVER_TEST_LIBS)

tests_unit_test_server_slaves_SOURCES = tests/unit/server/slaves/remote_settings.cpp \
  tests/unit/server/slaves/telemetry.cpp
tests_unit_test_server_slaves_LDADD = $(SERVER_TEST_LIBS)

tests_unit_test_server_jobs_SOURCES = tests/unit/server/jobs/jobs.cpp
tests_unit_test_server_jobs_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS)
tests_unit_test_server_jobs_LDADD = $(SERVER_TEST_LIBS)
EXTRA_tests_unit_test_server_jobs_DEPENDENCIES = distren-scene

tests_unit_test_server_api_SOURCES = tests/unit/server/api/access.cpp tests/unit/server/api/account.cpp \
  tests/unit/server/api/administration.cpp \
  tests/unit/server/api/batches.cpp tests/unit/server/api/caching.cpp tests/unit/server/api/cors.cpp \
  tests/unit/server/api/events.cpp tests/unit/server/api/jobs.cpp \
  tests/unit/server/api/limits.cpp tests/unit/server/api/openapi.cpp \
  tests/unit/server/api/points.cpp tests/unit/server/api/requests.cpp \
  tests/unit/server/api/router.cpp tests/unit/server/api/scopes.cpp tests/unit/server/api/shots.cpp \
  tests/unit/server/api/slave_protocol.cpp tests/unit/server/api/slaves.cpp tests/unit/server/api/spending.cpp \
  tests/unit/server/api/statistics.cpp tests/unit/server/api/uploads.cpp tests/unit/server/api/users.cpp
tests_unit_test_server_api_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS)
tests_unit_test_server_api_LDADD = $(SERVER_TEST_LIBS)
EXTRA_tests_unit_test_server_api_DEPENDENCIES = distren-scene distren-image
