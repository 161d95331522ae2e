# Programs, their sandbox and what they use.
common_sources += \
  %D%/image_program.cpp %D%/image_program.h \
  %D%/process.cpp %D%/process.h \
  %D%/process_usage.cpp \
  %D%/sandbox.cpp %D%/sandbox.h \
  %D%/seccomp_filter.cpp
