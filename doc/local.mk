# The OpenAPI document is served, so it lies with the server's data; the rest is for reading.
apidir = $(pkgdatadir)
dist_api_DATA = %D%/openapi.yaml
dist_doc_DATA = %D%/architecture.md %D%/points.md %D%/protocol.md %D%/trust.md %D%/upgrade.md
