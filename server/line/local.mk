# 
libdistren_server_a_SOURCES += \
  %D%/wire.cpp %D%/wire.h
