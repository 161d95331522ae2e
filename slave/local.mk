# distren-slave, and the slave library that distren-simpleslave links too.
noinst_LIBRARIES += libdistren-slave.a
libdistren_slave_a_CPPFLAGS = $(AM_CPPFLAGS)
libdistren_slave_a_CXXFLAGS = $(AM_CXXFLAGS)
libdistren_slave_a_SOURCES =

bin_PROGRAMS += distren-slave
distren_slave_SOURCES = %D%/main.cpp
distren_slave_LDADD = libdistren-slave.a $(COMMON_LIBS)
