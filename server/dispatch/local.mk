# Who renders what, in memory, and the journal that makes it last.
libdistren_server_a_SOURCES += \
  %D%/attempt_state.cpp %D%/attempt_state.h \
  %D%/attempt_table.cpp %D%/attempt_table.h \
  %D%/benchmarks.cpp %D%/benchmarks.h \
  %D%/blocks.cpp %D%/blocks.h \
  %D%/core.h \
  %D%/core_jobs.cpp \
  %D%/core_logs.cpp \
  %D%/core_points.cpp \
  %D%/core_results.cpp \
  %D%/core_slaves.cpp \
  %D%/dispatcher.h \
  %D%/dispatcher_thread.cpp %D%/dispatcher_thread.h \
  %D%/eligibility.cpp \
  %D%/estimate.cpp %D%/estimate.h \
  %D%/event_batcher.cpp %D%/event_batcher.h \
  %D%/explain.cpp \
  %D%/fair_share.cpp %D%/fair_share.h \
  %D%/fair_share_attempts.cpp \
  %D%/fair_share_explain.cpp \
  %D%/grants.cpp %D%/grants.h \
  %D%/hello.cpp \
  %D%/job_queue.cpp %D%/job_queue.h \
  %D%/job_revisions.cpp %D%/job_revisions.h \
  %D%/journal_writer.cpp %D%/journal_writer.h \
  %D%/lease.cpp %D%/lease.h \
  %D%/order.cpp %D%/order.h \
  %D%/paid_time.cpp %D%/paid_time.h \
  %D%/policy.h
