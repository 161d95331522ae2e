# The reader of .blend files.
scene_sources += \
  %D%/blend_blocks.cpp %D%/blend_blocks.h \
  %D%/blend_collect.cpp %D%/blend_collect.h \
  %D%/blend_dna.cpp %D%/blend_dna.h \
  %D%/blend_drivers.cpp %D%/blend_drivers.h \
  %D%/blend_file.cpp %D%/blend_file.h \
  %D%/blend_memory.cpp %D%/blend_memory.h \
  %D%/blend_paths.cpp \
  %D%/blend_physics.cpp %D%/blend_physics.h \
  %D%/blend_scene.h \
  %D%/blend_scenes.cpp %D%/blend_scenes.h \
  %D%/blend_scenes_finish.cpp \
  %D%/blend_uses.cpp %D%/blend_uses.h \
  %D%/byte_stream.cpp %D%/byte_stream.h \
  %D%/driver_expression.cpp %D%/driver_expression.h \
  %D%/file_series.cpp %D%/file_series.h \
  %D%/finding.h \
  %D%/scene_cameras.cpp %D%/scene_cameras.h \
  %D%/scene_rules.cpp %D%/scene_rules.h \
  %D%/scene_warnings.cpp %D%/scene_warnings.h
