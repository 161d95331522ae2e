# Archives of renderers. What uses them links $(ARCHIVE_LIBS).
common_sources += %D%/unpack.cpp %D%/unpack.h
