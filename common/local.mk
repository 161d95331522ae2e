# What two or more programs share; knows no database and no event loop.
noinst_LIBRARIES += libdistren-common.a
libdistren_common_a_CPPFLAGS = $(AM_CPPFLAGS)
libdistren_common_a_CXXFLAGS = $(AM_CXXFLAGS) $(CURL_CFLAGS) $(OPENSSL_CFLAGS) $(XML_CFLAGS) $(TOML_CFLAGS) \
  $(ZSTD_CFLAGS) $(ZLIB_CFLAGS) $(SECCOMP_CFLAGS)
libdistren_common_a_SOURCES = \
  %D%/result.h \
  %D%/config.cpp %D%/config.h \
  %D%/digest.cpp %D%/digest.h \
  %D%/files.cpp %D%/files.h \
  %D%/json_depth.h \
  %D%/log.cpp %D%/log.h \
  %D%/places.cpp %D%/places.h \
  %D%/sanitizer.h \
  %D%/tls.cpp %D%/tls.h

libdistren_common_a_SOURCES += %D%/http_client.cpp %D%/http_client.h %D%/http_download.cpp %D%/http_download.h \
  %D%/http_error.cpp %D%/http_error.h %D%/mail_client.cpp %D%/mail_client.h %D%/public_address.cpp %D%/public_address.h %D%/tus_client.cpp %D%/tus_client.h %D%/frame_range.cpp %D%/frame_range.h \
  %D%/points_text.cpp %D%/points_text.h %D%/text.cpp %D%/text.h

libdistren_common_a_SOURCES += %D%/image_program.cpp %D%/image_program.h %D%/process.cpp %D%/process.h %D%/process_usage.cpp %D%/sandbox.cpp %D%/sandbox.h \
  %D%/seccomp_filter.cpp %D%/xml.cpp %D%/xml.h %D%/render_method.cpp %D%/render_method.h %D%/method_parameters.cpp \
  %D%/benchmark.cpp %D%/benchmark.h %D%/tiles.cpp %D%/tiles.h %D%/video.cpp %D%/video.h

libdistren_common_a_SOURCES += %D%/blend_blocks.cpp %D%/blend_blocks.h %D%/blend_collect.cpp %D%/blend_collect.h \
  %D%/blend_dna.cpp %D%/blend_dna.h %D%/blend_file.cpp %D%/blend_file.h \
  %D%/blend_memory.cpp %D%/blend_memory.h %D%/blend_paths.cpp %D%/blend_physics.cpp %D%/blend_physics.h \
  %D%/inflate.cpp %D%/inflate.h %D%/povray_text.cpp %D%/povray_text.h %D%/scene_json.cpp %D%/scene_json.h

COMMON_LIBS = libdistren-common.a $(CURL_LIBS) $(OPENSSL_LIBS) $(XML_LIBS) $(ZSTD_LIBS) $(ZLIB_LIBS) \
  $(SECCOMP_LIBS) $(TOML_LIBS) $(SPDLOG_LIBS) $(FMT_LIBS)
