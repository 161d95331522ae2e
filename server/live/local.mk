# What is new, for open pages.
libdistren_server_a_SOURCES += \
  %D%/event_broker.cpp %D%/event_broker.h \
  %D%/publish.cpp %D%/publish.h
