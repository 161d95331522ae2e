# Thumbnails, previews and image checks, by sandboxed children.
server_sources += \
  %D%/image_check.cpp %D%/image_check.h \
  %D%/preview.cpp %D%/preview.h \
  %D%/staging_folder.h \
  %D%/thumbnail.cpp %D%/thumbnail.h
