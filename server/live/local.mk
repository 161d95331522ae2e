# What is new, for open pages.
server_sources += \
  %D%/event_broker.cpp %D%/event_broker.h \
  %D%/publish.cpp %D%/publish.h
