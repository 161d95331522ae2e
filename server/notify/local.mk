# E-mail and webhooks.
libdistren_server_a_SOURCES += \
  %D%/delivery.cpp %D%/delivery.h \
  %D%/mail_client.cpp %D%/mail_client.h \
  %D%/notifier.cpp %D%/notifier.h
