# From a request to a planned submission: checks, parameter file, variations, tiles, steps; no HTTP.
server_sources += \
  %D%/blend_check.cpp %D%/blend_check.h \
  %D%/finding.cpp %D%/finding.h \
  %D%/job_inspection.cpp %D%/job_inspection.h \
  %D%/job_request.cpp %D%/job_request.h \
  %D%/parameter_file.cpp %D%/parameter_file.h \
  %D%/plan.cpp %D%/plan.h \
  %D%/povray_check.cpp %D%/povray_check.h \
  %D%/renderer_archive.cpp %D%/renderer_archive.h \
  %D%/renderer_match.cpp %D%/renderer_match.h \
  %D%/scene_reader.cpp %D%/scene_reader.h
