# The readers of scenes as a library, and distren-scene: reads untrusted scenes, always run as a sandboxed child.
noinst_LIBRARIES += libdistren-scenes.a
libdistren_scenes_a_CPPFLAGS = $(AM_CPPFLAGS)
libdistren_scenes_a_CXXFLAGS = $(AM_CXXFLAGS) $(ZSTD_CFLAGS) $(ZLIB_CFLAGS)
scene_sources =
scene_units = units/scene.cpp units/scene-blend.cpp
if UNITS
nodist_libdistren_scenes_a_SOURCES = $(scene_units)
else
libdistren_scenes_a_SOURCES = $(scene_sources)
endif

SCENE_LIBS = libdistren-scenes.a $(ZSTD_LIBS) $(ZLIB_LIBS)

libexec_PROGRAMS += distren-scene
distren_scene_SOURCES = %D%/main.cpp
distren_scene_CXXFLAGS = $(AM_CXXFLAGS) $(CLI11_CFLAGS)
distren_scene_LDADD = $(SCENE_LIBS) $(COMMON_LIBS) $(ARCHIVE_LIBS)
scene_sources += \
  %D%/povray_text.cpp %D%/povray_text.h \
  %D%/scene_json.cpp %D%/scene_json.h
