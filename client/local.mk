# distren: the command line for people.
noinst_LIBRARIES += libdistren-client.a
libdistren_client_a_CPPFLAGS = $(AM_CPPFLAGS)
libdistren_client_a_CXXFLAGS = $(AM_CXXFLAGS) $(CLI11_CFLAGS)
libdistren_client_a_SOURCES =

bin_PROGRAMS += distren
distren_SOURCES = %D%/main.cpp
distren_CXXFLAGS = $(AM_CXXFLAGS) $(CLI11_CFLAGS)
distren_LDADD = libdistren-client.a $(COMMON_LIBS)
