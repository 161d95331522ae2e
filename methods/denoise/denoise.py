# Denoises one frame inside Blender: the picture's own normals and albedo guide OpenImageDenoise, and the scene's colour
# management and output settings make the result what Blender would have saved. Nothing of the scene is rendered.
# Run as: blender --background ... SCENE.blend --python denoise.py -- PICTURES FRAME OUTPUT WIDTH HEIGHT FORMAT [SCENE]
# PICTURES: a pattern like /job/output/%04d.exr of multilayer OpenEXR files. Exit 97 by an exception is a failure.

import os
import sys

import bpy

pictures, frame, output, width, height, file_format, *rest = sys.argv[sys.argv.index("--") + 1 :]
picture = pictures % int(frame)
if not os.path.isfile(picture):
    raise SystemExit("DISTREN no picture %s" % os.path.basename(picture))

scene = bpy.data.scenes[rest[0]] if rest else bpy.context.scene
for window in bpy.context.window_manager.windows:
    window.scene = scene
image = bpy.data.images.load(picture)

scene.use_nodes = True
tree = scene.node_tree
tree.nodes.clear()  # no Render Layers node: nothing is rendered
source = tree.nodes.new("CompositorNodeImage")
source.image = image
outputs = {socket.name: socket for socket in source.outputs}
if "Denoising Normal" not in outputs or "Denoising Albedo" not in outputs:
    raise SystemExit("DISTREN no data in %s, which has %s" % (os.path.basename(picture), ", ".join(sorted(outputs))))
denoise = tree.nodes.new("CompositorNodeDenoise")
result = tree.nodes.new("CompositorNodeComposite")
noisy = outputs.get("Noisy Image") or outputs["Combined"]
tree.links.new(noisy, denoise.inputs["Image"])
tree.links.new(outputs["Denoising Normal"], denoise.inputs["Normal"])
tree.links.new(outputs["Denoising Albedo"], denoise.inputs["Albedo"])
tree.links.new(denoise.outputs["Image"], result.inputs["Image"])
if "Alpha" in outputs:
    tree.links.new(outputs["Alpha"], result.inputs["Alpha"])

render = scene.render
render.use_compositing = True
render.use_sequencer = render.use_border = render.use_freestyle = render.use_multiview = False
render.resolution_x, render.resolution_y = int(width), int(height)  # a file of layers does not tell its own
render.resolution_percentage = 100
render.filepath = output
render.use_file_extension = False
render.use_overwrite = True
if hasattr(render.image_settings, "media_type"):
    render.image_settings.media_type = "IMAGE"
render.image_settings.file_format = file_format
bpy.ops.render.render(write_still=True, scene=scene.name)
