# Which scenes Blender renders for a frame, and whether they have a camera: the rules by which the server checks a scene
# before its first frame (scene/blend/scene_rules.h). Imported by distren_options.py, beside which it is installed.

import bpy

from distren_report import Problem


def shows_strips(scene):
    """Whether the picture comes from the sequencer: from any strip but sounds; from 5.0 on, from one that is not muted."""
    editor = scene.sequence_editor
    if not scene.render.use_sequencer or editor is None:
        return False
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    silent = {index for index, channel in enumerate(editor.channels) if channel.mute} if bpy.app.version >= (5, 0) else ()
    return any(strip.type != "SOUND" and not (bpy.app.version >= (5, 0) and strip.mute) and strip.channel not in silent
               for strip in strips)


def composited_scenes(scene):
    """Whose Render Layers the compositor uses; None: it is switched off."""
    if not scene.render.use_compositing:
        return None
    if hasattr(scene, "compositing_node_group"):
        tree = scene.compositing_node_group
    else:
        tree = scene.node_tree if scene.use_nodes else None
    if tree is None:
        return None
    return [node.scene or scene for node in tree.nodes if node.type == "R_LAYERS" and not node.mute]


def needs_camera(scene):
    """Whether this scene itself is rendered through its camera. A scene that its compositor uses needs one as well; of one
    without, Blender says nothing and saves nothing."""
    if shows_strips(scene):
        return False
    rendered = composited_scenes(scene)
    if rendered is None:
        return True
    for other in rendered:
        markers = [marker.camera for marker in other.timeline_markers if marker.camera]
        if other != scene and other.camera is None and not markers:
            text = 'the compositor of the scene "%s" uses the scene "%s", which has no active camera; choose one there'
            raise Problem(text % (scene.name, other.name), "camera_missing")
    return scene in rendered
