// The sRGB curve (IEC 61966-2-1) both ways, and a soft shoulder that lets bright scene-linear values fade into white.
// Pure functions on single values; 1.0 is white.
#pragma once

#include <algorithm>
#include <cmath>

namespace distren {

inline float srgb_from_linear(float value) {
  value = std::clamp(value, 0.0F, 1.0F);
  return value <= 0.0031308F ? value * 12.92F : 1.055F * std::pow(value, 1.0F / 2.4F) - 0.055F;
}

inline float linear_from_srgb(float value) {
  return value <= 0.04045F ? value / 12.92F : std::pow((value + 0.055F) / 1.055F, 2.4F);
}

inline float shoulder(float value) {
  constexpr float knee = 0.8F, room = 1.0F - knee;
  return value <= knee ? value : knee + room * (1.0F - std::exp((knee - value) / room));
}

}  // namespace distren
