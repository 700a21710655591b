#include "simulator/availability/frontier.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "simulator/availability/renewal.h"

namespace simulator::availability {
namespace {

const StatedClass* Find(const std::vector<StatedClass>& stated, const std::string& name) {
  for (const StatedClass& one : stated) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

}  // namespace

Frontier MakeFrontier(double target, const std::vector<FailureClass>& classes,
                      const std::vector<StatedClass>& stated,
                      const std::vector<double>& failures_per_year) {
  Frontier frontier;
  frontier.target = target;
  frontier.all_sourced = true;
  double left = 1;
  double without = 0;
  for (const FailureClass& failure : classes) {
    if (!failure.applies()) continue;
    const StatedClass* known = Find(stated, failure.name);
    if (known != nullptr && known->share > 0) {
      left -= known->share;
    } else {
      without += 1;
    }
  }
  for (const FailureClass& failure : classes) {
    ClassFrontier one;
    one.failure = failure;
    const StatedClass* known = Find(stated, failure.name);
    if (known != nullptr) one.stated = *known;
    if (failure.applies()) {
      const double part =
          one.stated.share > 0 ? one.stated.share : std::max(0.0, left) / std::max(1.0, without);
      one.share = part * (1 - target);
      const bool redundant = failure.needed > 0;
      for (double rate : failures_per_year) {
        ClassFrontier::Point point;
        point.failures_per_year = rate;
        point.recovery_seconds =
            failure.LongestRecovery(rate, redundant ? one.share / 2 : one.share);
        if (redundant) {
          point.repair_seconds =
              LongestRepairOfMany(failure.needed, failure.components, rate, one.share / 2);
        }
        one.points.push_back(point);
      }
      const bool figures = one.stated.failures_per_year > 0;
      if (figures) {
        one.used =
            failure.Unavailability(one.stated.failures_per_year, one.stated.recovery_seconds);
      }
      if (!figures || one.stated.assumption) frontier.all_sourced = false;
    }
    frontier.classes.push_back(std::move(one));
  }
  return frontier;
}

std::string Span(double seconds) {
  if (seconds < 120) return absl::StrFormat("%.3g s", seconds);
  if (seconds < 120 * 60) return absl::StrFormat("%.3g min", seconds / 60);
  if (seconds < 48 * 3600) return absl::StrFormat("%.3g h", seconds / 3600);
  return absl::StrFormat("%.3g days", seconds / 86400);
}

}  // namespace simulator::availability
