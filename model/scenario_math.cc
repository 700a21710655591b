#include "model/scenario_math.h"

#include <algorithm>

#include "model/distribution.h"

namespace model {
namespace {

// Calls visit(step, requests of it per unit of weight) for all steps; returns all requests.
template <typename Visit>
double ForEachStep(const Scenario& scenario, const Visit& visit) {
  double all = 0;
  for (const Journey& journey : scenario.journeys()) {
    for (const Step& step : journey.steps()) {
      const double requests = journey.weight() * step.probability();
      visit(step, requests);
      all += requests;
    }
  }
  return all;
}

}  // namespace

double RequestsPerJourney(const Journey& journey) {
  double requests = 0;
  for (const Step& step : journey.steps()) requests += step.probability();
  return requests;
}

std::map<std::string, double> OperationMix(const Scenario& scenario) {
  std::map<std::string, double> mix;
  const double all = ForEachStep(
      scenario, [&](const Step& step, double requests) { mix[step.operation()] += requests; });
  for (auto& [operation, share] : mix) share = all > 0 ? share / all : 0;
  return mix;
}

double ReadShare(const Scenario& scenario) {
  double reads = 0;
  const double all = ForEachStep(scenario, [&](const Step& step, double requests) {
    if (step.request().method() == "GET") reads += requests;
  });
  return all > 0 ? reads / all : 0;
}

double MeanThinkSeconds(const Scenario& scenario) {
  double seconds = 0;
  const double all = ForEachStep(scenario, [&](const Step& step, double requests) {
    seconds +=
        requests * MeanSeconds(step.has_think_time() ? step.think_time() : scenario.think_time());
  });
  return all > 0 ? seconds / all : 0;
}

uint64_t MostUsers(const Scenario& scenario) {
  uint64_t most = 0;
  for (const Stage& stage : scenario.users().stages()) most = std::max(most, stage.users());
  return most;
}

double TotalSeconds(const Scenario& scenario) {
  double seconds = 0;
  for (const Stage& stage : scenario.users().stages()) seconds += stage.duration_seconds();
  return seconds;
}

}  // namespace model
