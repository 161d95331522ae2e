# What two or more programs share; knows no database and no event loop.
noinst_LIBRARIES += libdistren-common.a
libdistren_common_a_CPPFLAGS = $(AM_CPPFLAGS)
libdistren_common_a_CXXFLAGS = $(AM_CXXFLAGS) $(CURL_CFLAGS) $(OPENSSL_CFLAGS) $(XML_CFLAGS) $(TOML_CFLAGS) \
  $(SECCOMP_CFLAGS)
libdistren_common_a_SOURCES =

COMMON_LIBS = libdistren-common.a $(CURL_LIBS) $(OPENSSL_LIBS) $(XML_LIBS) \
  $(SECCOMP_LIBS) $(TOML_LIBS) $(SPDLOG_LIBS) $(FMT_LIBS)
libdistren_common_a_SOURCES += \
  %D%/blend_blocks.cpp %D%/blend_blocks.h \
  %D%/blend_collect.cpp %D%/blend_collect.h \
  %D%/blend_dna.cpp %D%/blend_dna.h \
  %D%/blend_file.cpp %D%/blend_file.h \
  %D%/blend_memory.cpp %D%/blend_memory.h \
  %D%/blend_paths.cpp \
  %D%/blend_physics.cpp %D%/blend_physics.h \
  %D%/inflate.cpp %D%/inflate.h \
  %D%/mail_client.cpp %D%/mail_client.h \
  %D%/povray_text.cpp %D%/povray_text.h \
  %D%/scene_json.cpp %D%/scene_json.h
