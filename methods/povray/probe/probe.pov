// What a slave renders to know that its POV-Ray works and has the standard includes.
#version 3.7;
#include "colors.inc"
#include "textures.inc"
#include "shapes.inc"
#include "functions.inc"
global_settings { assumed_gamma 1.0 }
camera { location <0, 1, -4> look_at 0 }
light_source { <4, 6, -5> color White }
sphere { 0, 1 texture { Jade } }
plane { y, -1 pigment { checker color Red, color Gray50 } }
