# The formulas of points.
server_sources += \
  %D%/fixed_math.cpp %D%/fixed_math.h \
  %D%/points.cpp %D%/points.h
