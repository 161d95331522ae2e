# What Blender's versions have in different places or under different names, from LEAST on: everything that depends on the
# version stands here. Imported by the driver's other files, beside which it is installed. Read by any Python 3.7, so that
# an older Blender is refused with a sentence.

import bpy

LEAST = (2, 93)
EEVEES = ("BLENDER_EEVEE", "BLENDER_EEVEE_NEXT")  # 2.8 to 4.1 and from 5.0 on; 4.2 to 4.5


def too_old():
    """Why this Blender cannot render here, or None."""
    if bpy.app.version >= LEAST:
        return None
    return "DistRen renders with Blender %d.%d or newer, and this is %s" % (LEAST + (bpy.app.version_string,))


def strips(scene):
    """Those of the sequencer, in meta strips too. From 5.0 on every scene has an editor."""
    editor = scene.sequence_editor
    if editor is None:
        return []
    return list(editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all)


def compositor(scene):
    """The node tree through which its images go; None: none. From 5.0 on use_nodes is always true."""
    if not scene.render.use_compositing:
        return None
    if hasattr(scene, "compositing_node_group"):
        return scene.compositing_node_group
    return scene.node_tree if scene.use_nodes else None


def compositor_trees():
    """All of the file: what does not render today may after another choice."""
    trees = [tree for tree in bpy.data.node_groups if tree.bl_idname == "CompositorNodeTree"]
    for scene in bpy.data.scenes:
        tree = None if hasattr(scene, "compositing_node_group") else scene.node_tree
        if tree is not None:
            trees.append(tree)
    return trees


def set_engine(scene, requested):
    """False: this Blender has no such engine, under none of its names."""
    for engine in [requested] + [each for each in EEVEES if requested in EEVEES and each != requested]:
        try:
            scene.render.engine = engine
            return True
        except TypeError:
            continue
    return False


def set_format(settings, requested):
    """False: this Blender cannot save it. From 5.0 on the kind comes before the format."""
    try:
        if hasattr(settings, "media_type"):
            settings.media_type = "MULTI_LAYER_IMAGE" if requested == "OPEN_EXR_MULTILAYER" else "IMAGE"
        settings.file_format = requested
        return True
    except TypeError:
        return False


def program_cameras():
    """From 5.0 on a camera can be a program in Open Shading Language, whatever the scene's shading system is."""
    return [camera for camera in bpy.data.cameras if camera.type == "CUSTOM"]


def report_progress(tell):
    """tell(text) while it renders, where Blender prints nothing of it in the background: from 5.0 on."""
    if bpy.app.version >= (5, 0):
        bpy.app.handlers.render_stats.append(lambda text, *_: tell(text))


def stills_have_no_number():
    """From 5.0 on File Output nodes add the number of the frame in an animation alone."""
    return bpy.app.version >= (5, 0)


def is_layered(node):
    return node.format.file_format == "OPEN_EXR_MULTILAYER"


def output_paths(node):
    """Of a File Output node: the folder, and the names below it. Until 4.5 base_path is the folder of the slots, or the name
    of the one file of layers; from 5.0 on folder, name and items stand apart."""
    if hasattr(node, "directory"):
        items = [] if is_layered(node) else [item.name for item in node.file_output_items]
        return node.directory, [node.file_name] + items
    if not is_layered(node):
        return node.base_path, [slot.path for slot in node.file_slots]
    folder, separator, name = node.base_path.replace("\\", "/").rpartition("/")
    return folder + separator, [name]


def set_output_paths(node, folder, names):
    """As output_paths() lists them; the folder ends in /. Raises what assignments raise where the node cannot be changed."""
    if hasattr(node, "directory"):
        node.directory, node.file_name = folder, names[0]
        for item, name in zip(() if is_layered(node) else node.file_output_items, names[1:]):
            item.name = name
        return
    node.base_path = folder + names[0] if is_layered(node) else folder
    for slot, name in zip(() if is_layered(node) else node.file_slots, names):
        slot.path = name
