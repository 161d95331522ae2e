# Loops, listening, connections, limits.
server_sources += \
  %D%/line_connection.cpp %D%/line_connection.h \
  %D%/listen_address.cpp %D%/listen_address.h \
  %D%/loop.cpp %D%/loop.h \
  %D%/rate_limit.cpp %D%/rate_limit.h
