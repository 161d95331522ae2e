# distren-image: decodes, checks, compares, thumbnails and stitches images. Always run as a sandboxed child.
noinst_LIBRARIES += libdistren-image.a
libdistren_image_a_CPPFLAGS = $(AM_CPPFLAGS)
libdistren_image_a_CXXFLAGS = $(AM_CXXFLAGS) $(OIIO_CFLAGS)
image_sources = \
  %D%/check.cpp %D%/benchmark_code.cpp %D%/color.h %D%/commands.h %D%/compare.cpp %D%/image.cpp %D%/image.h %D%/serve.cpp \
  %D%/serve.h %D%/stitch.cpp \
  %D%/thumbnail.cpp %D%/write.cpp %D%/write.h
image_units = units/image.cpp
if UNITS
nodist_libdistren_image_a_SOURCES = $(image_units)
else
libdistren_image_a_SOURCES = $(image_sources)
endif

libexec_PROGRAMS += distren-image
distren_image_SOURCES = %D%/main.cpp %D%/sanitizer.h
distren_image_CXXFLAGS = $(AM_CXXFLAGS) $(OIIO_CFLAGS)
distren_image_LDADD = libdistren-image.a $(COMMON_LIBS) $(OIIO_LIBS)
