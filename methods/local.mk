# Render methods: a folder each, with definition, driver script and scenes.
methodsdir = $(pkgdatadir)
nobase_dist_methods_DATA = %D%/method.xsd %D%/blender/method.xml %D%/blender/driver.py %D%/blender/devices.py \
  %D%/blender/distren_cameras.py %D%/blender/distren_options.py %D%/blender/distren_outputs.py %D%/blender/distren_paths.py \
  %D%/blender/distren_report.py %D%/blender/distren_safety.py %D%/blender/distren_versions.py \
  %D%/blender/benchmark/benchmark.blend %D%/blender/benchmark/make_benchmark.py \
  %D%/povray/method.xml %D%/povray/benchmark/benchmark.pov %D%/imagemagick/method.xml %D%/ffmpeg/method.xml \
  %D%/stitch/method.xml %D%/view/method.xml %D%/view/view.py %D%/denoise/method.xml %D%/denoise/denoise.py %D%/parameters.xsd \
  %D%/blender/probe/probe.blend %D%/blender/probe/make_probe.py %D%/povray/probe/probe.pov \
  %D%/imagemagick/probe/picture.ppm %D%/ffmpeg/probe/picture.ppm \
  %D%/denoise/probe/probe.blend %D%/denoise/probe/noisy0001.exr

# The animation that a new grid renders first.
blendersampledir = $(pkgdatadir)/methods/blender/sample
dist_blendersample_DATA = %D%/blender/sample/distren-sample.blend
EXTRA_DIST += %D%/blender/sample/make_sample.py
