# The formulas of points.
libdistren_server_a_SOURCES += \
  %D%/fixed_math.cpp %D%/fixed_math.h \
  %D%/points.cpp %D%/points.h
