# DistRen's driver inside Blender: renders frames of the file that is open, one after the other.
# Run as: blender --background --factory-startup --disable-autoexec -t N FILE --python-exit-code 97 --python driver.py
# Reads one JSON object a line from stdin, {"frame": 5, "output": "/out/0005.png", "format": "PNG", ...}, and renders
# it; the end of stdin ends Blender. Answers are lines "DISTREN {json}" on stdout with an "event": loaded, warning,
# problem (this frame cannot be rendered, and why), done. A "done" with "next": [6, 14] says that only these frames can
# follow, asked for in the same way (see Animation); for others a new Blender is to be started. The file was made by a
# stranger: nothing of it may run or write, and what it asks for that this Blender cannot do is said, not guessed.

import json
import os
import shutil
import sys

import bpy

TRUSTED = "--enable-autoexec" in sys.argv  # the volunteer lets this owner's scenes run scripts
MOVIE_FORMATS = ("AVI_JPEG", "AVI_RAW", "FFMPEG")
SAID = set()
BORDERS = {}  # a scene's name -> whether it renders a region by itself


def say(event, **values):
    values["event"] = event
    # A line of its own, whatever Blender has printed before.
    sys.stdout.write("\nDISTREN " + json.dumps(values) + "\n")
    sys.stdout.flush()


def warn(text):
    if text not in SAID:
        SAID.add(text)
        say("warning", text=text)


class Problem(Exception):
    """This frame cannot be rendered; the text is for the owner of the job. machine: here, but perhaps elsewhere."""

    def __init__(self, text, machine=False):
        super().__init__(text)
        self.machine = machine

    def say(self):
        say("problem", text=str(self), machine=self.machine)


def names(things):
    listed = ['"%s"' % name for name in sorted(things)]
    if not listed:
        return "it has none"
    if len(listed) > 12:
        listed = listed[:12] + ["and %d more" % (len(listed) - 12)]
    return "it has " + ", ".join(listed)


def scene_cameras(scene):
    return [o for o in scene.objects if o.type == "CAMERA"]


# --- what the file lacks -------------------------------------------------------------------------------------------


def file_of(data):
    return bpy.path.abspath(data.filepath, library=data.library)


def shown(data):
    path = data.filepath
    return path if path.startswith("//") else path + " (an absolute path of another machine; make it relative)"


def report_missing():
    for library in bpy.data.libraries:
        path = bpy.path.abspath(library.filepath, library=library.parent)
        if not library.packed_file and not os.path.exists(path):
            warn("the linked library %s is missing" % shown(library))
    for image in bpy.data.images:
        if image.source not in ("FILE", "SEQUENCE", "MOVIE", "TILED") or image.packed_file or not image.filepath:
            continue
        if getattr(image, "packed_files", None) or image.users == 0:
            continue
        path = file_of(image)
        if image.source == "TILED":
            path = path.replace("<UDIM>", "1001")
        if not os.path.exists(path):
            warn("the texture %s is missing" % shown(image))


def report_loaded():
    say(
        "loaded",
        blender=bpy.app.version_string,
        scenes=[
            {
                "name": scene.name,
                "cameras": sorted(o.name for o in scene_cameras(scene)),
                "camera": scene.camera.name if scene.camera else None,
                "engine": scene.render.engine,
                "start": scene.frame_start,
                "end": scene.frame_end,
                "width": scene.render.resolution_x,
                "height": scene.render.resolution_y,
                "percentage": scene.render.resolution_percentage,
            }
            for scene in bpy.data.scenes[:64]
        ],
    )


# --- what a file may not do ----------------------------------------------------------------------------------------


def can_denoise():
    try:
        import _cycles
    except ImportError:
        return False
    return bool(getattr(_cycles, "with_openimagedenoise", False))


def node_trees():
    trees = list(bpy.data.node_groups)
    for scene in bpy.data.scenes:
        tree = getattr(scene, "compositing_node_group", None) or getattr(scene, "node_tree", None)
        if tree is not None and tree not in trees:
            trees.append(tree)
    return trees


def neutralise_nodes(denoise):
    for tree in node_trees():
        for node in tree.nodes:
            if node.type == "OUTPUT_FILE" and not node.mute:
                node.mute = True
                warn("the File Output node \"%s\" is muted: a frame is one image here" % node.name)
            if node.type == "DENOISE" and not denoise and not node.mute:
                node.mute = True
                warn("the compositor's Denoise node is muted: this Blender was built without OpenImageDenoise")


def remove_freestyle(scene):
    scene.render.use_freestyle = False
    for layer in scene.view_layers:
        layer.use_freestyle = False
        modules = layer.freestyle_settings.modules if hasattr(layer, "freestyle_settings") else ()
        for module in list(modules):
            modules.remove(module)


def neutralise_scene(scene, denoise):
    render = scene.render
    if render.use_freestyle and not TRUSTED:
        warn("Freestyle is switched off: its style modules are programs, and these do not run on volunteers' machines")
    if not TRUSTED:
        remove_freestyle(scene)
    render.use_multiview = False
    render.use_placeholder = False
    render.threads_mode = "AUTO"  # the number given on the command line counts
    cycles = getattr(scene, "cycles", None)
    if cycles is None:
        return
    cycles.device = "CPU"
    if getattr(cycles, "shading_system", False) and not TRUSTED:
        cycles.shading_system = False
        warn("Open Shading Language is switched off: its shaders can write files")
    if denoise:
        return
    layers = [layer.cycles for layer in scene.view_layers if hasattr(layer, "cycles")]
    if render.engine == "CYCLES" and cycles.use_denoising and any(getattr(l, "use_denoising", True) for l in layers):
        warn("denoising is switched off: this Blender was built without OpenImageDenoise")
    cycles.use_denoising = False


def use_devices(wanted):
    """Exactly these, and not the processor beside them: two kinds of kernels in one picture do not agree in every pixel."""
    preferences = bpy.context.preferences.addons["cycles"].preferences
    kind = wanted[0]["type"]
    ids = {device["id"] for device in wanted}
    try:
        preferences.compute_device_type = kind
        listed = list(preferences.get_devices_for_type(kind) or ())
    except (TypeError, ValueError):
        listed = []
    here = {device.id for device in listed if device.type == kind}
    if not ids <= here:
        raise Problem("the graphics card %s is not there any more" % ", ".join(sorted(ids - here)), machine=True)
    for device in preferences.devices:
        device.use = device.type == kind and device.id in ids
    for scene in bpy.data.scenes:
        if getattr(scene, "cycles", None) is not None:
            scene.cycles.device = "GPU"


def neutralise():
    denoise = can_denoise()
    for scene in bpy.data.scenes:
        neutralise_scene(scene, denoise)
    neutralise_nodes(denoise)


# --- one frame -----------------------------------------------------------------------------------------------------


def choose_scene(wanted):
    if wanted is None:
        return bpy.context.scene
    scene = bpy.data.scenes.get(wanted)
    if scene is None:
        raise Problem('the scene "%s" is not in the file; %s' % (wanted, names(bpy.data.scenes.keys())))
    # Blender 3.4 renders a scene that no window shows without moving its animation to the frame.
    for window in bpy.context.window_manager.windows:
        window.scene = scene
    return scene


def choose_camera(scene, wanted):
    cameras = scene_cameras(scene)
    if wanted is not None:
        for camera in cameras:
            if camera.name == wanted:
                # Markers bound to other cameras would switch away from the one that was asked for.
                for marker in scene.timeline_markers:
                    marker.camera = None
                scene.camera = camera
                return
        text = 'the camera "%s" is not in the scene "%s"; %s'
        raise Problem(text % (wanted, scene.name, names(c.name for c in cameras)))
    sequenced = scene.render.use_sequencer and scene.sequence_editor and len(scene.sequence_editor.sequences_all) > 0
    if scene.camera is None and not sequenced and not any(marker.camera for marker in scene.timeline_markers):
        text = 'no camera is active in the scene "%s"; choose one of its own: %s'
        raise Problem(text % (scene.name, names(c.name for c in cameras)))


def engines_like(wanted):
    eevees = ("BLENDER_EEVEE", "BLENDER_EEVEE_NEXT")
    return [wanted] + [e for e in eevees if wanted in eevees and e != wanted]


def choose_engine(scene, wanted):
    if wanted is None or scene.render.engine == wanted:
        return
    for engine in engines_like(wanted):
        try:
            scene.render.engine = engine
            return
        except TypeError:
            continue
    raise Problem('this Blender (%s) has no render engine "%s"' % (bpy.app.version_string, wanted))


def choose_view_layer(scene, wanted):
    if wanted is None:
        return
    if wanted not in scene.view_layers:
        text = 'the view layer "%s" is not in the scene "%s"; %s'
        raise Problem(text % (wanted, scene.name, names(scene.view_layers.keys())))
    for layer in scene.view_layers:
        layer.use = layer.name == wanted


def choose_size(scene, order):
    render = scene.render
    if order.get("width") is not None:
        render.resolution_x, render.resolution_y = order["width"], order["height"]
        render.resolution_percentage = 100
    if order.get("percentage") is not None:
        render.resolution_percentage = order["percentage"]


def choose_tile(scene, order):
    """Pixels are counted from 1 and from the top left corner; Blender wants shares of the size, from the bottom left.
    The half pixel is there because Blender cuts the product off."""
    if order.get("first-column") is None:
        return
    render = scene.render
    if scene.name not in BORDERS:
        BORDERS[scene.name] = render.use_border
    if BORDERS[scene.name]:
        raise Problem('the scene "%s" renders only a region of its picture; switch that off to render in tiles' % scene.name)
    width = render.resolution_x * render.resolution_percentage // 100
    height = render.resolution_y * render.resolution_percentage // 100
    render.use_border = render.use_crop_to_border = True
    render.border_min_x = (order["first-column"] - 0.5) / width
    render.border_max_x = (order["last-column"] + 0.5) / width
    render.border_min_y = (height - order["last-row"] + 0.5) / height
    render.border_max_y = (height - order["first-row"] + 1.5) / height
    if render.use_compositing and scene.use_nodes:
        warn("its compositing sees one tile at a time: what spreads further than the overscan shows at the edges of tiles")
    if render.engine == "CYCLES" and scene.cycles.use_denoising:
        scene.cycles.use_denoising = False
        warn("tiles are not denoised one by one, which would show at their edges; ask for denoising of the whole frame")


def choose_denoising_data(scene, wanted):
    if wanted != "on":
        return
    for layer in scene.view_layers:
        if hasattr(layer, "cycles"):
            layer.cycles.denoising_store_passes = True


def choose_samples(scene, samples):
    if samples is None:
        return
    engine = scene.render.engine
    if engine == "CYCLES":
        scene.cycles.samples = samples
        if hasattr(scene.cycles, "use_square_samples"):
            scene.cycles.use_square_samples = False
        for layer in scene.view_layers:
            layer.samples = 0  # a view layer's own number would win
    elif engine.startswith("BLENDER_EEVEE"):
        scene.eevee.taa_render_samples = samples
    else:
        warn("the render engine %s takes no number of samples" % engine)


def choose_format(scene, wanted):
    settings = scene.render.image_settings
    if wanted is None and settings.file_format in MOVIE_FORMATS:
        wanted = "PNG"
        warn("the file asks for a movie; frames are saved as PNG")
    if wanted is None or settings.file_format == wanted:
        return
    if hasattr(settings, "media_type"):
        settings.media_type = "MULTI_LAYER_IMAGE" if wanted == "OPEN_EXR_MULTILAYER" else "IMAGE"
    try:
        settings.file_format = wanted
    except TypeError:
        raise Problem('this Blender (%s) cannot save "%s"' % (bpy.app.version_string, wanted))


def size_of(scene):
    """As Blender computes it: border and crop are cut from the scaled size."""
    render = scene.render
    width = render.resolution_x * render.resolution_percentage // 100
    height = render.resolution_y * render.resolution_percentage // 100
    if render.use_border and render.use_crop_to_border:
        left, right = int(render.border_min_x * width), int(render.border_max_x * width)
        bottom, top = int(render.border_min_y * height), int(render.border_max_y * height)
        width, height = right - left, top - bottom
    return max(width, 1), max(height, 1)


def prepare(order):
    scene = choose_scene(order.get("scene"))
    choose_camera(scene, order.get("camera"))
    choose_engine(scene, order.get("engine"))
    choose_samples(scene, order.get("samples"))
    choose_format(scene, order.get("format"))
    choose_view_layer(scene, order.get("view-layer"))
    choose_size(scene, order)
    choose_denoising_data(scene, order.get("denoising-data"))
    choose_tile(scene, order)
    neutralise()
    if order.get("devices"):
        use_devices(order["devices"])
    scene.render.use_file_extension = False
    return scene


def say_done(scene, order, **more):
    output = order["output"]
    if not os.path.isfile(output) or os.path.getsize(output) == 0:
        raise Problem("Blender rendered frame %d but saved no image" % order["frame"])
    width, height = size_of(scene)
    file_format = scene.render.image_settings.file_format
    say("done", frame=order["frame"], width=width, height=height, format=file_format, **more)


def remove(path):
    if os.path.exists(path):
        os.remove(path)


def render(scene, **how):
    try:
        bpy.ops.render.render(scene=scene.name, **how)
    except RuntimeError as error:
        raise Problem("Blender says: " + " ".join(str(error).split()))


def render_alone(scene, order):
    scene.render.filepath = order["output"]
    scene.render.use_overwrite = True
    remove(order["output"])
    scene.frame_set(order["frame"])
    render(scene, write_still=True)
    say_done(scene, order)


class Animation:
    """Frame after frame in one render(): an engine that draws on the GPU needs seconds to set up for each render(),
    and a fraction of that for a frame. Blender walks through the frames; after each one the handler waits for the next
    order, and lets frames that nobody asked for be skipped: Blender leaves out those whose file is there already."""

    FRAMES = 100  # of one render(); then the set-up is paid again
    AHEAD = 8  # what may be skipped: each frame is passed through, which costs as much as moving the scene there

    def __init__(self, scene, order):
        self.scene = scene
        self.order = order
        self.first = order["frame"]
        self.last = self.first + self.FRAMES - 1
        self.finished = False  # the order at work
        self.skipped = []  # empty files in the place of frames
        self.range = (scene.frame_start, scene.frame_end, scene.frame_step)

    @staticmethod
    def suits(scene, order):
        engine = scene.render.engine
        drawn = engine.startswith("BLENDER_EEVEE") or engine == "BLENDER_WORKBENCH"
        return drawn and 0 <= order["frame"] <= 1048574 - Animation.FRAMES

    def path(self, frame):
        return self.scene.render.frame_path(frame=frame)

    def run(self):
        scene = self.scene
        folder = os.path.dirname(self.order["output"])
        scene.render.filepath = os.path.join(folder, "animation-########")
        scene.render.use_overwrite = False
        for frame in range(self.first, self.last + 1):
            remove(self.path(frame))
        scene.frame_start, scene.frame_end, scene.frame_step = self.first, self.last, 1
        handlers = bpy.app.handlers
        handlers.render_init.append(self.begun)
        handlers.render_write.append(self.written)
        try:
            render(scene, animation=True)
        finally:
            handlers.render_init.remove(self.begun)
            handlers.render_write.remove(self.written)
            self.begun()
        if not self.finished:
            raise Problem("Blender rendered frame %d but saved no image" % self.order["frame"])

    def begun(self, *_):
        """Blender has taken the range; what in the scene depends on it shall see its own."""
        self.scene.frame_start, self.scene.frame_end, self.scene.frame_step = self.range

    def written(self, *_):
        # Blender prints what a handler raises, and goes on.
        try:
            self.hand_over()
        except Problem as problem:
            problem.say()
            leave()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            leave(97)

    def hand_over(self):
        frame = self.order["frame"]
        if self.scene.frame_current != frame:
            raise Problem("Blender rendered frame %d in place of %d" % (self.scene.frame_current, frame))
        os.replace(self.path(frame), self.order["output"])
        while self.skipped:
            os.remove(self.skipped.pop())
        self.finished = True
        if frame == self.last:
            say_done(self.scene, self.order)
            return  # the next order is taken by main()
        until = min(frame + self.AHEAD, self.last)
        say_done(self.scene, self.order, next=[frame + 1, until])
        order = next_order()
        if order is None:
            leave()
        same = {**self.order, "frame": 0, "output": ""} == {**order, "frame": 0, "output": ""}
        if not same or not frame < order["frame"] <= until:
            leave()
        self.skipped = [self.path(each) for each in range(frame + 1, order["frame"])]
        for path in self.skipped:
            open(path, "x").close()
        self.order = order
        self.finished = False


def next_order():
    for line in sys.stdin:
        if line.strip():
            return json.loads(line)
    return None


def leave(code=0):
    """From within a handler, where Blender would not end by itself."""
    shutil.rmtree(bpy.app.tempdir, ignore_errors=True)
    sys.stdout.flush()
    os._exit(code)


def render_frame(order):
    scene = prepare(order)
    if Animation.suits(scene, order):
        Animation(scene, order).run()
    else:
        render_alone(scene, order)


def main():
    neutralise()
    report_missing()
    report_loaded()
    while (order := next_order()) is not None:
        try:
            render_frame(order)
        except Problem as problem:
            problem.say()


main()
