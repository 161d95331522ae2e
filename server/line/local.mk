# The slaves' line: what it is made of.
libdistren_server_a_SOURCES += %D%/wire.cpp %D%/wire.h
