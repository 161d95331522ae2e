# Render methods: a folder each, with definition, driver script and scenes.
EXTRA_DIST +=
