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
#include "simulator/engine/residual_time.h"
#include "simulator/kernel/virtual_time.h"

namespace simulator {

// A scenario compiled for the engine: journeys as a flat table of steps, think laws numbered,
// stages as a plan of joins and leaves.
//
// Closed model: a fixed number of users, who never leave but by the stages. Open: arrivals in a
// Poisson process, each walks one journey (or makes one request) and is gone. Partly open: sessions
// arrive so, each does a number of journeys or requests. Of open and partly open ones the first
// request is due at the arrival.
//
// A user walks its journey step by step: a step is skipped, with its think time, unless its
// probability strikes; after the last step a new journey is drawn by weight. Every step thinks
// first, then sends. This is exact for the scenario as written; nothing is averaged to a mix.
struct ThinkLaw {
  bool memoryless = false;  // exponential: served by ThinkingUsers, else by the timing wheel
  Nanos mean = 0;
  model::DistributionSampler sampler;
  ResidualTime residual;  // only for a stationary start of a law that has a memory
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

enum class LoadModel { kClosed, kOpen, kPartlyOpen };
const char* LoadModelName(LoadModel model);

// Arrivals per second, linear from `from` to `to`.
struct RateStage {
  Nanos start = 0;
  Nanos duration = 0;
  double from = 0;
  double to = 0;
};

// What a partly open user does before it leaves.
struct SessionModel {
  bool requests = false;  // `mean` counts requests, else journeys
  bool geometric = false;
  double mean = 1;
  // 1 or more.
  uint32_t Draw(base::RandomStream& random) const;
};

// Access tokens that expire. A user whose token is too old at its next request refreshes it first.
struct TokenModel {
  bool refreshes = false;
  Nanos lifetime = 0;
  uint16_t operation = 0;  // of the refresh
  uint16_t journey = 0;    // a pseudo-journey with that one step
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
inline constexpr uint16_t kNoJourney = 0xffff;

struct Workload {
  std::vector<std::string> operations;
  std::vector<bool> writes;  // per operation: not a GET
  std::vector<double> mix;   // per operation: share of requests in the long run (logins excluded)
  std::vector<ThinkLaw> laws;
  std::vector<WorkloadStep> steps;
  std::vector<WorkloadJourney> journeys;   // pseudo-journeys (login, refresh) come last
  std::vector<double> journey_cumulative;  // without the pseudo-journeys; last is 1
  double login_fraction = 0;
  uint16_t login_journey = kNoJourney;
  TokenModel tokens;
  LoadModel model = LoadModel::kClosed;
  std::vector<Stage> stages;     // closed
  std::vector<RateStage> rates;  // open and partly open
  double arrival_rate = 0;       // the largest of them, per second
  bool single_requests = false;  // open: an arrival is one request, not a journey
  SessionModel session;          // partly open
  // Closed: the largest number at the same time. Else an estimate of the users present at the
  // largest rate, answers at once: it sizes tables.
  uint64_t users = 0;
  // Closed, and the first stage takes no time: its users have been there before, each at a step by
  // the time it is thought about, as if the system had always answered at once.
  bool stationary_start = false;
  std::vector<double> think_cumulative;  // share of the thinking time per step, cumulative
  Nanos ramp_end = 0;                    // when the largest number or rate is first reached
  Nanos end = 0;
  Nanos timeout = 0;  // of an attempt
  RetryModel retry;
  BreakerModel breaker;
  uint32_t client_workers = 1;    // user u belongs to worker u modulo this
  double mean_think_seconds = 0;  // per request, weighted by visits
  double requests_per_journey = 1;
  std::vector<double> step_cumulative;  // share of requests per step, cumulative

  bool open() const { return model != LoadModel::kClosed; }
  // Requests per second of the largest stage when answers come at once, logins and refreshes not
  // counted.
  double RequestRate() const;

  // Puts the user on its first step (the login, with the login fraction).
  void Begin(UserState& user, base::RandomStream& random) const;
  // Puts the user where it would be found at a stationary instant; false when it has to sign in.
  bool BeginStationary(UserState& user, base::RandomStream& random) const;
  // Moves to the user's next step.
  void Advance(UserState& user, base::RandomStream& random) const;
  // The same for a user that leaves: within the journey, false when it is over.
  bool AdvanceWithin(UserState& user, base::RandomStream& random) const;
  // Draws a journey and its first step; false when no step of it strikes.
  bool BeginJourney(UserState& user, base::RandomStream& random) const;
  // One step of the long-run mix.
  void DrawRequest(UserState& user, base::RandomStream& random) const;
  const WorkloadStep& StepOf(const UserState& user) const {
    return steps[journeys[user.journey].first_step + user.step];
  }

  // InvalidArgument: no users or rate, users with an open model or a rate with a closed one, no
  // journeys, nothing ever requested.
  static absl::StatusOr<Workload> Compile(const model::Scenario& scenario,
                                          const RunOptions& options);

 private:
  void Seek(UserState& user, base::RandomStream& random) const;
  void Draw(UserState& user, base::RandomStream& random) const;
  void Locate(uint32_t step, UserState& user) const;
  bool SeekWithin(UserState& user, base::RandomStream& random) const;
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
