# Loops, listening, connections, limits.
libdistren_server_a_SOURCES += \
  %D%/listen_address.cpp %D%/listen_address.h \
  %D%/loop.cpp %D%/loop.h
