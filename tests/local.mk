# Check units (check_*.cpp), SQL (sql/), end to end (e2e/), benchmarks (bench/). Everything speaks TAP.
TEST_LIBS = $(SCENE_LIBS) $(COMMON_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/check_frame_range
TESTS += tests/check_frame_range
tests_check_frame_range_SOURCES = tests/check_frame_range.cpp tests/support/check_main.h
tests_check_frame_range_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/check_http_client
TESTS += tests/check_http_client
tests_check_http_client_SOURCES = tests/check_http_client.cpp $(http_lab)
tests_check_http_client_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/check_http_transfer
TESTS += tests/check_http_transfer
tests_check_http_transfer_SOURCES = tests/check_http_transfer.cpp $(http_lab)
tests_check_http_transfer_LDADD = $(TEST_LIBS)
http_lab = tests/support/check_main.h tests/support/helper_program.h tests/support/http_lab.h
api_desk = tests/support/api_desk.h tests/support/check_main.h tests/support/database_suite.h \
  tests/support/helper_program.h
EXTRA_DIST += tests/support/http_lab.py tests/support/import_floors.py

check_PROGRAMS += tests/check_process
TESTS += tests/check_process
tests_check_process_SOURCES = tests/check_process.cpp tests/support/check_main.h
tests_check_process_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/check_render_method
TESTS += tests/check_render_method
tests_check_render_method_SOURCES = tests/check_render_method.cpp tests/support/check_main.h
tests_check_render_method_CXXFLAGS = $(AM_CXXFLAGS) $(XML_CFLAGS)
tests_check_render_method_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/check_blend_file
TESTS += tests/check_blend_file
tests_check_blend_file_SOURCES = tests/check_blend_file.cpp tests/support/blend_writer.h tests/support/check_main.h
tests_check_blend_file_LDADD = $(TEST_LIBS)
EXTRA_DIST += tests/support/scenes/make_scenes.py tests/support/scenes/make_hostile.py

check_PROGRAMS += tests/check_image tests/check_image_serve
TESTS += tests/check_image tests/check_image_serve
tests_check_image_serve_SOURCES = tests/check_image_serve.cpp tests/support/check_main.h
tests_check_image_serve_CXXFLAGS = $(AM_CXXFLAGS) $(OIIO_CFLAGS)
tests_check_image_serve_LDADD = libdistren-image.a $(TEST_LIBS) $(OIIO_LIBS)
tests_check_image_SOURCES = tests/check_image.cpp tests/support/check_main.h
tests_check_image_CXXFLAGS = $(AM_CXXFLAGS) $(OIIO_CFLAGS)
tests_check_image_LDADD = libdistren-image.a $(TEST_LIBS) $(OIIO_LIBS)
EXTRA_DIST += tests/fuzz/fuzz_blend_file.cpp tests/fuzz/run_blend_file

check_PROGRAMS += tests/check_scene_reader tests/check_scene_findings tests/check_povray
TESTS += tests/check_scene_reader tests/check_scene_findings tests/check_povray
tests_check_povray_SOURCES = tests/check_povray.cpp tests/support/check_main.h tests/support/helper_program.h
tests_check_povray_LDADD = libdistren-client.a $(SERVER_LIBS) $(CHECK_LIBS)
tests_check_scene_findings_SOURCES = tests/check_scene_findings.cpp tests/support/check_main.h \
  tests/support/helper_program.h
tests_check_scene_findings_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)
tests_check_scene_reader_SOURCES = tests/check_scene_reader.cpp tests/support/check_main.h \
  tests/support/helper_program.h
tests_check_scene_reader_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)
EXTRA_tests_check_scene_reader_DEPENDENCIES = distren-scene

check_PROGRAMS += tests/check_refusals
TESTS += tests/check_refusals
tests_check_refusals_SOURCES = tests/check_refusals.cpp tests/support/check_main.h tests/support/dispatch_grid.h
tests_check_refusals_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/check_telemetry
TESTS += tests/check_telemetry
tests_check_telemetry_SOURCES = tests/check_telemetry.cpp tests/support/check_main.h
tests_check_telemetry_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/check_dispatcher
TESTS += tests/check_dispatcher
tests_check_dispatcher_SOURCES = tests/check_dispatcher.cpp tests/support/check_main.h tests/support/dispatch_grid.h
tests_check_dispatcher_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/check_live
TESTS += tests/check_live
tests_check_live_SOURCES = tests/check_live.cpp tests/support/check_main.h tests/support/dispatch_grid.h
tests_check_live_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/check_journal_fields
TESTS += tests/check_journal_fields
tests_check_journal_fields_SOURCES = tests/check_journal_fields.cpp tests/support/check_main.h
tests_check_journal_fields_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/check_staged_results
TESTS += tests/check_staged_results
tests_check_staged_results_SOURCES = tests/check_staged_results.cpp tests/support/check_main.h
tests_check_staged_results_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/check_grants
TESTS += tests/check_grants
tests_check_grants_SOURCES = tests/check_grants.cpp tests/support/check_main.h tests/support/dispatch_grid.h
tests_check_grants_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)

# The messages between server and slaves, and doc/protocol.md.
check_PROGRAMS += tests/check_protocol
TESTS += tests/check_protocol
tests_check_protocol_SOURCES = tests/check_protocol.cpp tests/support/check_main.h
tests_check_protocol_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/check_common
TESTS += tests/check_common
tests_check_common_SOURCES = tests/check_common.cpp tests/support/check_main.h
tests_check_common_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/check_command_line
TESTS += tests/check_command_line
tests_check_command_line_SOURCES = tests/check_command_line.cpp tests/support/check_main.h tests/support/helper_program.h
tests_check_command_line_CXXFLAGS = $(AM_CXXFLAGS) $(CLI11_CFLAGS)
tests_check_command_line_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/check_client tests/check_client_scene
TESTS += tests/check_client tests/check_client_scene
tests_check_client_SOURCES = tests/check_client.cpp tests/support/check_main.h tests/support/helper_program.h
tests_check_client_LDADD = libdistren-client.a $(TEST_LIBS)
tests_check_client_scene_SOURCES = tests/check_client_scene.cpp tests/support/check_main.h \
  tests/support/helper_program.h
tests_check_client_scene_LDADD = libdistren-client.a $(TEST_LIBS)

check_PROGRAMS += tests/check_client_commands
TESTS += tests/check_client_commands
tests_check_client_commands_SOURCES = tests/check_client_commands.cpp tests/support/check_main.h \
  tests/support/client_desk.h tests/support/helper_program.h
tests_check_client_commands_LDADD = $(TEST_LIBS)
EXTRA_tests_check_client_commands_DEPENDENCIES = distren

check_PROGRAMS += tests/check_client_points
TESTS += tests/check_client_points
tests_check_client_points_SOURCES = tests/check_client_points.cpp tests/support/check_main.h \
  tests/support/client_desk.h tests/support/helper_program.h
tests_check_client_points_CXXFLAGS = $(AM_CXXFLAGS) $(CLI11_CFLAGS)
tests_check_client_points_LDADD = libdistren-client.a $(TEST_LIBS)
EXTRA_tests_check_client_points_DEPENDENCIES = distren
check_PROGRAMS += tests/check_client_words
TESTS += tests/check_client_words
tests_check_client_words_SOURCES = tests/check_client_words.cpp tests/support/check_main.h \
  tests/support/client_desk.h tests/support/helper_program.h
tests_check_client_words_LDADD = libdistren-client.a $(TEST_LIBS)
EXTRA_tests_check_client_words_DEPENDENCIES = distren
EXTRA_DIST += tests/support/fake_grid.py

check_PROGRAMS += tests/check_http_server
TESTS += tests/check_http_server
tests_check_http_server_SOURCES = tests/check_http_server.cpp tests/support/check_main.h tests/support/http_probe.h
tests_check_http_server_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS)
tests_check_http_server_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/check_points tests/check_fair_share tests/check_fair_share_slaves
TESTS += tests/check_points tests/check_fair_share tests/check_fair_share_slaves
tests_check_points_SOURCES = tests/check_points.cpp tests/support/check_main.h
tests_check_points_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)
tests_check_fair_share_SOURCES = tests/check_fair_share.cpp tests/support/check_main.h tests/support/policy_grid.h
tests_check_fair_share_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)
tests_check_fair_share_slaves_SOURCES = tests/check_fair_share_slaves.cpp tests/support/check_main.h \
  tests/support/policy_grid.h
tests_check_fair_share_slaves_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)

# SQL: each group of procedures against a private MariaDB.
dist_check_SCRIPTS += tests/sql/run.sh
TESTS += tests/sql/run.sh
EXTRA_DIST += tests/support/tsan.supp tests/support/job_create.sql tests/support/mariadb.sh tests/sql/lib.sh tests/sql/schema.sh tests/sql/rights.sh tests/sql/people.sh \
  tests/sql/slaves.sh tests/sql/jobs.sh tests/sql/journal.sh tests/sql/failures.sh tests/sql/files.sh tests/sql/concurrency.sh \
  tests/sql/points_lib.sh tests/sql/points.sh tests/sql/spending.sh tests/sql/ledger.sh tests/sql/powers.sh \
  tests/sql/points_together.sh tests/sql/shots.sh tests/sql/telemetry.sh tests/sql/wishes.sh tests/sql/statistics.sh tests/sql/administration.sh tests/sql/notifications.sh

check_PROGRAMS += tests/check_preview
TESTS += tests/check_preview
tests_check_preview_SOURCES = tests/check_preview.cpp tests/support/check_main.h
tests_check_preview_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)
EXTRA_tests_check_preview_DEPENDENCIES = distren-image

check_PROGRAMS += tests/check_zip
TESTS += tests/check_zip
tests_check_zip_SOURCES = tests/check_zip.cpp tests/support/check_main.h
tests_check_zip_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/check_storage tests/check_http_parts
TESTS += tests/check_storage tests/check_http_parts
tests_check_storage_SOURCES = tests/check_storage.cpp tests/support/check_main.h
tests_check_storage_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)
tests_check_http_parts_SOURCES = tests/check_http_parts.cpp tests/support/check_main.h
tests_check_http_parts_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS)
tests_check_http_parts_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/check_database tests/check_standalone
TESTS += tests/check_database tests/check_standalone
tests_check_database_SOURCES = tests/check_database.cpp tests/support/check_main.h tests/support/private_database.h
tests_check_database_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)
tests_check_standalone_SOURCES = tests/check_standalone.cpp tests/support/check_main.h tests/support/private_database.h
tests_check_standalone_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/check_folder_watch
TESTS += tests/check_folder_watch
tests_check_folder_watch_SOURCES = tests/check_folder_watch.cpp tests/support/check_main.h \
  tests/support/helper_program.h
tests_check_folder_watch_LDADD = libdistren-slave.a $(TEST_LIBS)

check_PROGRAMS += tests/check_slave tests/check_cache tests/check_neighbour
TESTS += tests/check_slave tests/check_cache tests/check_neighbour
tests_check_cache_SOURCES = tests/check_cache.cpp tests/support/check_main.h tests/support/helper_program.h
tests_check_cache_LDADD = libdistren-slave.a $(TEST_LIBS)
tests_check_neighbour_SOURCES = tests/check_neighbour.cpp tests/support/check_main.h tests/support/helper_program.h
tests_check_neighbour_LDADD = libdistren-slave.a $(TEST_LIBS)
dist_check_SCRIPTS +=
EXTRA_DIST += tests/support/fake_server.py tests/support/fake_renderer.py tests/support/slave_lab.py
tests_check_slave_SOURCES = tests/check_slave.cpp tests/support/check_main.h tests/support/helper_program.h
tests_check_slave_LDADD = libdistren-slave.a $(TEST_LIBS)

check_PROGRAMS += tests/check_http_api
TESTS += tests/check_http_api
tests_check_http_api_SOURCES = tests/check_http_api.cpp $(api_desk)
tests_check_http_api_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS)
tests_check_http_api_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)
EXTRA_tests_check_http_api_DEPENDENCIES = distren-scene

check_PROGRAMS += tests/check_http_points
TESTS += tests/check_http_points
tests_check_http_points_SOURCES = tests/check_http_points.cpp $(api_desk) \
  tests/support/private_database.h
tests_check_http_points_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS)
tests_check_http_points_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)
EXTRA_tests_check_http_points_DEPENDENCIES = distren-scene

check_PROGRAMS += tests/check_http_slaves
TESTS += tests/check_http_slaves
tests_check_http_slaves_SOURCES = tests/check_http_slaves.cpp $(api_desk)
tests_check_http_slaves_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS)
tests_check_http_slaves_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/check_notify
TESTS += tests/check_notify
tests_check_notify_SOURCES = tests/check_notify.cpp $(api_desk)
tests_check_notify_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS)
tests_check_notify_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/check_job_revisions tests/check_jobs
TESTS += tests/check_job_revisions tests/check_jobs
tests_check_job_revisions_SOURCES = tests/check_job_revisions.cpp tests/support/check_main.h tests/support/dispatch_grid.h
tests_check_job_revisions_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)
tests_check_jobs_SOURCES = tests/check_jobs.cpp $(api_desk)
tests_check_jobs_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS)
tests_check_jobs_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/check_administration
TESTS += tests/check_administration
tests_check_administration_SOURCES = tests/check_administration.cpp $(api_desk)
tests_check_administration_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS)
tests_check_administration_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/check_statistics
TESTS += tests/check_statistics
tests_check_statistics_SOURCES = tests/check_statistics.cpp $(api_desk)
tests_check_statistics_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS)
tests_check_statistics_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/check_http_shots
TESTS += tests/check_http_shots
tests_check_http_shots_SOURCES = tests/check_http_shots.cpp $(api_desk)
tests_check_http_shots_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS)
tests_check_http_shots_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)
EXTRA_tests_check_http_shots_DEPENDENCIES = distren-scene

check_PROGRAMS += tests/check_openapi
TESTS += tests/check_openapi
tests_check_openapi_SOURCES = tests/check_openapi.cpp tests/support/check_main.h
tests_check_openapi_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS)
tests_check_openapi_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/check_loop
TESTS += tests/check_loop
tests_check_loop_SOURCES = tests/check_loop.cpp tests/support/check_main.h
tests_check_loop_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS)
tests_check_loop_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/check_ledger
TESTS += tests/check_ledger
tests_check_ledger_SOURCES = tests/check_ledger.cpp tests/support/check_main.h tests/support/private_database.h
tests_check_ledger_LDADD = $(SERVER_LIBS) $(CHECK_LIBS)

# Run by ./runtests and by hand; the long ones are no part of make check.
dist_check_SCRIPTS += tests/style/contracts.py tests/style/layering.sh tests/style/planted.py tests/style/rooms.py \
  tests/style/sources.sh tests/style/text.sh tests/style/tidy.py
EXTRA_DIST += tests/bench/bench_journal tests/long/sim.sh tests/long/scenes.py tests/support/bench.py tests/bench/bench_start.py tests/bench/bench_idle.py \
  tests/bench/bench_transfer.py tests/bench/bench_render.py tests/long/distcheck.sh tests/long/quickstart.sh tests/long/chroot.sh

# Months of a grid in seconds, around the server's own dispatcher: ./runtests sim.
check_PROGRAMS += tests/sim/distren-sim
tests_sim_distren_sim_SOURCES = tests/sim/ledger.cpp tests/sim/ledger.h tests/sim/life.cpp tests/sim/main.cpp \
  tests/sim/payroll.cpp tests/sim/payroll.h tests/sim/random.h tests/sim/scenarios.cpp tests/sim/scenarios.h \
  tests/sim/world.cpp tests/sim/world.h
tests_sim_distren_sim_LDADD = $(SERVER_LIBS)
