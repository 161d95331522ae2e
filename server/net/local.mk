# Loops, listening, connections, limits.
libdistren_server_a_SOURCES += \
  %D%/line_connection.cpp %D%/line_connection.h \
  %D%/listen_address.cpp %D%/listen_address.h \
  %D%/loop.cpp %D%/loop.h \
  %D%/rate_limit.cpp %D%/rate_limit.h
