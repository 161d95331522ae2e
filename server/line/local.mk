# 
libdistren_server_a_SOURCES += \
  %D%/line_server.cpp %D%/line_server.h \
  %D%/line_session.cpp %D%/line_session.h \
  %D%/wire.cpp %D%/wire.h
