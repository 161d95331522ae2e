# Saves one picture of scene-linear pixels (OpenEXR, HDR) as the scene's Blender would have saved that frame: through its
# view transform, look, exposure and gamma. Nothing is rendered, and nothing of the scene runs.
# Run as: blender --background ... SCENE.blend --python view.py -- PICTURES FRAME OUTPUT FORMAT [SCENE]
# PICTURES: a pattern like /job/output/%04d.exr. Exit 97 by an exception is a failure.

import os
import sys

import bpy

pictures, frame, output, file_format, *rest = sys.argv[sys.argv.index("--") + 1 :]
picture = pictures % int(frame)
if not os.path.isfile(picture):
    raise SystemExit("DISTREN no picture %s" % os.path.basename(picture))

scene = bpy.data.scenes[rest[0]] if rest else bpy.context.scene
image = bpy.data.images.load(picture)
settings = scene.render.image_settings
if hasattr(settings, "media_type"):
    settings.media_type = "IMAGE"
settings.file_format = file_format
settings.color_mode = "RGBA" if image.channels == 4 and image.alpha_mode != "NONE" else "RGB"
settings.color_depth = "8"
settings.compression = 15
image.save_render(output, scene=scene)
if not os.path.isfile(output) or os.path.getsize(output) == 0:
    raise SystemExit("DISTREN cannot save the picture")
