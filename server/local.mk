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
  %D%/store/people.h %D%/store/slaves.h
