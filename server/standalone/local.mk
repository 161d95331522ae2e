# The private MariaDB and the folder of a grid for one machine.
libdistren_server_a_SOURCES += \
  %D%/grid_folder.cpp %D%/grid_folder.h \
  %D%/private_mariadb.cpp %D%/private_mariadb.h
