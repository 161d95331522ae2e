# Render methods, frame ranges, tiles, benchmarks.
common_sources += \
  %D%/benchmark.cpp %D%/benchmark.h \
  %D%/frame_range.cpp %D%/frame_range.h \
  %D%/method_parameters.cpp \
  %D%/output_names.cpp %D%/output_names.h \
  %D%/probe.cpp %D%/probe.h \
  %D%/render_method.cpp %D%/render_method.h \
  %D%/tiles.cpp %D%/tiles.h \
  %D%/video.cpp %D%/video.h
