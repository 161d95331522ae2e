# The web pages: TypeScript and CSS, bundled by esbuild into htdocs/dist of the build tree, which gets installed.
# See README.md in here.
web_sources = \
  %D%/src/api/client.ts %D%/src/api/events.ts %D%/src/api/images.ts %D%/src/api/job_list.ts %D%/src/api/live.ts \
  %D%/src/api/notify.ts %D%/src/api/operations.ts %D%/src/api/routes.ts %D%/src/api/schema.d.ts %D%/src/api/session.ts \
  %D%/src/api/shot_list.ts %D%/src/api/task_list.ts %D%/src/base/address.ts %D%/src/base/format.ts \
  %D%/src/base/random.ts %D%/src/base/store.ts %D%/src/base/theme.ts %D%/src/main.tsx %D%/src/pages/account.tsx \
  %D%/src/pages/account_logins.tsx %D%/src/pages/account_mail.tsx %D%/src/pages/account_notifications.tsx \
  %D%/src/pages/account_webhooks.tsx %D%/src/pages/add_slave.tsx %D%/src/pages/admin.tsx \
  %D%/src/pages/admin_events.tsx %D%/src/pages/admin_health.tsx %D%/src/pages/admin_invitations.tsx \
  %D%/src/pages/admin_methods.tsx %D%/src/pages/admin_renderers.tsx %D%/src/pages/admin_settings.tsx %D%/src/pages/admin_tabs.tsx \
  %D%/src/pages/admin_users.tsx %D%/src/pages/home.tsx %D%/src/pages/job.tsx %D%/src/pages/job_boost.tsx \
  %D%/src/pages/job_downloads.tsx %D%/src/pages/job_frames.tsx %D%/src/pages/job_image.tsx %D%/src/pages/job_renderer.tsx %D%/src/pages/job_shot.tsx \
  %D%/src/pages/jobs.tsx %D%/src/pages/login.tsx %D%/src/pages/new_job.tsx %D%/src/pages/new_job_choices.tsx \
  %D%/src/pages/new_job_files.tsx %D%/src/pages/new_job_findings.tsx %D%/src/pages/points.tsx \
  %D%/src/pages/project.tsx %D%/src/pages/projects.tsx %D%/src/pages/ranking.tsx %D%/src/pages/reset_password.tsx \
  %D%/src/pages/shot.tsx %D%/src/pages/slave.tsx %D%/src/pages/slave_machine.tsx %D%/src/pages/slave_resources.tsx \
  %D%/src/pages/slave_setup.tsx %D%/src/pages/slaves.tsx %D%/src/pages/statistics.tsx %D%/src/parts/basics.tsx \
  %D%/src/parts/chart.tsx %D%/src/parts/dialog.tsx %D%/src/parts/form.tsx %D%/src/parts/icons.tsx \
  %D%/src/parts/job_actions.ts %D%/src/parts/rendered_image.tsx %D%/src/parts/renderer.ts %D%/src/parts/table.tsx %D%/src/parts/task_summary.ts \
  %D%/src/parts/toast.tsx %D%/src/parts/virtual.ts %D%/src/shell/app.tsx %D%/src/shell/frame.tsx %D%/src/text.ts \
  %D%/src/upload/bundle.ts %D%/src/upload/chosen.ts %D%/src/upload/digest_worker.ts %D%/src/upload/digests.ts \
  %D%/src/upload/sha256.ts %D%/src/upload/tus.ts %D%/src/viewer/log.tsx %D%/src/viewer/player.ts \
  %D%/src/viewer/stage.tsx %D%/src/viewer/viewer.tsx %D%/style/base.css %D%/style/controls.css %D%/style/feedback.css \
  %D%/style/images.css %D%/style/lists.css %D%/style/main.css %D%/style/pages.css %D%/style/statistics.css \
  %D%/style/tokens.css %D%/style/viewer.css %D%/style/workshop.css
web_vendor = \
  %D%/vendor/preact/LICENSE %D%/vendor/preact/dist/preact.mjs %D%/vendor/preact/hooks/dist/hooks.mjs \
  %D%/vendor/preact/hooks/package.json %D%/vendor/preact/hooks/src/index.d.ts \
  %D%/vendor/preact/jsx-runtime/dist/jsxRuntime.mjs %D%/vendor/preact/jsx-runtime/package.json \
  %D%/vendor/preact/jsx-runtime/src/index.d.ts %D%/vendor/preact/package.json %D%/vendor/preact/src/dom.d.ts \
  %D%/vendor/preact/src/index.d.ts %D%/vendor/preact/src/jsx.d.ts \
  %D%/vendor/uplot/LICENSE %D%/vendor/uplot/dist/uPlot.d.ts %D%/vendor/uplot/dist/uPlot.esm.js \
  %D%/vendor/uplot/dist/uPlot.min.css %D%/vendor/uplot/package.json
EXTRA_DIST += $(web_sources) $(web_vendor) %D%/README.md %D%/package.json %D%/package-lock.json %D%/tsconfig.json %D%/index.html %D%/icon.svg

htdocsdir = $(distrenhome)/htdocs
# Compressed beside each, and listed after it, so that it is not older.
web_files = %D%/dist/index.html %D%/dist/icon.svg %D%/dist/app.js %D%/dist/app.css %D%/dist/digest_worker.js
web_compressed = %D%/dist/index.html.gz %D%/dist/icon.svg.gz %D%/dist/app.js.gz %D%/dist/app.css.gz %D%/dist/digest_worker.js.gz
htdocs_DATA = $(web_files) $(web_compressed)
CLEANFILES += $(htdocs_DATA)
.PHONY: web
web: $(htdocs_DATA)

bundle = $(AM_V_GEN)$(MKDIR_P) %D%/dist && $(ESBUILD) --bundle --minify --log-level=warning --target=es2021

%D%/dist/app.js: $(web_sources) $(web_vendor) %D%/tsconfig.json
	$(bundle) --format=esm --outfile=$@ $(srcdir)/%D%/src/main.tsx

%D%/dist/digest_worker.js: $(web_sources) %D%/tsconfig.json
	$(bundle) --format=iife --outfile=$@ $(srcdir)/%D%/src/upload/digest_worker.ts

%D%/dist/app.css: $(web_sources) $(web_vendor)
	$(AM_V_GEN)$(MKDIR_P) %D%/dist && $(ESBUILD) --bundle --minify --log-level=warning \
	  --target=chrome105,firefox115,safari16 --outfile=$@ $(srcdir)/%D%/style/main.css

%D%/dist/index.html: %D%/index.html
	$(AM_V_GEN)$(MKDIR_P) %D%/dist && cp $(srcdir)/%D%/index.html $@

%D%/dist/icon.svg: %D%/icon.svg
	$(AM_V_GEN)$(MKDIR_P) %D%/dist && cp $(srcdir)/%D%/icon.svg $@

$(web_compressed): %.gz: %
	$(AM_V_GEN)gzip -9 -n -c $< >$@
