// The benchmark of the method povray. The frame's number (frame_number) places the things and is written along the
// lower edge, as methods/method.xsd has it. Focal blur takes Samples rays for every pixel, no more and no fewer, so
// that the work is a + b * samples * pixels; the squares stand in the plane of focus and stay sharp.
#version 3.7;
#ifndef (Samples)
#declare Samples = 16;
#end

#declare Distance = 4;  // of the plane of focus, one unit of which is as high as the picture
#declare Wide = 16 / 9;
#declare Side = Wide / 22;

global_settings { assumed_gamma 1 max_trace_level 6 }
camera {
  perspective
  location <0, 0, -Distance>
  direction <0, 0, Distance>
  right x * Wide
  up y
  aperture 0.06
  focal_point <0, 0, 0>
  blur_samples Samples, Samples
  confidence 0.9
  variance 0
}
background { rgb <0.16, 0.2, 0.28> }
light_source { <-30, 40, -40> rgb <1, 0.94, 0.85> area_light x * 8, y * 8, 2, 2 }
light_source { <40, 30, 10> rgb <0.3, 0.4, 0.55> }

// --- the number, lit by nothing and lighting nothing
#macro Square(Index, White)
  // The outer ones reach beyond the picture: rays are spread around the middles of its pixels.
  polygon {
    5, <(Index = 0 ? -1 : 0), -1>, <(Index = 21 ? 2 : 1), -1>, <(Index = 21 ? 2 : 1), 1>, <(Index = 0 ? -1 : 0), 1>,
    <(Index = 0 ? -1 : 0), -1>
    texture {
      pigment { rgb White }
      finish { ambient 0 diffuse 0 emission 1 }
    }
    scale <Side, Side, 1>
    translate <Index * Side - Wide / 2, -0.5, 0>
    no_shadow
    no_reflection
  }
#end
Square(0, 1)
#for (Bit, 0, 19)
  Square(Bit + 1, mod(floor(frame_number / pow(2, Bit)), 2))
#end
Square(21, 0)

// --- what is rendered: behind the squares, and always about as much of it
#declare Chance = seed(frame_number);
plane {
  y, -0.62
  texture {
    pigment { granite color_map { [0 rgb <0.32, 0.27, 0.2>] [1 rgb <0.52, 0.45, 0.36>] } scale 0.4 }
    normal { bumps 0.3 scale 0.08 }
    finish { diffuse 0.8 reflection 0.05 }
  }
}
#macro Thing(Kind)
  #switch (Kind)
    #case (0)
      sphere { 0, 0.2 pigment { rgb <0.7, 0.25, 0.12> } normal { granite 0.2 scale 0.2 } finish { diffuse 0.8 } }
      #break
    #case (1)
      torus { 0.17, 0.06 rotate x * 70 pigment { rgb <0.8, 0.75, 0.6> } finish { diffuse 0.3 reflection 0.5 specular 0.6 } }
      #break
    #case (2)
      isosurface {
        function { x * x + y * y + z * z - 0.03 + 0.012 * sin(24 * x) * sin(24 * y) * sin(24 * z) }
        contained_by { sphere { 0, 0.22 } }
        max_gradient 1.2
        pigment { rgb 0.8 }
        finish { diffuse 0.8 }
      }
      #break
    #case (3)
      sphere { 0, 0.19 pigment { rgbf <0.9, 0.97, 0.93, 0.85> } finish { diffuse 0.1 reflection 0.1 } interior { ior 1.45 } }
      #break
    #else
      superellipsoid { <0.3, 0.3> scale 0.16 pigment { rgb <0.15, 0.35, 0.7> } finish { diffuse 0.8 phong 0.5 } }
  #end
#end
#for (Row, 0, 2)
  #for (Column, 0, 4)
    object {
      Thing(mod(Column + Row * 2, 5))
      rotate <rand(Chance), rand(Chance), rand(Chance)> * 360
      translate <(Column - 2) * 0.46 * (1 + Row * 0.15) + (rand(Chance) - 0.5) * 0.14,
                 -0.2 + Row * 0.22 + (rand(Chance) - 0.5) * 0.1, 0.5 + Row * 0.5 + rand(Chance) * 0.2>
    }
  #end
#end
