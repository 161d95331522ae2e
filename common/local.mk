# What two or more programs share; knows no database and no event loop.
noinst_LIBRARIES += libdistren-common.a
libdistren_common_a_CPPFLAGS = $(AM_CPPFLAGS)
libdistren_common_a_CXXFLAGS = $(AM_CXXFLAGS) $(CURL_CFLAGS) $(OPENSSL_CFLAGS) $(XML_CFLAGS) $(TOML_CFLAGS) \
  $(SECCOMP_CFLAGS) $(CLI11_CFLAGS) $(ARCHIVE_CFLAGS)
common_sources =
common_units = units/common-archive.cpp units/common-base.cpp units/common-http.cpp units/common-process.cpp units/common-protocol.cpp \
  units/common-render.cpp
if UNITS
nodist_libdistren_common_a_SOURCES = $(common_units)
else
libdistren_common_a_SOURCES = $(common_sources)
endif

COMMON_LIBS = libdistren-common.a libdistren-instances.a $(CURL_LIBS) $(OPENSSL_LIBS) $(XML_LIBS) \
  $(SECCOMP_LIBS) $(TOML_LIBS) $(SPDLOG_LIBS) $(FMT_LIBS)
