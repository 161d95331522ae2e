// What a .blend stores of each scene that decides how its frames are rendered; filled by BlendScenes, judged by
// scene_rules.h. Values as stored: text is not always UTF-8, numbers are untrusted. What a Blender version does not
// store is nullopt. Any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace distren {

// An object or a collection of a library, of which the file itself knows the name alone.
struct BlendLink {
  std::string library;  // its path as stored
  std::string name;
  bool collection = false;
};

struct BlendCollection {
  std::string name;
  std::vector<std::string> cameras;  // in it and in the collections below it
  std::vector<BlendLink> linked;
};

struct BlendScene {
  std::string name;
  std::vector<std::string> view_layers;           // those that render
  std::vector<std::string> disabled_view_layers;  // the others
  std::optional<std::string> camera;              // name of the active camera; nullopt: none
  bool has_camera = false;                        // true without a name: the camera is in a linked library
  std::vector<std::string> cameras;               // of the objects of this scene, sorted
  std::vector<BlendLink> linked;                  // in its collections: cameras may be among them
  bool camera_markers = false;                    // a camera that renders is bound to a marker
  std::optional<int> frame_start, frame_end, frame_step, frame_current;
  std::optional<std::string> engine;  // CYCLES, BLENDER_EEVEE, BLENDER_RENDER, ...
  std::optional<int> width, height;   // pixels at 100 %
  std::optional<int> percentage;
  std::optional<int> milli_fps;                     // frames in 1,000 seconds
  std::optional<std::string> pixel_aspect;          // "3/2": width of a pixel by its height; nullopt: square
  std::optional<bool> border, crop;                 // render region; crop makes the image as small as the region
  double left = 0, right = 1, bottom = 0, top = 1;  // the region, 0 to 1
  std::optional<bool> motion_blur;
  std::optional<std::string> format;  // PNG, JPEG, OPEN_EXR, FFMPEG, ...
  std::optional<std::string> output_path;
  std::optional<int> samples;     // of Cycles; nullopt: not stored, so Blender's default
  std::optional<bool> denoising;  // as Cycles will do it: stored, or the default of the Blender that saved the file
  std::optional<bool> osl;        // Cycles with Open Shading Language
  bool uses_sequencer = false;    // its pictures come from strips
  std::vector<std::string> strip_scenes;  // rendered by such strips through their own active camera
  bool composites = false;                // the compositor makes its pictures
  bool composites_without_output = false;
  std::vector<std::string> composited_scenes;  // whose Render Layers it uses; itself or others
  std::vector<std::string> wide_nodes;         // kinds of compositor nodes that need the whole picture
  bool file_output_nodes = false;              // the compositor writes files of its own
  bool denoise_nodes = false;                  // the compositor denoises, which not every build supports
  std::optional<std::string> stereo;           // FILES, SIDE_BY_SIDE, TOP_BOTTOM or SAME_SIZE; nullopt: one view
  bool freestyle = false;                      // a view layer that renders draws Freestyle lines
  int freestyle_scripts = 0;                   // style modules that such a view layer runs
  std::optional<std::string> view_transform, look, display;
  bool rigid_body_world = false;
  bool rigid_body_baked = false;
};

}  // namespace distren
