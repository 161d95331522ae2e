# The web pages. For now one status page without a build step; the web interface will bring its own.
