# The OpenAPI document is served, so it is installed; the rest is for reading.
apidir = $(pkgdatadir)
dist_api_DATA = %D%/openapi.yaml
EXTRA_DIST += %D%/protocol.md
