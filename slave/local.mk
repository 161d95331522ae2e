# distren-slave, and the slave library that distren-simpleslave links too.
noinst_LIBRARIES += libdistren-slave.a
libdistren_slave_a_CPPFLAGS = $(AM_CPPFLAGS) -DDISTREN_VERSION='"$(PACKAGE_VERSION)"'
libdistren_slave_a_CXXFLAGS = $(AM_CXXFLAGS)
libdistren_slave_a_SOURCES = \
  %D%/backoff.h \
  %D%/blocks.cpp %D%/blocks.h \
  %D%/cache.cpp %D%/cache.h \
  %D%/check.cpp %D%/check.h \
  %D%/control.cpp %D%/control.h \
  %D%/folder_clearing.cpp %D%/folder_clearing.h \
  %D%/folder_watch.cpp %D%/folder_watch.h \
  %D%/full_screen.cpp %D%/full_screen.h \
  %D%/hand_in.cpp %D%/hand_in.h \
  %D%/image_check.cpp %D%/image_check.h \
  %D%/gpu.cpp %D%/gpu.h %D%/scope.cpp %D%/scope.h %D%/installed_methods.cpp %D%/installed_methods.h \
  %D%/lent.cpp %D%/lent.h \
  %D%/line.cpp %D%/line.h \
  %D%/machine.cpp %D%/machine.h %D%/kernel_files.h \
  %D%/neighbour.cpp %D%/neighbour.h \
  %D%/order.cpp %D%/order.h \
  %D%/outbox.cpp %D%/outbox.h \
  %D%/owner_caches.cpp %D%/owner_caches.h \
  %D%/readings.cpp %D%/readings.h \
  %D%/renderer.cpp %D%/renderer.h \
  %D%/server_address.cpp %D%/server_address.h \
  %D%/slave.cpp %D%/slave.h \
  %D%/slave_wishes.cpp \
  %D%/slave_config.cpp %D%/slave_config.h \
  %D%/watcher.cpp %D%/watcher.h \
  %D%/workshop.cpp %D%/workshop.h \
  %D%/workspace.cpp %D%/workspace.h

bin_PROGRAMS += distren-slave
distren_slave_SOURCES = %D%/main.cpp
distren_slave_CXXFLAGS = $(AM_CXXFLAGS) $(CLI11_CFLAGS)
distren_slave_LDADD = libdistren-slave.a $(COMMON_LIBS)
