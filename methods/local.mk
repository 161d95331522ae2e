# Render methods: a folder each, with definition, driver script and scenes.
methodsdir = $(pkgdatadir)
nobase_dist_methods_DATA = %D%/method.xsd %D%/blender/method.xml %D%/blender/driver.py
