#include "report/ladder.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "model/result_math.h"
#include "report/evidence.h"
#include "report/figure.h"

namespace report {
namespace {

// As the engine: predictions up to this much above the highest calibrated load are no
// extrapolation.
constexpr double kInside = 1.1;

double HighestLoad(const model::Profile& profile) {
  double highest = 0;
  for (const model::LoadPoint& load : profile.loads()) {
    highest = std::max(highest, load.requests_per_second());
  }
  return highest;
}

Rung Calibrated(const model::Profile* profile) {
  Rung rung{"Calibrated at", "", Rung::kFirm};
  if (profile == nullptr || HighestLoad(*profile) <= 0) {
    rung.text = profile == nullptr ? "no profile" : "the profile states no load";
    rung.kind = Rung::kNone;
    return rung;
  }
  std::vector<std::string> loads;
  for (const model::LoadPoint& load : profile->loads()) {
    loads.push_back(ShortFigure(std::round(load.requests_per_second())));
  }
  rung.text = absl::StrCat(absl::StrJoin(loads, ", "), " requests/s");
  if (!profile->provenance().host().empty()) {
    absl::StrAppend(&rung.text, " on ", profile->provenance().host());
  }
  if (profile->requests_observed() > 0) {
    absl::StrAppend(&rung.text, ", ",
                    ShortFigure(static_cast<double>(profile->requests_observed())),
                    " requests observed");
  }
  return rung;
}

// "p95 +20 %" of the prediction over the measurement; empty without both.
std::string Error(const LadderInputs& inputs, const std::string& name, const std::string& word) {
  const auto seen = QuantityOf(*inputs.measured, name);
  const auto said = QuantityOf(*inputs.predicted, name);
  if (!seen.ok() || !said.ok() || seen->value <= 0) return "";
  return absl::StrFormat("%s %+.0f %%", word, 100 * (said->value / seen->value - 1));
}

// "p95_ms +12 %, throughput_per_second -1 %": the last scored error of each quantity, from a log of
// sealed predictions; empty without any.
std::string PastErrors(const model::Result& result) {
  std::vector<std::string> errors;
  for (const model::Quantity& quantity : result.quantities()) {
    if (quantity.past_error().empty()) continue;
    const double last = quantity.past_error(quantity.past_error_size() - 1);
    errors.push_back(absl::StrFormat("%s %+.0f %%", quantity.name(), 100 * last));
  }
  return absl::StrJoin(errors, ", ");
}

Rung Checked(const LadderInputs& inputs) {
  Rung rung{"Checked at", "", Rung::kFirm};
  if (inputs.measured == nullptr && inputs.headline != nullptr) {
    const std::string errors = PastErrors(*inputs.headline);
    if (!errors.empty()) {
      rung.text = absl::StrCat(
          "the runs of the log of sealed predictions; the last one was off by ", errors);
      return rung;
    }
  }
  if (inputs.measured == nullptr) {
    rung.text = "no load: no measured run was compared with a prediction here";
    rung.kind = Rung::kNone;
    return rung;
  }
  rung.text = absl::StrCat(ShortFigure(std::round(model::Throughput(*inputs.measured))),
                           " requests/s measured");
  if (inputs.predicted == nullptr) return rung;
  std::vector<std::string> errors;
  for (auto [name, word] : {std::pair{"throughput_per_second", "throughput"},
                            {"p50_ms", "p50"},
                            {"p95_ms", "p95"},
                            {"p99_ms", "p99"}}) {
    std::string error = Error(inputs, name, word);
    if (!error.empty()) errors.push_back(std::move(error));
  }
  if (!errors.empty()) {
    absl::StrAppend(&rung.text, "; its prediction was off by ", absl::StrJoin(errors, ", "));
  }
  return rung;
}

Rung Extrapolated(const LadderInputs& inputs) {
  Rung rung{"Extrapolated to", "", Rung::kNone};
  if (inputs.headline == nullptr) {
    rung.text = "nothing: no prediction on this page";
    return rung;
  }
  const double rate = model::Throughput(*inputs.headline);
  const double factor =
      inputs.profile == nullptr ? 0 : ExtrapolationFactor(*inputs.profile, *inputs.headline);
  if (factor <= 0) {
    rung.text = absl::StrCat(ShortFigure(std::round(rate)),
                             " requests/s; how far is not known without calibrated loads");
  } else if (factor <= kInside) {
    rung.kind = Rung::kFirm;
    rung.text =
        absl::StrCat(ShortFigure(std::round(rate)), " requests/s: inside the calibrated loads");
  } else {
    rung.kind = Rung::kFar;
    rung.text = absl::StrFormat("%s requests/s: %.3g x the highest calibrated load",
                                ShortFigure(std::round(rate)), factor);
  }
  return rung;
}

}  // namespace

double ExtrapolationFactor(const model::Profile& profile, const model::Result& result) {
  const double highest = HighestLoad(profile);
  return highest > 0 ? model::Throughput(result) / highest : 0;
}

std::vector<Rung> LadderOf(const LadderInputs& inputs) {
  return {Calibrated(inputs.profile), Checked(inputs), Extrapolated(inputs)};
}

}  // namespace report
