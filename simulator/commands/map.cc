#include "simulator/commands/map.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "boost/json.hpp"
#include "model/io.h"
#include "simulator/commands/arguments.h"
#include "simulator/commands/flag_values.h"
#include "simulator/commands/run_options.h"
#include "simulator/planning/experiment.h"
#include "simulator/planning/retry_threshold.h"
#include "simulator/planning/storm_map.h"

namespace simulator {
namespace {

struct MapFlags {
  double low_users = 0;  // 0: by the threshold arithmetic
  double high_users = 0;
  uint32_t loads = 20;
  double low_speed = 0;
  double high_speed = 0.95;
  uint32_t triggers = 20;
  StormSetting setting;
  bool hysteresis = false;
  bool boundary = true;
  double hold_seconds = 120;
};

// "2000..14000"
absl::Status ReadRange(const FlagMap& flags, const std::string& name, double least, double most,
                       double* low, double* high) {
  const auto flag = flags.find(name);
  if (flag == flags.end()) return absl::OkStatus();
  const std::vector<std::string> parts = absl::StrSplit(flag->second, "..");
  if (parts.size() == 2 && absl::SimpleAtod(parts[0], low) && absl::SimpleAtod(parts[1], high) &&
      *low >= least && *high <= most && *low < *high) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "--%s: expected LOW..HIGH within %g..%g, found '%s'", name, least, most, flag->second));
}

absl::StatusOr<MapFlags> ReadMapFlags(const FlagMap& flags) {
  MapFlags map;
  absl::Status status = RequireFlags(flags, {"scenario", "deployment", "profile"});
  status.Update(ReadRange(flags, "users", 1, 16e6, &map.low_users, &map.high_users));
  status.Update(ReadRange(flags, "speeds", 0, 1, &map.low_speed, &map.high_speed));
  status.Update(ReadCount(flags, "loads", 2, 1000, &map.loads));
  status.Update(ReadCount(flags, "triggers", 2, 1000, &map.triggers));
  status.Update(ReadSeconds(flags, "trigger", &map.setting.trigger_seconds));
  status.Update(ReadSeconds(flags, "warm", &map.setting.warm_seconds));
  status.Update(ReadSeconds(flags, "horizon", &map.setting.horizon_seconds));
  status.Update(ReadSeconds(flags, "hold", &map.hold_seconds));
  status.Update(ReadSwitch(flags, "hysteresis", &map.hysteresis));
  status.Update(ReadSwitch(flags, "boundary", &map.boundary));
  if (!status.ok()) return status;
  const StormSetting& setting = map.setting;
  if (setting.trigger_seconds <= 0 || setting.warm_seconds < 20) {
    return absl::InvalidArgumentError("--trigger must be above 0 and --warm at least 20s");
  }
  if (setting.horizon_seconds < setting.warm_seconds + setting.trigger_seconds) {
    return absl::InvalidArgumentError("--horizon must not be below --warm and --trigger together");
  }
  if (map.hold_seconds < 20) return absl::InvalidArgumentError("--hold must be at least 20s");
  return map;
}

std::vector<double> Spread(double low, double high, uint32_t steps) {
  std::vector<double> values;
  for (uint32_t i = 0; i < steps; ++i) values.push_back(low + (high - low) * i / (steps - 1));
  return values;
}

char Letter(const StormCell& cell, double horizon) {
  switch (cell.state) {
    case StormState::kUnharmed:
      return '.';
    case StormState::kRecovered:
      return static_cast<char>(
          '0' + std::clamp(static_cast<int>(10 * cell.recovery_seconds / horizon), 0, 9));
    case StormState::kDraining:
      return '~';
    case StormState::kStuck:
      return 'X';
    case StormState::kOverloaded:
      return '#';
  }
  return '?';
}

class MapCommand {
 public:
  MapCommand(FlagMap flags, MapFlags map, RunOptions options, Experiment experiment)
      : flags_(std::move(flags)),
        map_(map),
        options_(std::move(options)),
        experiment_(std::move(experiment)) {}

  absl::Status Run() {
    RunOptions one = options_;
    one.users = 1000;
    const auto compiled = CompileExperiment(experiment_, one);
    if (!compiled.ok()) return compiled.status();
    threshold_ = ThresholdOf(compiled->workload, compiled->system, 1000);
    if (map_.low_users == 0) {
      const double lower =
          threshold_.lower_users > 0 ? threshold_.lower_users : 0.5 * threshold_.upper_users;
      map_.low_users = std::max(10.0, std::floor(0.5 * lower));
      map_.high_users = std::max(map_.low_users + 10, std::ceil(1.05 * threshold_.upper_users));
    }
    for (double users : Spread(map_.low_users, map_.high_users, map_.loads)) {
      loads_.push_back(static_cast<uint64_t>(std::llround(users)));
    }
    if (loads_.back() > 16'000'000) {
      return absl::InvalidArgumentError("the loads reach beyond 16,000,000 users: give --users");
    }
    return map_.hysteresis ? Hysteresis() : Map();
  }

 private:
  absl::Status Map() {
    const absl::Time start = absl::Now();
    speeds_ = Spread(map_.low_speed, map_.high_speed, map_.triggers);
    auto cells = RunStormMap(experiment_, options_, map_.setting, loads_, speeds_);
    if (!cells.ok()) return cells.status();
    cells_ = *std::move(cells);
    std::fprintf(stderr, "%zu cells in %.1f s wall on %u threads\n", cells_.size(),
                 absl::ToDoubleSeconds(absl::Now() - start), options_.threads);
    if (map_.boundary) {
      const auto boundary =
          StuckBoundary(experiment_, options_, map_.setting, loads_.front(), loads_.back());
      if (!boundary.ok()) return boundary.status();
      boundary_ = *boundary;
    }
    PrintMap();
    PrintThreshold();
    return Write(boost::json::serialize(MapJson()) + "\n");
  }

  void PrintMap() const {
    std::printf("%s on %s: %g s at a share of the CPU's speed, then %g s to come back\n",
                experiment_.scenario.name().c_str(), experiment_.deployment.name().c_str(),
                map_.setting.trigger_seconds, map_.setting.horizon_seconds);
    std::printf(
        "  . unharmed   0-9 back after that many tenths of %g s   ~ backlog falls   "
        "X stuck   # too much without it\n",
        map_.setting.horizon_seconds);
    std::printf("speed\n");
    for (size_t row = 0; row < speeds_.size(); ++row) {
      std::string line;
      for (size_t i = 0; i < loads_.size(); ++i) {
        line += Letter(cells_[row * loads_.size() + i], map_.setting.horizon_seconds);
      }
      std::printf("%5.3f %s\n", speeds_[row], line.c_str());
    }
    std::printf("users %llu .. %llu in steps of %.0f\n",
                static_cast<unsigned long long>(loads_.front()),
                static_cast<unsigned long long>(loads_.back()),
                (map_.high_users - map_.low_users) / (map_.loads - 1));
  }

  void PrintThreshold() const {
    std::printf(
        "arithmetic: capacity %.1f/s; a collapsed system recovers below %.0f users, "
        "normal load is too much above %.0f users\n",
        threshold_.capacity, threshold_.lower_users, threshold_.upper_users);
    if (!threshold_.leaves_out.empty()) {
      std::printf("  (it leaves out %s)\n", threshold_.leaves_out.c_str());
    }
    if (!map_.boundary) return;
    if (boundary_ <= 0) {
      std::printf("after a standstill of %g s: the same answer over all these loads\n",
                  map_.setting.trigger_seconds);
      return;
    }
    std::printf("after a standstill of %g s: stuck from %.0f users on, bisected to 0.5 %%",
                map_.setting.trigger_seconds, boundary_);
    if (threshold_.leaves_out.empty() && threshold_.lower_users > 0) {
      std::printf(" (%+.1f %% of the arithmetic)", 100 * (boundary_ / threshold_.lower_users - 1));
    }
    std::printf("\n");
  }

  boost::json::object Head(const char* kind) const {
    boost::json::object head;
    head["kind"] = kind;
    head["scenario"] = experiment_.scenario.name();
    head["deployment"] = experiment_.deployment.name();
    head["profile"] = experiment_.profile.name();
    head["seed"] = options_.seed;
    boost::json::object threshold;
    threshold["capacity_per_second"] = threshold_.capacity;
    threshold["recovers_below_users"] = threshold_.lower_users;
    threshold["too_much_above_users"] = threshold_.upper_users;
    threshold["leaves_out"] = threshold_.leaves_out;
    head["threshold"] = std::move(threshold);
    return head;
  }

  boost::json::object MapJson() const {
    boost::json::object json = Head("storm_map");
    json["trigger_seconds"] = map_.setting.trigger_seconds;
    json["horizon_seconds"] = map_.setting.horizon_seconds;
    json["users"] = boost::json::value_from(loads_);
    json["speeds"] = boost::json::value_from(speeds_);
    if (boundary_ > 0) json["stuck_from_users"] = boundary_;
    boost::json::array cells;
    for (const StormCell& cell : cells_) {
      boost::json::object one;
      one["users"] = cell.users;
      one["speed"] = cell.speed;
      one["state"] = StormStateName(cell.state);
      if (cell.state == StormState::kRecovered) one["recovery_seconds"] = cell.recovery_seconds;
      one["goodput_before_per_second"] = cell.goodput_before;
      one["goodput_after_per_second"] = cell.goodput_after;
      one["attempts_after_per_second"] = cell.attempts_after;
      one["amplification_factor"] = cell.amplification;
      one["wasted_work_share"] = cell.wasted_work;
      cells.push_back(std::move(one));
    }
    json["cells"] = std::move(cells);
    return json;
  }

  absl::Status Hysteresis() {
    const auto points = RunHysteresis(experiment_, options_, loads_, map_.hold_seconds);
    if (!points.ok()) return points.status();
    std::printf(
        "%s on %s: load up, then down again, each level reached over %g s and held as long\n",
        experiment_.scenario.name().c_str(), experiment_.deployment.name().c_str(),
        map_.hold_seconds);
    std::printf("%10s  %12s %12s  %12s %12s\n", "users", "goodput/s up", "down", "attempts/s up",
                "down");
    std::string csv = "users,branch,goodput_per_second,attempts_per_second,p95_ms\n";
    boost::json::array list;
    for (const SweepPoint& point : *points) {
      absl::StrAppendFormat(&csv, "%d,%s,%.6g,%.6g,%.6g\n", point.users, point.down ? "down" : "up",
                            point.goodput, point.attempts, point.p95_ms);
      list.push_back({{"users", point.users},
                      {"branch", point.down ? "down" : "up"},
                      {"goodput_per_second", point.goodput},
                      {"attempts_per_second", point.attempts},
                      {"p95_ms", point.p95_ms}});
    }
    for (size_t i = 0; i < loads_.size(); ++i) {
      const SweepPoint& up = (*points)[i];
      const SweepPoint& down = (*points)[points->size() - 1 - i];
      std::printf("%10llu  %12.1f %12.1f  %12.1f %12.1f%s\n",
                  static_cast<unsigned long long>(up.users), up.goodput, down.goodput, up.attempts,
                  down.attempts,
                  std::abs(up.goodput - down.goodput) > 0.2 * std::max(up.goodput, down.goodput)
                      ? "  two answers"
                      : "");
    }
    PrintHysteresisArithmetic();
    const auto out = flags_.find("out");
    if (out != flags_.end() && absl::EndsWith(out->second, ".csv")) return Write(csv);
    boost::json::object json = Head("hysteresis");
    json["hold_seconds"] = map_.hold_seconds;
    json["points"] = std::move(list);
    return Write(boost::json::serialize(json) + "\n");
  }

  void PrintHysteresisArithmetic() const {
    std::printf("arithmetic: down again below %.0f users, up to %.0f users\n",
                threshold_.lower_users, threshold_.upper_users);
    if (!threshold_.leaves_out.empty()) {
      std::printf("  (it leaves out %s)\n", threshold_.leaves_out.c_str());
    }
  }

  absl::Status Write(const std::string& text) const {
    const auto out = flags_.find("out");
    if (out == flags_.end()) return absl::OkStatus();
    return model::WriteFile(text, UserPath(out->second));
  }

  const FlagMap flags_;
  MapFlags map_;
  const RunOptions options_;
  const Experiment experiment_;
  RetryThreshold threshold_;
  std::vector<uint64_t> loads_;
  std::vector<double> speeds_;
  std::vector<StormCell> cells_;
  double boundary_ = 0;
};

int Fail(const absl::Status& status, int code) {
  std::fprintf(stderr, "simulator map: %s\n", std::string(status.message()).c_str());
  return code;
}

}  // namespace

int RunMap(std::vector<std::string> args) {
  const auto flags = ParseFlags(
      args, {"scenario", "deployment", "profile",   "overload", "worker_queue", "think_time",
             "pods",     "seed",       "threads",   "step",     "users",        "loads",
             "speeds",   "triggers",   "trigger",   "warm",     "horizon",      "hysteresis",
             "hold",     "boundary",   "cache_ttl", "out"});
  if (!flags.ok()) return Fail(flags.status(), 2);
  const auto map = ReadMapFlags(*flags);
  if (!map.ok()) return Fail(map.status(), 2);
  FlagMap of_a_run = *flags;
  of_a_run.erase("users");  // a range here
  const auto options = ReadRunOptions(of_a_run);
  if (!options.ok()) return Fail(options.status(), ExitCodeOf(options.status()));
  auto experiment = LoadExperimentOf(*flags);
  if (!experiment.ok()) return Fail(experiment.status(), 1);
  const absl::Status status = MapCommand(*flags, *map, *options, *std::move(experiment)).Run();
  return status.ok() ? 0 : Fail(status, 1);
}

}  // namespace simulator
