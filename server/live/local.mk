# What is new, for open pages.
server_sources += \
  %D%/event_broker.cpp %D%/event_broker.h \
  %D%/event_names.cpp %D%/event_names.h \
  %D%/publish.cpp %D%/publish.h
