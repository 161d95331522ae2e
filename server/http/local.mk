# The HTTP protocol; knows no services.
server_sources += \
  %D%/compression.cpp %D%/compression.h \
  %D%/connection_limiter.cpp %D%/connection_limiter.h \
  %D%/file_reply.cpp %D%/file_reply.h \
  %D%/http_server.cpp %D%/http_server.h \
  %D%/listener.cpp %D%/listener.h \
  %D%/message.cpp %D%/message.h \
  %D%/problem.cpp %D%/problem.h \
  %D%/rate_headers.cpp %D%/rate_headers.h \
  %D%/revalidation.cpp %D%/revalidation.h \
  %D%/uri.cpp %D%/uri.h
