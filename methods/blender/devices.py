# Tells which devices besides the processor Cycles could render on here, one line for DistRen:
# DISTREN {"event": "devices", "devices": [{"id": "CUDA_...", "name": "NVIDIA ...", "type": "OPTIX"}]}
# Run as: blender --background --factory-startup --python devices.py

import json
import sys

import bpy

TYPES = ("OPTIX", "CUDA", "HIP", "ONEAPI", "METAL")


def found():
    addon = bpy.context.preferences.addons.get("cycles")
    if addon is None:
        return []
    preferences = addon.preferences
    devices = []
    for kind in TYPES:
        try:
            listed = preferences.get_devices_for_type(kind)
        except (ValueError, TypeError):  # a Blender that was built without it
            continue
        devices += [{"id": d.id, "name": d.name, "type": kind} for d in listed or () if d.type == kind]
    return devices


sys.stdout.write("\nDISTREN " + json.dumps({"event": "devices", "devices": found()}) + "\n")
sys.stdout.flush()
