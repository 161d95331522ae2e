# distren-load: simulated slaves that measure a server; installed, so that anyone can size one.
noinst_LIBRARIES += libdistren-load.a
libdistren_load_a_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS) $(OPENSSL_CFLAGS) $(ZLIB_CFLAGS)
load_sources = %D%/crowd.cpp %D%/crowd.h %D%/figures.cpp %D%/figures.h %D%/members.cpp %D%/members.h \
  %D%/picture.cpp %D%/picture.h %D%/plan.h %D%/slave.cpp %D%/slave.h %D%/uploaders.cpp %D%/uploaders.h
load_units = units/tests-load.cpp
if UNITS
nodist_libdistren_load_a_SOURCES = $(load_units)
else
libdistren_load_a_SOURCES = $(load_sources)
endif
LOAD_LIBS = libdistren-load.a $(SERVER_LIBS) $(ZLIB_LIBS)

bin_PROGRAMS += distren-load
distren_load_SOURCES = %D%/main.cpp
distren_load_CXXFLAGS = $(AM_CXXFLAGS) $(LIBEVENT_CFLAGS) $(CLI11_CFLAGS)
distren_load_LDADD = $(LOAD_LIBS)

dist_check_SCRIPTS += tests/e2e/load.py tests/bench/bench_dispatch.py
EXTRA_DIST += tests/support/load_grid.py
