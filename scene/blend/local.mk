# The reader of .blend files.
scene_sources += \
  %D%/blend_blocks.cpp %D%/blend_blocks.h \
  %D%/blend_collect.cpp %D%/blend_collect.h \
  %D%/blend_dna.cpp %D%/blend_dna.h \
  %D%/blend_file.cpp %D%/blend_file.h \
  %D%/blend_memory.cpp %D%/blend_memory.h \
  %D%/blend_paths.cpp \
  %D%/blend_physics.cpp %D%/blend_physics.h \
  %D%/blend_uses.cpp %D%/blend_uses.h \
  %D%/byte_stream.cpp %D%/byte_stream.h \
  %D%/file_series.cpp %D%/file_series.h
