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

if not hasattr(scene, "compositing_node_group"):
    scene.use_nodes = True
    tree = scene.node_tree
    tree.nodes.clear()  # no Render Layers node: nothing is rendered
    result = tree.nodes.new("CompositorNodeComposite").inputs["Image"]
else:  # from 5.0 on the compositor of a scene is a group, whose first output is the image
    tree = bpy.data.node_groups.new("Denoise", "CompositorNodeTree")
    tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    result = tree.nodes.new("NodeGroupOutput").inputs["Image"]
    scene.compositing_node_group = tree
source = tree.nodes.new("CompositorNodeImage")
source.image = image
outputs = {socket.name: socket for socket in source.outputs}
if "Denoising Normal" not in outputs or "Denoising Albedo" not in outputs:
    raise SystemExit("DISTREN no data in %s, which has %s" % (os.path.basename(picture), ", ".join(sorted(outputs))))
denoise = tree.nodes.new("CompositorNodeDenoise")
noisy = outputs.get("Noisy Image") or outputs["Combined"]
tree.links.new(noisy, denoise.inputs["Image"])
tree.links.new(outputs["Denoising Normal"], denoise.inputs["Normal"])
tree.links.new(outputs["Denoising Albedo"], denoise.inputs["Albedo"])
clean = denoise.outputs["Image"]
if "Alpha" in outputs:
    alpha = tree.nodes.new("CompositorNodeSetAlpha")
    if "Type" in alpha.inputs:
        alpha.inputs["Type"].default_value = "Replace Alpha"
    else:
        alpha.mode = "REPLACE_ALPHA"
    tree.links.new(clean, alpha.inputs["Image"])
    tree.links.new(outputs["Alpha"], alpha.inputs["Alpha"])
    clean = alpha.outputs["Image"]
tree.links.new(clean, result)

render = scene.render
render.use_compositing = True
render.use_sequencer = render.use_border = render.use_freestyle = render.use_multiview = False
render.resolution_x, render.resolution_y = int(width), int(height)  # a file of layers does not tell its own
render.resolution_percentage = 100
render.filepath = output
render.use_file_extension = False
render.use_overwrite = True
if hasattr(render.image_settings, "media_type"):  # from 5.0 on
    render.image_settings.media_type = "IMAGE"
render.image_settings.file_format = file_format
bpy.ops.render.render(write_still=True, scene=scene.name)
