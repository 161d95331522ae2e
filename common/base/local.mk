# What every program needs: results, texts, files, digests, configuration, log.
libdistren_common_a_SOURCES += \
  %D%/config.cpp %D%/config.h \
  %D%/digest.cpp %D%/digest.h \
  %D%/files.cpp %D%/files.h \
  %D%/json.cpp %D%/precompiled.h \
  %D%/json_body.cpp %D%/json_body.h \
  %D%/json_depth.h \
  %D%/json_text.cpp %D%/json_text.h \
  %D%/log.cpp %D%/log.h \
  %D%/places.cpp %D%/places.h \
  %D%/points_text.cpp %D%/points_text.h \
  %D%/result.h \
  %D%/sanitizer.h \
  %D%/text.cpp %D%/text.h \
  %D%/xml.cpp %D%/xml.h
