# HTTP as a client, TLS, uploads in parts.
common_sources += \
  %D%/http_client.cpp %D%/http_client.h \
  %D%/http_download.cpp %D%/http_download.h \
  %D%/http_error.cpp %D%/http_error.h \
  %D%/percent_encoding.cpp %D%/percent_encoding.h \
  %D%/public_address.cpp %D%/public_address.h \
  %D%/tls.cpp %D%/tls.h \
  %D%/tus_client.cpp %D%/tus_client.h
