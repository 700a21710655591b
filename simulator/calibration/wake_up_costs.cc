#include "simulator/calibration/wake_up_costs.h"

#include <algorithm>
#include <functional>

namespace simulator {
namespace {

// Share of saturation up to which next to every audit batch holds one record.
constexpr double kOneRecordABatch = 0.45;

// Of reads: their records go through the audit backends, those of writes are part of the write.
double BatchedRecords(const Observation& seen, const model::Scenario& scenario) {
  double records = 0;
  for (const auto& [operation, counts] : seen.operations) {
    if (!Writes(scenario, operation)) records += counts.audit_rows;
  }
  return records;
}

// Of the windows at the lowest level, where each event finds everybody asleep.
double QuietRatio(const std::vector<ObservedWindow>& windows,
                  const std::function<double(const Observation&)>& above,
                  const std::function<double(const Observation&)>& below) {
  double lowest = 1;
  for (const ObservedWindow& window : windows) lowest = std::min(lowest, window.level);
  double numerator = 0;
  double denominator = 0;
  for (const ObservedWindow& window : windows) {
    if (window.level > lowest) continue;
    numerator += above(window.seen);
    denominator += below(window.seen);
  }
  return denominator > 0 ? numerator / denominator : 0;
}

double Segments(const Observation& seen) {
  double segments = 0;
  for (const auto& [operation, counts] : seen.operations) segments += counts.round_trips;
  return segments;
}

// Arrivals and awaited answers of all requests.
double Visits(const Observation& seen, const model::Scenario& scenario) {
  double visits = Segments(seen) + BatchedRecords(seen, scenario);
  for (const auto& [operation, counts] : seen.operations) {
    visits += counts.requests + std::min(counts.requests, counts.redis_commands);
  }
  return visits;
}

model::Demand WakeUp(const FittedDemand& fitted, double wake_ups) {
  model::Demand demand;
  demand.set_mean(fitted.mean_seconds * wake_ups);
  demand.set_standard_error(fitted.standard_error_seconds * wake_ups);
  demand.set_n(static_cast<uint64_t>(fitted.requests));
  return demand;
}

// Sleep before a wake-up that is longer than at the lowest level was not observed: the mean there,
// times three, as sleeps between random arrivals are exponential.
double LongestSleep(const std::vector<ObservedWindow>& windows, double Observation::*sleepers,
                    double Observation::*cpu, double Observation::*wake_ups) {
  return 3 * QuietRatio(
                 windows,
                 [=](const Observation& seen) {
                   return std::max(0.0, seen.*sleepers * seen.at_seconds - seen.*cpu);
                 },
                 [=](const Observation& seen) { return seen.*wake_ups; });
}

// The audit backends' CPU over records and wake-ups.
absl::StatusOr<RegressionFit> FitAudit(const std::vector<ObservedWindow>& windows,
                                       const model::Scenario& scenario) {
  std::vector<Window> fitted;
  for (const ObservedWindow& window : windows) {
    Window& item = fitted.emplace_back();
    item.duration_seconds = window.seen.at_seconds;
    item.busy_seconds = window.seen.audit_cpu_seconds;
    item.requests = {BatchedRecords(window.seen, scenario)};
    item.wake_ups = window.seen.audit_wake_ups;
  }
  return FitDemands(fitted, {"audit record"});
}

}  // namespace

bool Writes(const model::Scenario& scenario, const std::string& operation) {
  for (const model::Journey& journey : scenario.journeys()) {
    for (const model::Step& step : journey.steps()) {
      if (step.operation() == operation) return step.request().method() != "GET";
    }
  }
  return false;
}

void FillAudit(const std::vector<ObservedWindow>& windows, const model::Scenario& scenario,
               model::Profile* profile) {
  double highest = 0;
  for (const ObservedWindow& window : windows) {
    if (window.level <= kOneRecordABatch) highest = std::max(highest, window.level);
  }
  double cpu = 0;
  double records = 0;
  for (const ObservedWindow& window : windows) {
    if (window.level != highest) continue;
    cpu += window.seen.audit_cpu_seconds;
    records += BatchedRecords(window.seen, scenario);
  }
  if (records <= 0 || cpu <= 0) return;
  const auto fit = FitAudit(windows, scenario);
  const double row = fit.ok() ? std::min(fit->demands[0].mean_seconds, cpu / records) : 0;
  profile->mutable_database()->set_audit_batch_cpu_seconds(cpu / records - row);
  profile->mutable_database()->set_audit_row_cpu_seconds(row);
}

void FillWakeUps(const std::vector<ObservedWindow>& windows, const model::Scenario& scenario,
                 const RegressionFit& server, const RegressionFit& database,
                 model::Profile* profile) {
  if (server.wake_up.requests <= 0 && database.wake_up.requests <= 0) return;
  const double per_visit =
      std::min(1.0, QuietRatio(
                        windows, [](const Observation& seen) { return seen.server_wake_ups; },
                        [&](const Observation& seen) { return Visits(seen, scenario); }));
  const double per_segment = QuietRatio(
      windows, [](const Observation& seen) { return seen.backend_wake_ups; }, Segments);
  model::WakeUps* wake_ups = profile->mutable_wake_ups();
  *wake_ups->mutable_server_seconds() = WakeUp(server.wake_up, per_visit);
  *wake_ups->mutable_database_seconds() = WakeUp(database.wake_up, per_segment);
  if (server.slept_second.mean_seconds > 0) {
    wake_ups->set_server_per_slept_second(server.slept_second.mean_seconds);
    wake_ups->set_server_longest_sleep_seconds(LongestSleep(windows, &Observation::server_workers,
                                                            &Observation::server_cpu_seconds,
                                                            &Observation::server_wake_ups));
  }
  if (database.slept_second.mean_seconds > 0) {
    wake_ups->set_database_per_slept_second(database.slept_second.mean_seconds);
    wake_ups->set_database_longest_sleep_seconds(LongestSleep(windows, &Observation::backends,
                                                              &Observation::database_cpu_seconds,
                                                              &Observation::backend_wake_ups));
  }
}

}  // namespace simulator
