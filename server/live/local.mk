# What is new, for open pages.
libdistren_server_a_SOURCES += \
  %D%/hub.cpp %D%/hub.h \
  %D%/tell.cpp %D%/tell.h
