# distrend: the server. Each room below adds its files to the library.
noinst_LIBRARIES += libdistren-server.a
libdistren_server_a_CPPFLAGS = $(AM_CPPFLAGS)
libdistren_server_a_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS) $(OPENSSL_CFLAGS) $(CURL_CFLAGS) $(ZLIB_CFLAGS)
server_sources =
server_units = units/server-api-1-of-3.cpp units/server-api-2-of-3.cpp units/server-api-3-of-3.cpp \
  units/server-config.cpp units/server-database.cpp units/server-dispatch-1-of-3.cpp \
  units/server-dispatch-2-of-3.cpp units/server-dispatch-3-of-3.cpp \
  units/server-dispatch-fair_share.cpp units/server-economy.cpp units/server-http.cpp units/server-jobs.cpp \
  units/server-live.cpp units/server-media.cpp units/server-net.cpp units/server-notify.cpp units/server-slaves.cpp \
  units/server-standalone.cpp units/server-storage.cpp units/server-store.cpp units/server-submit.cpp
if UNITS
nodist_libdistren_server_a_SOURCES = $(server_units)
else
libdistren_server_a_SOURCES = $(server_sources)
endif

SERVER_LIBS = libdistren-server.a $(SCENE_LIBS) $(COMMON_LIBS) $(ARCHIVE_LIBS) $(LIBEVENT_LIBS) $(MYSQLCPPCONN_LIBS) $(ZLIB_LIBS)

sbin_PROGRAMS += distrend
distrend_SOURCES = %D%/main.cpp
distrend_CXXFLAGS = $(libdistren_server_a_CXXFLAGS)
distrend_LDADD = $(SERVER_LIBS)

sbin_PROGRAMS += distren-migrate
distren_migrate_SOURCES = %D%/migrate_main.cpp
distren_migrate_CXXFLAGS = $(libdistren_server_a_CXXFLAGS) $(CLI11_CFLAGS)
distren_migrate_LDADD = $(SERVER_LIBS)
