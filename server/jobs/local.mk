# What happens to jobs.
server_sources += \
  %D%/job_service.cpp %D%/job_service.h \
  %D%/job_state.cpp %D%/job_state.h \
  %D%/maintenance.cpp %D%/maintenance.h \
  %D%/operations.cpp %D%/operations.h \
  %D%/renderer_list.cpp %D%/renderer_list.h \
  %D%/submission_writer.cpp %D%/submission_writer.h
