# The private MariaDB and the folder of a grid for one machine.
server_sources += \
  %D%/grid_folder.cpp %D%/grid_folder.h \
  %D%/private_mariadb.cpp %D%/private_mariadb.h
