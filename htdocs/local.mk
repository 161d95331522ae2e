# The web pages. For now one status page without a build step; the web interface will bring its own.
htdocsdir = $(distrenhome)/htdocs
dist_htdocs_DATA = %D%/index.html %D%/app.js %D%/style.css %D%/icon.svg
