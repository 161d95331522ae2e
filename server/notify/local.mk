# E-mail and webhooks.
server_sources += \
  %D%/delivery.cpp %D%/delivery.h \
  %D%/mail_client.cpp %D%/mail_client.h \
  %D%/notifier.cpp %D%/notifier.h \
  %D%/reset_link.cpp %D%/reset_link.h \
  %D%/webhook.cpp %D%/webhook.h
