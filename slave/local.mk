# distren-slave, and the slave library that distren-simpleslave links too.
noinst_LIBRARIES += libdistren-slave.a
libdistren_slave_a_CPPFLAGS = $(AM_CPPFLAGS) -DDISTREN_VERSION='"$(PACKAGE_VERSION)"'
libdistren_slave_a_CXXFLAGS = $(AM_CXXFLAGS)
slave_sources = \
  %D%/backoff.h \
  %D%/blocks.cpp %D%/blocks.h \
  %D%/cache.cpp %D%/cache.h \
  %D%/check.cpp %D%/check.h \
  %D%/control.cpp %D%/control.h \
  %D%/folder_cleanup.cpp %D%/folder_cleanup.h \
  %D%/disk_usage.cpp %D%/disk_usage.h \
  %D%/full_screen.cpp %D%/full_screen.h \
  %D%/result_uploader.cpp %D%/result_uploader.h \
  %D%/image_check.cpp %D%/image_check.h \
  %D%/gpu.cpp %D%/gpu.h %D%/gpu_access.cpp %D%/gpu_access.h \
  %D%/cgroup.cpp %D%/cgroup.h %D%/installed_methods.cpp %D%/installed_methods.h \
  %D%/resource_limits.cpp %D%/resource_limits.h \
  %D%/line.cpp %D%/line.h \
  %D%/machine.cpp %D%/machine.h %D%/kernel_files.h \
  %D%/availability.cpp %D%/availability.h \
  %D%/order_refresher.cpp %D%/order_refresher.h \
  %D%/outbox.cpp %D%/outbox.h \
  %D%/shader_caches.cpp %D%/shader_caches.h \
  %D%/machine_monitor.cpp %D%/machine_monitor.h \
  %D%/render_warnings.cpp %D%/render_warnings.h \
  %D%/renderer.cpp %D%/renderer.h %D%/renderer_stock.cpp %D%/renderer_stock.h %D%/trial.cpp %D%/trial.h \
  %D%/server_address.cpp %D%/server_address.h \
  %D%/slave.cpp %D%/slave.h \
  %D%/slave_messages.cpp \
  %D%/remote_settings.cpp \
  %D%/slave_config.cpp %D%/slave_config.h \
  %D%/availability_monitor.cpp %D%/availability_monitor.h \
  %D%/task_runner.cpp %D%/task_runner.h %D%/task_renderers.cpp \
  %D%/delivered_renderers.cpp %D%/delivered_renderers.h %D%/renderer_store.cpp %D%/renderer_store.h \
  %D%/traceback.cpp %D%/traceback.h \
  %D%/workspace.cpp %D%/workspace.h
slave_units = units/slave-1-of-3.cpp units/slave-2-of-3.cpp units/slave-3-of-3.cpp
if UNITS
nodist_libdistren_slave_a_SOURCES = $(slave_units)
else
libdistren_slave_a_SOURCES = $(slave_sources)
endif

bin_PROGRAMS += distren-slave
distren_slave_SOURCES = %D%/main.cpp
distren_slave_CXXFLAGS = $(AM_CXXFLAGS) $(CLI11_CFLAGS)
distren_slave_LDADD = libdistren-slave.a $(COMMON_LIBS) $(ARCHIVE_LIBS)
