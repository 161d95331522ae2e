# Files: blobs, uploads, job folders, signed addresses.
server_sources += \
  %D%/blob_store.cpp %D%/blob_store.h \
  %D%/job_folder.cpp %D%/job_folder.h \
  %D%/renderer_key.cpp %D%/renderer_key.h \
  %D%/signed_urls.cpp %D%/signed_urls.h \
  %D%/signer.cpp %D%/signer.h \
  %D%/staged_results.cpp %D%/staged_results.h \
  %D%/uploads.cpp %D%/uploads.h \
  %D%/zip_stream.cpp %D%/zip_stream.h
