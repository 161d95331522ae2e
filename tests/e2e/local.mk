# End to end (e2e/) and over real scenes (long/scenes.py). `make check` tells one scenario; ./runtests runs all of them.
TESTS += tests/e2e/scenario.py
dist_check_SCRIPTS += tests/e2e/scenario.py tests/e2e/access.py tests/e2e/api.py tests/e2e/kill.py tests/e2e/submissions.py tests/e2e/network.py tests/e2e/database.py \
  tests/e2e/full_disk.py tests/e2e/bad_scenes.py tests/e2e/bad_slaves.py tests/e2e/order_addresses.py tests/e2e/one_build.py tests/e2e/renderers.py tests/e2e/bad_results.py \
  tests/e2e/blend_constants.py tests/e2e/scene_rules.py \
  tests/e2e/bad_benchmarks.py tests/e2e/command_help.py tests/e2e/hostile.py tests/e2e/benchmarks.py tests/e2e/methods.py tests/e2e/renderer.py \
  tests/e2e/post_processing.py tests/e2e/waiting.py tests/e2e/outputs.py tests/e2e/cache.py tests/e2e/points.py tests/e2e/shares.py tests/e2e/notify.py tests/e2e/webhooks.py tests/e2e/accounts.py \
  tests/e2e/named_files.py tests/e2e/uploads.py tests/e2e/videos.py tests/e2e/simpleslave.py tests/e2e/slave_orders.py tests/e2e/slave_delivered.py tests/e2e/slave_renderers.py tests/e2e/slave_server.py tests/e2e/slave_volunteer.py \
  tests/long/blenders.py tests/long/same_picture.py tests/long/scenes.py tests/style/dist.sh
EXTRA_DIST += tests/support/tap.py tests/support/tap_run.py tests/support/programs.py tests/support/api_document.py tests/support/grid.py \
  tests/support/fault_proxy.py tests/support/stand_in_tree.py tests/support/renderer_archive.py tests/support/malicious_slave.py tests/support/notification_sinks.py tests/support/database.py tests/support/blender_trees.py

# The scenes that the tests render, made by the first test that needs them.
clean-local:
	rm -rf tests/scenes.*

# The web pages in a real browser.
dist_check_SCRIPTS += tests/e2e/events.py tests/e2e/web.py tests/e2e/web_live.py tests/e2e/web_numbers.py \
  tests/e2e/web_bad.py tests/e2e/web_manage.py tests/e2e/web_scenario.py tests/e2e/web_session.py tests/e2e/web_shots.py tests/style/web.sh
EXTRA_DIST += tests/bench/bench_web.py tests/support/browser.py tests/support/many_pages.py tests/support/web_fixture.py tests/support/vendor/axe-core/axe.min.js \
  tests/support/vendor/axe-core/LICENSE tests/support/vendor/axe-core/LICENSE-3RD-PARTY.txt
