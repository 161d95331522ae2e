# What every program needs: results, texts, files, digests, configuration, log.
common_sources += \
  %D%/clock.h \
  %D%/command_line.cpp %D%/command_line.h \
  %D%/config.cpp %D%/config.h \
  %D%/digest.cpp %D%/digest.h \
  %D%/files.cpp %D%/files.h \
  %D%/json_body.cpp %D%/json_body.h \
  %D%/json_depth.h \
  %D%/json_text.cpp %D%/json_text.h \
  %D%/log.cpp %D%/log.h \
  %D%/places.cpp %D%/places.h \
  %D%/points_text.cpp %D%/points_text.h \
  %D%/result.h \
  %D%/sanitizer.h \
  %D%/similar_word.cpp %D%/similar_word.h \
  %D%/text.cpp %D%/text.h \
  %D%/xml.cpp %D%/xml.h

# Without the precompiled header, whose declarations it stands behind. Last when programs are linked.
noinst_LIBRARIES += libdistren-instances.a
libdistren_instances_a_CXXFLAGS = $(PLAIN_CXXFLAGS)
libdistren_instances_a_SOURCES = %D%/instances.cpp %D%/json_instances.h %D%/json_serializers.h %D%/precompiled.h
