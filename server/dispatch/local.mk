# Who renders what, in memory, and the journal that makes it last.
server_sources += \
  %D%/attempt_events.cpp %D%/attempt_events.h \
  %D%/attempt_state.cpp %D%/attempt_state.h \
  %D%/attempt_table.cpp %D%/attempt_table.h \
  %D%/benchmark_orders.cpp %D%/benchmark_orders.h \
  %D%/benchmarks.cpp %D%/benchmarks.h \
  %D%/blocks.cpp %D%/blocks.h \
  %D%/core.cpp %D%/core.h \
  %D%/delivered_renderers.cpp %D%/delivered_renderers.h \
  %D%/dispatch_journal.cpp %D%/dispatch_journal.h \
  %D%/dispatcher.cpp %D%/dispatcher.h \
  %D%/eligibility.cpp %D%/eligibility.h \
  %D%/event_batcher.cpp %D%/event_batcher.h \
  %D%/explain.cpp %D%/explain.h \
  %D%/fair_share/attempts.cpp %D%/fair_share/attempts.h \
  %D%/fair_share/estimate.cpp %D%/fair_share/estimate.h \
  %D%/fair_share/explain.cpp %D%/fair_share/explain.h \
  %D%/fair_share/fair_share.cpp %D%/fair_share/fair_share.h \
  %D%/fair_share/queues.cpp %D%/fair_share/queues.h \
  %D%/fair_share/search.cpp %D%/fair_share/search.h \
  %D%/fair_share/slaves.cpp %D%/fair_share/slaves.h \
  %D%/fair_share/stragglers.cpp %D%/fair_share/stragglers.h \
  %D%/fair_share/tables.h \
  %D%/grants.cpp %D%/grants.h \
  %D%/job_events.cpp %D%/job_events.h \
  %D%/job_queue.cpp %D%/job_queue.h \
  %D%/job_revisions.cpp %D%/job_revisions.h \
  %D%/job_table.cpp %D%/job_table.h \
  %D%/journal_writer.cpp %D%/journal_writer.h \
  %D%/lease.cpp %D%/lease.h \
  %D%/load.cpp %D%/load.h \
  %D%/log_requests.cpp %D%/log_requests.h \
  %D%/next_order.cpp %D%/next_order.h \
  %D%/order.cpp %D%/order.h \
  %D%/paid_time.cpp %D%/paid_time.h \
  %D%/payment.cpp %D%/payment.h \
  %D%/points_sync.cpp %D%/points_sync.h \
  %D%/policy.cpp %D%/policy.h \
  %D%/refresh.cpp %D%/refresh.h \
  %D%/renderer_choice.cpp %D%/renderer_choice.h \
  %D%/result_events.cpp %D%/result_events.h \
  %D%/slave_capabilities.cpp %D%/slave_capabilities.h \
  %D%/slave_events.cpp %D%/slave_events.h \
  %D%/slave_faults.cpp %D%/slave_faults.h \
  %D%/slave_table.h \
  %D%/status.cpp %D%/status.h \
  %D%/task_text.cpp %D%/task_text.h \
  %D%/statuses.h \
  %D%/tick.cpp %D%/tick.h
