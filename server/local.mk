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
  %D%/store/people.cpp %D%/store/people.h %D%/store/slaves.cpp %D%/store/slaves.h

# Doors, dispatcher, results.
libdistren_server_a_SOURCES += \
  %D%/dispatch/core.h %D%/dispatch/core_jobs.cpp %D%/dispatch/core_results.cpp %D%/dispatch/core_slaves.cpp \
  %D%/dispatch/dispatcher.h %D%/dispatch/dispatcher_thread.cpp %D%/dispatch/dispatcher_thread.h \
  %D%/dispatch/hello.cpp %D%/dispatch/job_queue.cpp %D%/dispatch/job_queue.h \
  %D%/dispatch/journal_writer.cpp %D%/dispatch/journal_writer.h %D%/dispatch/lease.cpp %D%/dispatch/lease.h \
  %D%/dispatch/oldest_first.cpp %D%/dispatch/oldest_first.h %D%/dispatch/order.cpp %D%/dispatch/order.h \
  %D%/dispatch/policy.h %D%/dispatch/version.h \
  %D%/image_check.cpp %D%/image_check.h \
  %D%/line/line_server.cpp %D%/line/line_server.h %D%/line/line_session.cpp %D%/line/line_session.h \
  %D%/net/listen_address.cpp %D%/net/listen_address.h %D%/net/loop.cpp %D%/net/loop.h \
  %D%/results.cpp %D%/results.h %D%/server_config.cpp %D%/server_config.h %D%/slave_gate.cpp %D%/slave_gate.h \
  %D%/workers.cpp %D%/workers.h
