# Slaves: sign-on, line, results, settings, telemetry, benchmarks.
server_sources += \
  %D%/benchmark_scenes.cpp %D%/benchmark_scenes.h \
  %D%/https_sessions.cpp %D%/https_sessions.h \
  %D%/line_server.cpp %D%/line_server.h \
  %D%/line_session.cpp %D%/line_session.h \
  %D%/remote_settings.cpp %D%/remote_settings.h \
  %D%/result_receiver.cpp %D%/result_receiver.h \
  %D%/sign_on.cpp %D%/sign_on.h \
  %D%/slave_authenticator.cpp %D%/slave_authenticator.h \
  %D%/slave_services.h \
  %D%/slave_session.cpp %D%/slave_session.h \
  %D%/telemetry_history.cpp %D%/telemetry_history.h
