# distren: the command line for users.
noinst_LIBRARIES += libdistren-client.a
libdistren_client_a_CPPFLAGS = $(AM_CPPFLAGS)
libdistren_client_a_CXXFLAGS = $(AM_CXXFLAGS) $(CLI11_CFLAGS)
client_sources = \
  %D%/command_account.cpp %D%/command_download.cpp %D%/command_invitations.cpp %D%/command_jobs.cpp %D%/command_log.cpp \
  %D%/command_own_account.cpp %D%/command_points.cpp %D%/command_renderers.cpp \
  %D%/command_shots.cpp %D%/command_slave_limits.cpp %D%/command_slaves.cpp %D%/command_slaves.h \
  %D%/command_spending.cpp %D%/command_statistics.cpp %D%/command_submit.cpp %D%/command_tokens.cpp \
  %D%/command_webhooks.cpp \
  %D%/confirm.cpp %D%/confirm.h \
  %D%/context.cpp %D%/context.h \
  %D%/exit_code.h \
  %D%/fetch_output.cpp %D%/fetch_output.h \
  %D%/fields.cpp %D%/fields.h \
  %D%/old_forms.cpp %D%/old_forms.h \
  %D%/operation.cpp %D%/operation.h \
  %D%/parallel.cpp %D%/parallel.h \
  %D%/password.cpp %D%/password.h \
  %D%/points_format.cpp %D%/points_format.h \
  %D%/povray_files.cpp %D%/povray_files.h \
  %D%/progress.cpp %D%/progress.h \
  %D%/project.cpp %D%/project.h \
  %D%/scene_options.cpp %D%/scene_options.h \
  %D%/scene_files.cpp %D%/scene_files.h \
  %D%/scene_folder.cpp %D%/scene_folder.h \
  %D%/scene_report.cpp %D%/scene_report.h \
  %D%/session.cpp %D%/session.h \
  %D%/settings.cpp %D%/settings.h \
  %D%/table.cpp %D%/table.h \
  %D%/upload.cpp %D%/upload.h \
  %D%/upload_notes.cpp %D%/upload_notes.h \
  %D%/validators.cpp %D%/validators.h \
  %D%/watch.cpp %D%/watch.h
client_units = units/client-1-of-3.cpp units/client-2-of-3.cpp units/client-3-of-3.cpp
if UNITS
nodist_libdistren_client_a_SOURCES = $(client_units)
else
libdistren_client_a_SOURCES = $(client_sources)
endif

bin_PROGRAMS += distren
distren_SOURCES = %D%/main.cpp
distren_CXXFLAGS = $(AM_CXXFLAGS) $(CLI11_CFLAGS)
distren_LDADD = libdistren-client.a $(SCENE_LIBS) $(COMMON_LIBS)
