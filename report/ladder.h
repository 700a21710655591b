#pragma once

#include <string>
#include <vector>

#include "model/profile.pb.h"
#include "model/result.pb.h"

// What a prediction rests on: calibrated at, checked at, extrapolated to.

namespace report {

struct Rung {
  std::string name;  // "Calibrated at"
  std::string text;
  enum Kind { kFirm, kFar, kNone } kind = kFirm;  // kFar: beyond what was seen; kNone: not done
};

// Pointers may be null: that rung then says what is missing.
struct LadderInputs {
  const model::Profile* profile = nullptr;
  const model::Result* measured = nullptr;   // a measured run that was predicted, ...
  const model::Result* predicted = nullptr;  // ... and its prediction
  const model::Result* headline = nullptr;   // the prediction in question; with the errors of
                                             // earlier ones when a log was given
};

// Always three rungs.
std::vector<Rung> LadderOf(const LadderInputs& inputs);

// Requests per second over the highest calibrated load; 0 when the profile states no load.
double ExtrapolationFactor(const model::Profile& profile, const model::Result& result);

}  // namespace report
