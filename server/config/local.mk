# The configuration file and the runtime settings.
server_sources += \
  %D%/mail_address.cpp %D%/mail_address.h \
  %D%/runtime_settings.cpp %D%/runtime_settings.h \
  %D%/server_config.cpp %D%/server_config.h \
  %D%/web_origin.cpp %D%/web_origin.h
