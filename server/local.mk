# distrend: the server. Each room below adds its files to the library.
noinst_LIBRARIES += libdistren-server.a
libdistren_server_a_CPPFLAGS = $(AM_CPPFLAGS)
libdistren_server_a_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS) $(OPENSSL_CFLAGS) $(CURL_CFLAGS) $(ZLIB_CFLAGS)
libdistren_server_a_SOURCES =

SERVER_LIBS = libdistren-server.a $(SCENE_LIBS) $(COMMON_LIBS) $(LIBEVENT_LIBS) $(MYSQLCPPCONN_LIBS) $(ZLIB_LIBS)

sbin_PROGRAMS += distrend
distrend_SOURCES = %D%/main.cpp
distrend_CXXFLAGS = $(libdistren_server_a_CXXFLAGS)
distrend_LDADD = $(SERVER_LIBS)

sbin_PROGRAMS += distren-migrate
distren_migrate_SOURCES = %D%/migrate_main.cpp
distren_migrate_CXXFLAGS = $(libdistren_server_a_CXXFLAGS) $(CLI11_CFLAGS)
distren_migrate_LDADD = $(SERVER_LIBS)
