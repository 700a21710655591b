#include "simulator/planning/storm_map.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"
#include "simulator/engine/replications.h"

namespace simulator {
namespace {

constexpr double kHealthy = 0.8;
constexpr double kRequestsInMean = 600;
constexpr double kShrinking = 0.005;  // share of the served work by which a falling backlog falls

double Mean(const std::vector<double>& values, size_t from, size_t to) {
  double sum = 0;
  size_t n = 0;
  for (size_t i = from; i < std::min(to, values.size()); ++i) {
    if (std::isnan(values[i])) continue;
    sum += values[i];
    ++n;
  }
  return n == 0 ? 0 : sum / static_cast<double>(n);
}

class CellReader {
 public:
  CellReader(const ReplicationResult& result, const RunOptions& options,
             const StormSetting& setting)
      : result_(result),
        step_(options.step_seconds),
        trigger_(Step(setting.warm_seconds)),
        over_(Step(setting.warm_seconds + setting.trigger_seconds)),
        end_(result.series[kGoodput].size()) {}

  void Fill(double normal_rate, StormCell* cell) const {
    const std::vector<double>& goodput = result_.series[kGoodput];
    cell->goodput_before = Mean(goodput, trigger_ / 2, trigger_);
    cell->goodput_after = Mean(goodput, end_ - (end_ - over_) / 4, end_);
    const double seconds = ToSeconds(result_.measured_to - result_.measured_from);
    cell->attempts_after = static_cast<double>(result_.attempts) / seconds;
    cell->amplification = result_.started == 0 ? 0
                                               : static_cast<double>(result_.attempts) /
                                                     static_cast<double>(result_.started);
    cell->wasted_work = result_.worked > 0 ? result_.wasted / result_.worked : 0;
    if (cell->goodput_before < kHealthy * normal_rate) {
      cell->state = StormState::kOverloaded;
      return;
    }
    Recovery(cell);
  }

 private:
  size_t Step(double seconds) const { return static_cast<size_t>(std::lround(seconds / step_)); }

  void Recovery(StormCell* cell) const {
    const std::vector<double>& goodput = result_.series[kGoodput];
    const auto wide = static_cast<size_t>(
        std::max(1.0, std::ceil(kRequestsInMean / (cell->goodput_before * step_))));
    size_t last_low = 0;
    for (size_t i = trigger_; i + wide <= end_; ++i) {
      if (Mean(goodput, i, i + wide) < kHealthy * cell->goodput_before) last_low = i;
    }
    if (last_low == 0) {
      cell->state = StormState::kUnharmed;
    } else if (last_low + wide < end_) {
      cell->state = StormState::kRecovered;
      // A window is low until four fifths of it lie behind the instant of recovery.
      const double at =
          static_cast<double>(last_low + 1) + (1 - kHealthy) * static_cast<double>(wide);
      cell->recovery_seconds = std::max(0.0, (at - static_cast<double>(over_)) * step_);
    } else {
      const auto left = static_cast<double>(result_.answers + result_.shed + result_.dropped);
      const auto entered = static_cast<double>(result_.attempts - result_.rejected);
      cell->state = left - entered > kShrinking * left ? StormState::kDraining : StormState::kStuck;
    }
  }

  const ReplicationResult& result_;
  const double step_;
  const size_t trigger_;
  const size_t over_;
  const size_t end_;
};

}  // namespace

const char* StormStateName(StormState state) {
  static constexpr const char* kNames[] = {"unharmed", "recovered", "draining", "stuck",
                                           "overloaded"};
  return kNames[static_cast<size_t>(state)];
}

absl::StatusOr<StormCell> RunStorm(const Experiment& experiment, RunOptions options,
                                   const StormSetting& setting, uint64_t users, double speed) {
  options.users = users;
  options.ramp_seconds = 0;
  options.duration_seconds =
      setting.warm_seconds + setting.trigger_seconds + setting.horizon_seconds;
  // What is measured begins when the disturbance is over.
  options.settle_seconds = setting.warm_seconds + setting.trigger_seconds;
  options.replications = options.threads = 1;
  options.slowdown = {setting.warm_seconds, setting.trigger_seconds, speed};
  const auto compiled = CompileExperiment(experiment, options);
  if (!compiled.ok()) return compiled.status();
  const auto results = RunReplications(compiled->workload, compiled->system, options);
  if (!results.ok()) return results.status();
  StormCell cell;
  cell.users = users;
  cell.speed = speed;
  const double cycle = compiled->workload.mean_think_seconds;
  CellReader(results->front(), options, setting)
      .Fill(cycle > 0 ? static_cast<double>(users) / cycle : 0, &cell);
  return cell;
}

absl::StatusOr<std::vector<StormCell>> RunStormMap(const Experiment& experiment,
                                                   const RunOptions& options,
                                                   const StormSetting& setting,
                                                   const std::vector<uint64_t>& loads,
                                                   const std::vector<double>& speeds) {
  std::vector<StormCell> cells(loads.size() * speeds.size());
  std::atomic<size_t> next{0};
  std::mutex mutex;
  absl::Status failure;
  const auto work = [&] {
    for (size_t i; (i = next++) < cells.size();) {
      // The heaviest first, so that no thread is left with them at the end.
      const size_t at = cells.size() - 1 - i;
      auto cell = RunStorm(experiment, options, setting, loads[at % loads.size()],
                           speeds[at / loads.size()]);
      if (cell.ok()) {
        cells[at] = *cell;
        continue;
      }
      const std::lock_guard<std::mutex> lock(mutex);
      failure.Update(cell.status());
      next = cells.size();
    }
  };
  std::vector<std::thread> threads;
  for (uint32_t t = 1; t < std::min<size_t>(options.threads, cells.size()); ++t) {
    threads.emplace_back(work);
  }
  work();
  for (std::thread& thread : threads) thread.join();
  if (!failure.ok()) return failure;
  return cells;
}

absl::StatusOr<double> StuckBoundary(const Experiment& experiment, const RunOptions& options,
                                     StormSetting setting, uint64_t low, uint64_t high) {
  constexpr double kHorizon = 1200;
  setting.horizon_seconds = std::max(setting.horizon_seconds, kHorizon);
  const auto stuck = [&](uint64_t users) -> absl::StatusOr<bool> {
    const auto cell = RunStorm(experiment, options, setting, users, 0);
    if (!cell.ok()) return cell.status();
    return cell->state == StormState::kStuck || cell->state == StormState::kOverloaded;
  };
  const auto at_low = stuck(low);
  if (!at_low.ok()) return at_low.status();
  const auto at_high = stuck(high);
  if (!at_high.ok()) return at_high.status();
  if (*at_low || !*at_high) return 0;
  while (static_cast<double>(high - low) > 0.005 * static_cast<double>(low) && high - low > 1) {
    const uint64_t middle = low + (high - low) / 2;
    const auto answer = stuck(middle);
    if (!answer.ok()) return answer.status();
    (*answer ? high : low) = middle;
  }
  return static_cast<double>(low + high) / 2;
}

absl::StatusOr<std::vector<SweepPoint>> RunHysteresis(const Experiment& experiment,
                                                      RunOptions options,
                                                      const std::vector<uint64_t>& levels,
                                                      double hold_seconds) {
  // Slowly: while many leave at once nobody sends, which is a push out of a bad state.
  const double change = hold_seconds;
  std::vector<SweepPoint> points;
  for (uint64_t users : levels) points.push_back({users, false, 0, 0, 0});
  for (size_t i = levels.size() - 1; i-- > 0;) points.push_back({levels[i], true, 0, 0, 0});
  Experiment sweep = experiment;
  sweep.scenario.mutable_users()->clear_stages();
  for (const SweepPoint& point : points) {
    for (double seconds : {change, hold_seconds}) {
      model::Stage& stage = *sweep.scenario.mutable_users()->add_stages();
      stage.set_users(point.users);
      stage.set_duration_seconds(seconds);
    }
  }
  options.users = 0;
  options.slowdown = {};
  options.ramp_seconds = options.duration_seconds = -1;
  options.replications = options.threads = 1;
  const auto compiled = CompileExperiment(sweep, options);
  if (!compiled.ok()) return compiled.status();
  const double least = 2 * compiled->workload.mean_think_seconds;
  if (hold_seconds < least) {
    return absl::InvalidArgumentError(
        absl::StrCat("each level must be held for at least ", least,
                     " s, two think times: users leave when they have thought"));
  }
  const auto results = RunReplications(compiled->workload, compiled->system, options);
  if (!results.ok()) return results.status();
  const auto& series = results->front().series;
  for (size_t i = 0; i < points.size(); ++i) {
    const double begin = static_cast<double>(i) * (change + hold_seconds) + change;
    const auto from = static_cast<size_t>((begin + hold_seconds / 2) / options.step_seconds);
    const auto to = static_cast<size_t>((begin + hold_seconds) / options.step_seconds);
    points[i].goodput = Mean(series[kGoodput], from, to);
    points[i].attempts = Mean(series[kAttempts], from, to);
    points[i].p95_ms = Mean(series[kP95], from, to);
  }
  return points;
}

}  // namespace simulator
