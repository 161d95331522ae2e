# Connection, workers, migrations.
server_sources += \
  %D%/connection.cpp %D%/connection.h \
  %D%/migrate.cpp %D%/migrate.h \
  %D%/sql_folder.cpp %D%/sql_folder.h \
  %D%/workers.cpp %D%/workers.h
