#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/conformance/limited_host.h"
#include "tests/conformance/scoring.h"

// What a campaign predicts and measures: a profile, calibrated on one pod with its cache, and a
// list of points, each a load on a host that differs from the calibrated one in one way. A second
// profile, calibrated without the cache, tells what of an error without it is the first one's.

namespace conformance {

// What all points have in common. Kept beside the sealed predictions: a campaign that is taken up
// again goes on with these.
struct CampaignSettings {
  double server_cores = 0.3;  // of the pod that is calibrated and of every host but those of pods
  double database_cores = 1;
  absl::Duration period = absl::Milliseconds(5);
  // Hosts of 1 to 4 pods have smaller ones, so that four fit; the kernel wants a quota of 1 ms.
  double pod_cores = 0.1;
  absl::Duration pod_period = absl::Milliseconds(10);
  double shared_cores = 0;  // HostLimits::shared_cores of all
  int database_connections = 2;
  double think_time_seconds = 0.5;
  double limit_ms = 50;  // the load at which p95 crosses it is looked for
  double measured_seconds = 6;
  double warm_up_seconds = 3;
  uint64_t seed = 1;
};

struct PlannedPoint {
  std::string variant;  // "base", "pods-4", "cache-lost"; of the crossing "crossing"
  std::string host;     // points of one host are measured after the same start of it
  double share = 0;     // of the saturation of its pods together; 0: the crossing
  HostLimits limits;
  std::string think_law = "exponential";
  bool uncached_profile = false;  // predicted from the second profile
  // Filled when it is sealed.
  uint64_t users = 0;
  Figures predicted;

  bool crossing() const { return share == 0; }
  std::string id() const;    // "pods-4-50", "crossing"; a file name
  std::string load() const;  // "50 %", "p95 = limit"
};

// All of them, hosts together, in the order in which they are measured.
std::vector<PlannedPoint> PlanCampaign(const CampaignSettings& settings);

// Those whose variant, or its part before the "-", is in the comma-separated list; empty: all.
// InvalidArgument, naming the variants there are, when a word fits none.
absl::StatusOr<std::vector<PlannedPoint>> Choose(const std::vector<PlannedPoint>& points,
                                                 const std::string& variants);

// Users of a point when one pod of settings.server_cores finishes `saturation` requests/s.
uint64_t UsersOf(const PlannedPoint& point, const CampaignSettings& settings, double saturation);

// One start of one host and what is still to be measured after it.
struct Unit {
  std::string host;
  int restart = 1;
  std::vector<PlannedPoint> points;
};

// A point's id and its restart.
using Done = std::set<std::pair<std::string, int>>;

// What is left, every host's first restart before any second: a campaign that is cut short has
// measured everything equally often.
std::vector<Unit> UnitsLeft(const std::vector<PlannedPoint>& points, int restarts,
                            const Done& done);

// How long it will take, from what the steps took on a quiet machine of two cores.
absl::Duration Estimate(const Unit& unit, const CampaignSettings& settings);
absl::Duration Estimate(const std::vector<Unit>& units, const CampaignSettings& settings);

}  // namespace conformance
