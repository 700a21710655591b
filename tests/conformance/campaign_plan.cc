#include "tests/conformance/campaign_plan.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace conformance {
namespace {

constexpr int kMostPods = 4;
// Seconds.
constexpr double kFirstPod = 9;  // with PostgreSQL, Redis, seed and tokens
constexpr double kFurtherPod = 1.5;
constexpr double kStop = 3;
constexpr double kAroundARun = 2.5;  // ramp, start and end of the load generator
constexpr double kReconnect = 3;     // after connections or Redis were cut
constexpr double kCrossingRuns = 5;

HostLimits UsualLimits(const CampaignSettings& settings) {
  HostLimits limits;
  limits.server_cores = settings.server_cores;
  limits.database_cores = settings.database_cores;
  limits.period = settings.period;
  limits.shared_cores = settings.shared_cores;
  limits.connections_per_worker = settings.database_connections;
  return limits;
}

std::string Family(const std::string& variant) { return variant.substr(0, variant.find('-')); }

}  // namespace

std::string PlannedPoint::id() const {
  return crossing() ? variant : absl::StrFormat("%s-%.0f", variant, 100 * share);
}

std::string PlannedPoint::load() const {
  return crossing() ? "p95 = limit" : absl::StrFormat("%.0f %%", 100 * share);
}

std::vector<PlannedPoint> PlanCampaign(const CampaignSettings& settings) {
  std::vector<PlannedPoint> points;
  auto add = [&](const std::string& variant, const std::string& host, double share,
                 const HostLimits& limits, const std::string& law = "exponential") {
    points.push_back({variant, host, share, limits, law, false, 0, {}});
  };
  const HostLimits usual = UsualLimits(settings);
  for (double share : {0.3, 0.5, 0.7}) add("base", "base", share, usual);
  add("think-constant", "base", 0.5, usual, "constant");
  add("think-lognormal", "base", 0.5, usual, "lognormal");
  add("crossing", "base", 0, usual);
  for (const char* cache : {"off", "lost"}) {
    HostLimits limits = usual;
    limits.cache = cache;
    const std::string name = absl::StrCat("cache-", cache);
    add(name, name, 0.5, limits);
    if (limits.cache != "off") continue;
    add("cache-off-calibrated", name, 0.5, limits);
    points.back().uncached_profile = true;
  }
  for (int pool : {1, 4, 8, 16}) {
    HostLimits limits = usual;
    limits.connections_per_worker = pool;
    const std::string name = absl::StrCat("pool-", pool);
    add(name, name, 0.5, limits);
  }
  for (int pods = 1; pods <= kMostPods; ++pods) {
    HostLimits limits = usual;
    limits.pods = pods;
    limits.server_cores = settings.pod_cores;
    limits.period = settings.pod_period;
    const std::string name = absl::StrCat("pods-", pods);
    for (double share : {0.3, 0.5}) add(name, name, share, limits);
  }
  // Four connections and one for audit records are wanted, two granted.
  HostLimits limits = usual;
  limits.connections_per_worker = 4;
  limits.connection_limit = 2;
  add("connections-violated", "connections-violated", 0.5, limits);
  return points;
}

absl::StatusOr<std::vector<PlannedPoint>> Choose(const std::vector<PlannedPoint>& points,
                                                 const std::string& variants) {
  if (variants.empty()) return points;
  std::set<std::string> wanted = absl::StrSplit(variants, ',');
  std::set<std::string> known;
  std::set<std::string> used;
  std::vector<PlannedPoint> chosen;
  for (const PlannedPoint& point : points) {
    known.insert(point.variant);
    bool fits = false;
    for (const std::string& name : {point.variant, Family(point.variant)}) {
      if (!wanted.contains(name)) continue;
      used.insert(name);
      fits = true;
    }
    if (fits) chosen.push_back(point);
  }
  for (const std::string& word : wanted) {
    if (used.contains(word)) continue;
    return absl::InvalidArgumentError(absl::StrCat("--variants: no variant '", word,
                                                   "'; there are ", absl::StrJoin(known, ", ")));
  }
  return chosen;
}

uint64_t UsersOf(const PlannedPoint& point, const CampaignSettings& settings, double saturation) {
  const double cores = point.limits.pods * point.limits.server_cores;
  const double most = saturation * cores / settings.server_cores;
  return static_cast<uint64_t>(
      std::max(1.0, std::round(point.share * most * settings.think_time_seconds)));
}

std::vector<Unit> UnitsLeft(const std::vector<PlannedPoint>& points, int restarts,
                            const Done& done) {
  std::vector<Unit> units;
  for (int restart = 1; restart <= restarts; ++restart) {
    const size_t first = units.size();
    for (const PlannedPoint& point : points) {
      if (done.contains({point.id(), restart})) continue;
      auto unit = std::find_if(units.begin() + static_cast<std::ptrdiff_t>(first), units.end(),
                               [&](const Unit& candidate) { return candidate.host == point.host; });
      if (unit == units.end()) {
        units.push_back({point.host, restart, {}});
        unit = units.end() - 1;
      }
      unit->points.push_back(point);
    }
  }
  return units;
}

absl::Duration Estimate(const Unit& unit, const CampaignSettings& settings) {
  const HostLimits& limits = unit.points.front().limits;
  double seconds =
      kFirstPod + (limits.pods - 1) * kFurtherPod + kStop + kAroundARun + settings.warm_up_seconds;
  if (limits.connection_limit > 0) seconds += kReconnect;
  if (limits.cache == "lost") seconds += kReconnect;
  for (const PlannedPoint& point : unit.points) {
    seconds += (point.crossing() ? kCrossingRuns : 1) * (settings.measured_seconds + kAroundARun);
  }
  return absl::Seconds(seconds);
}

absl::Duration Estimate(const std::vector<Unit>& units, const CampaignSettings& settings) {
  absl::Duration sum;
  for (const Unit& unit : units) sum += Estimate(unit, settings);
  return sum;
}

}  // namespace conformance
