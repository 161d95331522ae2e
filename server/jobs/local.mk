# What happens to jobs.
libdistren_server_a_SOURCES += \
  %D%/maintenance.cpp %D%/maintenance.h
