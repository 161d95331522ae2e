# distren-scene: reads scenes from strangers and says what is in them. Always run as a sandboxed child.
libexec_PROGRAMS += distren-scene
distren_scene_SOURCES = %D%/main.cpp
distren_scene_CXXFLAGS = $(AM_CXXFLAGS) $(CLI11_CFLAGS)
distren_scene_LDADD = $(COMMON_LIBS)
