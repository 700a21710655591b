#include "simulator/engine/load_shape.h"

#include <utility>

namespace simulator {

LoadShape ShapeLoad(std::vector<LoadLevel> levels, double peak, double ramp_seconds,
                    double hold_seconds) {
  LoadShape shape;
  double ramp = 0;
  double hold = 0;
  double elapsed = 0;
  for (const LoadLevel& level : levels) {
    elapsed += level.seconds;
    if (level.value > shape.most) {
      shape.most = level.value;
      ramp = elapsed;
      hold = 0;
    } else {
      hold += level.seconds;
    }
  }
  shape.peak = peak > 0 ? peak : shape.most;
  shape.levels = std::move(levels);
  if (ramp_seconds < 0 && hold_seconds < 0 && !shape.levels.empty()) return shape;
  shape.levels = {{shape.peak, ramp_seconds >= 0 ? ramp_seconds : ramp},
                  {shape.peak, hold_seconds >= 0 ? hold_seconds : hold}};
  shape.most = shape.peak;
  return shape;
}

}  // namespace simulator
