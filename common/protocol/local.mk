# The messages between server and slaves: values, limits, reading and writing.
common_sources += \
  %D%/codec.cpp %D%/codec.h \
  %D%/expectations.cpp %D%/expectations.h \
  %D%/announce.h %D%/json_reader.h %D%/limits.h %D%/messages.h \
  %D%/order.cpp %D%/order.h %D%/order_template.h \
  %D%/renderers.cpp %D%/renderers.h \
  %D%/result.cpp %D%/result.h \
  %D%/shapes.cpp %D%/shapes.h \
  %D%/telemetry.h %D%/text_writer.h
