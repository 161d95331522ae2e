# Connection, workers, migrations.
libdistren_server_a_SOURCES += \
  %D%/connection.cpp %D%/connection.h \
  %D%/migrate.cpp %D%/migrate.h \
  %D%/sql_folder.cpp %D%/sql_folder.h \
  %D%/workers.cpp %D%/workers.h
