# SQL (sql/), benchmarks (bench/), a simulation (sim/), style and what all tests share (support/); unit/, e2e/ and load/ have
# parts of their own. Everything speaks TAP.
EXTRA_DIST += tests/support/http_fixture.py tests/support/import_floors.py tests/support/fake_grid.py tests/support/fake_server.py \
  tests/support/fake_renderer.py tests/support/slave_fixture.py tests/support/scenes/make_scenes.py \
  tests/support/scenes/make_constants.py tests/support/scenes/make_rules.py \
  tests/support/scenes/make_named_files.py tests/support/scenes/find_moved_files.py \
  tests/support/scenes/make_hostile.py tests/support/scenes/make_matrix.py tests/support/blenders.py tests/fuzz/fuzz_blend_file.cpp tests/fuzz/run_blend_file

# SQL: each group of procedures against a private MariaDB.
dist_check_SCRIPTS += tests/sql/run.sh
TESTS += tests/sql/run.sh
EXTRA_DIST += tests/support/tsan.supp tests/support/job_create.sql tests/support/mariadb.sh tests/sql/lib.sh tests/sql/schema.sh tests/sql/migration.sh tests/support/schema_0010.sql tests/sql/rights.sh tests/sql/people.sh \
  tests/sql/slaves.sh tests/sql/jobs.sh tests/sql/journal.sh tests/sql/outputs.sh tests/sql/dependents.sh tests/sql/failures.sh tests/sql/files.sh tests/sql/concurrency.sh \
  tests/sql/points_lib.sh tests/sql/points.sh tests/sql/spending.sh tests/sql/ledger.sh tests/sql/powers.sh tests/sql/renderers.sh \
  tests/sql/points_together.sh tests/sql/shots.sh tests/sql/telemetry.sh tests/sql/remote_settings.sh tests/sql/requests.sh tests/sql/operations.sh tests/sql/statistics.sh tests/sql/administration.sh tests/sql/notifications.sh tests/sql/webhooks.sh

# Conformance of a grid by its address.
dist_check_SCRIPTS += tests/conformance/run.py
EXTRA_DIST += tests/conformance/README.md tests/conformance/client.py tests/conformance/line_cases.py \
  tests/conformance/line_client.py tests/conformance/refusals.py tests/conformance/scene.py tests/conformance/steps.py tests/conformance/things.py

# The clients that the code of two generators must fit.
EXTRA_DIST += tests/style/clients/by_functions.ts tests/style/clients/by_types.ts

# Run by ./runtests and by hand; the long ones are no part of make check.
dist_check_SCRIPTS += tests/style/contracts.py tests/style/layering.sh tests/style/openapi.py tests/style/planted.py tests/style/rooms.py \
  tests/style/sources.sh tests/style/text.sh tests/style/tidy.py
EXTRA_DIST += tests/style/openapi_lint.mjs tests/bench/bench_journal tests/long/sim.sh tests/long/scenes.py tests/support/bench.py tests/bench/bench_start.py tests/bench/bench_idle.py \
  tests/bench/bench_transfer.py tests/bench/bench_render.py tests/long/distcheck.sh tests/long/quickstart.sh tests/long/chroot.sh

# Months of a grid in seconds, around the server's own dispatcher: ./runtests sim.
check_PROGRAMS += tests/sim/distren-sim
tests_sim_distren_sim_SOURCES = tests/sim/ledger.cpp tests/sim/ledger.h tests/sim/life.cpp tests/sim/main.cpp \
  tests/sim/payroll.cpp tests/sim/payroll.h tests/sim/random.h tests/sim/scenarios.cpp tests/sim/scenarios.h \
  tests/sim/world.cpp tests/sim/world.h
tests_sim_distren_sim_LDADD = $(SERVER_LIBS)
