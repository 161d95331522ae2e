# What two or more programs share; knows no database and no event loop.
noinst_LIBRARIES += libdistren-common.a
libdistren_common_a_CPPFLAGS = $(AM_CPPFLAGS)
libdistren_common_a_CXXFLAGS = $(AM_CXXFLAGS) $(CURL_CFLAGS) $(OPENSSL_CFLAGS) $(XML_CFLAGS) $(TOML_CFLAGS) \
  $(SECCOMP_CFLAGS) $(CLI11_CFLAGS)
libdistren_common_a_SOURCES =

COMMON_LIBS = libdistren-common.a libdistren-instances.a $(CURL_LIBS) $(OPENSSL_LIBS) $(XML_LIBS) \
  $(SECCOMP_LIBS) $(TOML_LIBS) $(SPDLOG_LIBS) $(FMT_LIBS)
