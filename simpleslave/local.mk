# distren-simpleslave: the smallest correct slave, one readable file over the slave library.
bin_PROGRAMS += distren-simpleslave
distren_simpleslave_SOURCES = %D%/main.cpp
distren_simpleslave_CXXFLAGS = $(AM_CXXFLAGS) $(CLI11_CFLAGS)
distren_simpleslave_LDADD = libdistren-slave.a $(COMMON_LIBS) $(ARCHIVE_LIBS)
