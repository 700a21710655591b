#include "simulator/calibration/host_costs.h"

#include <algorithm>
#include <string>

#include "simulator/calibration/regression.h"

namespace simulator {
namespace {

struct Rates {
  double redis_cpu = 0;
  double redis_wake_ups = 0;
  double seconds = 0;

  void Add(const Observation& seen) {
    redis_cpu += seen.redis_cpu_seconds;
    redis_wake_ups += seen.redis_wake_ups;
    seconds += seen.at_seconds;
  }
};

Rates Lowest(const std::vector<ObservedWindow>& windows) {
  double lowest = 1;
  for (const ObservedWindow& window : windows) lowest = std::min(lowest, window.level);
  Rates rates;
  for (const ObservedWindow& window : windows) {
    if (window.level <= lowest) rates.Add(window.seen);
  }
  return rates;
}

// CPU of a node for each time that it wakes, beyond what it does without load.
double RedisTurnSeconds(const Rates& loaded, const Rates& idle) {
  const double share = idle.seconds > 0 ? loaded.seconds / idle.seconds : 0;
  const double cpu = loaded.redis_cpu - share * idle.redis_cpu;
  const double wake_ups = loaded.redis_wake_ups - share * idle.redis_wake_ups;
  return wake_ups > 0 ? cpu / wake_ups : 0;
}

std::vector<Window> ClientWindows(const std::vector<ObservedWindow>& windows) {
  std::vector<Window> result;
  for (const ObservedWindow& window : windows) {
    if (window.seen.client_cpu_seconds <= 0) continue;
    Window item;
    item.duration_seconds = window.seen.at_seconds;
    item.busy_seconds = window.seen.client_cpu_seconds;
    item.requests = {TotalRequests(window.seen)};
    item.wake_ups = window.seen.client_wake_ups;
    result.push_back(std::move(item));
  }
  return result;
}

}  // namespace

void FillHostCosts(const std::vector<ObservedWindow>& windows,
                   const std::vector<ObservedWindow>& idle, model::Profile* profile) {
  if (windows.empty()) return;
  const Rates lowest = Lowest(windows);
  Rates unloaded;
  for (const ObservedWindow& window : idle) unloaded.Add(window.seen);
  const double turn = RedisTurnSeconds(lowest, unloaded);
  const double wake = turn - profile->redis().command_seconds();
  if (wake > 0) profile->mutable_wake_ups()->set_redis_seconds(wake);
  const auto client = FitDemands(ClientWindows(windows), {"a request"});
  if (!client.ok()) return;
  profile->set_client_cpu_seconds(client->demands[0].mean_seconds);
  profile->set_client_wake_up_seconds(client->wake_up.mean_seconds);
}

}  // namespace simulator
