#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/random.h"
#include "model/distribution.h"
#include "model/scenario.pb.h"
#include "simulator/engine/breaker.h"
#include "simulator/engine/options.h"
#include "simulator/kernel/virtual_time.h"

namespace simulator {

// A scenario compiled for the engine: journeys as a flat table of steps, think laws numbered,
// stages as a plan of joins and leaves.
//
// A user walks its journey step by step: a step is skipped, with its think time, unless its
// probability strikes; after the last step a new journey is drawn by weight. Every step thinks
// first, then sends. This is exact for the scenario as written; nothing is averaged to a mix.
struct ThinkLaw {
  bool memoryless = false;  // exponential: served by ThinkingUsers, else by the timing wheel
  Nanos mean = 0;
  model::DistributionSampler sampler;
};

struct WorkloadStep {
  uint16_t operation = 0;
  uint16_t law = 0;
  double probability = 1;
};

struct WorkloadJourney {
  uint32_t first_step = 0;
  uint32_t steps = 0;
};

struct Stage {
  Nanos start = 0;
  Nanos duration = 0;
  uint64_t from = 0;
  uint64_t to = 0;
};

// Whether and when a client repeats a request that failed (timeout, refused, 503).
struct RetryModel {
  uint32_t attempts = 0;  // repeats after the first attempt
  // Pause before the k-th repeat: first x factor^(k-1) x (1 - jitter x U(0,1)).
  double first_backoff_seconds = 0;
  double backoff_factor = 1;
  double jitter = 0;
  // Token bucket over all users; 0: none. Each request adds `budget` tokens, each repeat takes one.
  // It holds what 10 s of the scenario's full load add, so a long quiet time buys no storm.
  double budget = 0;
  double bucket = 0;
  // The load generator's rule instead: each client worker may repeat as long as its repeats stay
  // within `budget` of its requests, counted from the start.
  bool per_worker = false;
};

// Where a user stands. `worker` is the connection's other end, kNoWorker when not connected.
struct UserState {
  uint32_t worker;
  uint16_t journey;
  uint16_t step;
};
inline constexpr uint32_t kNoWorker = 0xffffffff;

struct Workload {
  std::vector<std::string> operations;
  std::vector<bool> writes;  // per operation: not a GET
  std::vector<double> mix;   // per operation: share of requests in the long run (logins excluded)
  std::vector<ThinkLaw> laws;
  std::vector<WorkloadStep> steps;
  std::vector<WorkloadJourney> journeys;   // a login pseudo-journey may be the last
  std::vector<double> journey_cumulative;  // without the pseudo-journey; last is 1
  double login_fraction = 0;
  std::vector<Stage> stages;
  uint64_t users = 0;  // largest number at the same time
  Nanos ramp_end = 0;  // when the largest number is first reached
  Nanos end = 0;
  Nanos timeout = 0;  // of an attempt
  RetryModel retry;
  BreakerModel breaker;
  uint32_t client_workers = 1;    // user u belongs to worker u modulo this
  double mean_think_seconds = 0;  // per request, weighted by visits

  // Puts the user on its first step (the login, with the login fraction).
  void Begin(UserState& user, base::RandomStream& random) const;
  // Moves to the user's next step.
  void Advance(UserState& user, base::RandomStream& random) const;
  const WorkloadStep& StepOf(const UserState& user) const {
    return steps[journeys[user.journey].first_step + user.step];
  }

  // InvalidArgument: a model other than closed, no users, no journeys, nothing ever requested.
  static absl::StatusOr<Workload> Compile(const model::Scenario& scenario,
                                          const RunOptions& options);

 private:
  void Seek(UserState& user, base::RandomStream& random) const;
  void Draw(UserState& user, base::RandomStream& random) const;
};

// The joins (+1) and leaves (-1) of the stages, evenly spaced within each.
class PopulationPlan {
 public:
  explicit PopulationPlan(const std::vector<Stage>* stages) : stages_(stages) { Seek(); }
  Nanos NextTime() const { return next_; }
  // The change at NextTime().
  int Pop();

 private:
  void Seek();

  const std::vector<Stage>* stages_;
  size_t stage_ = 0;
  uint64_t done_ = 0;  // changes already made in this stage
  Nanos next_ = kNever;
};

}  // namespace simulator
