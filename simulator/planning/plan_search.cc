#include "simulator/planning/plan_search.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "simulator/planning/bounds.h"
#include "simulator/planning/load_estimate.h"

namespace simulator {
namespace {

constexpr uint32_t kPoolPerCore = 4;  // server connections of a pooler, per core of the database
constexpr uint32_t kLeastPool = 4;
constexpr double kPoolerBusy = 0.6;  // of a process's thread, at most
// A 95th percentile is below 3 x the mean for an exponential response (ln 20 = 3.0).
constexpr double kTailOfMean = 3.0;
// Beyond the fewest pods that the bounds allow, this many more are candidates of a shape.
constexpr uint32_t kPodsBeyondBound = 12;

struct Candidate {
  Configuration configuration;
  double cost = 0;
  double limit = 0;          // of the throughput, by the bounds
  double rough_seconds = 0;  // mean
  bool out = false;          // known, or taken, to miss
};

class Search {
 public:
  Search(const PlanRequest& request, std::string api,
         const std::function<void(const PlanTrial&)>& progress)
      : request_(request),
        api_(std::move(api)),
        progress_(progress),
        latency_limit_(LatencyLimit(request.objectives)) {}

  absl::StatusOr<Plan> Run() {
    if (absl::Status status = Enumerate(); !status.ok()) return status;
    if (absl::Status status = FindFirst(); !status.ok()) return status;
    if (absl::Status status = Narrow(); !status.ok()) return status;
    FindCheaperMiss();
    if (plan_.best >= 0 && plan_.closest_cheaper_miss < 0) {
      if (absl::Status status = ShowBoundsMiss(); !status.ok()) return status;
      FindCheaperMiss();
    }
    return std::move(plan_);
  }

 private:
  const PlanTrial& TrialAt(int i) const { return plan_.trials[static_cast<size_t>(i)]; }

  void FindCheaperMiss() {
    for (int i = 0; plan_.best >= 0 && i < static_cast<int>(plan_.trials.size()); ++i) {
      const double cost = TrialAt(i).cost_per_hour;
      const bool cheaper = !TrialAt(i).met && cost <= TrialAt(plan_.best).cost_per_hour;
      if (cheaper && (plan_.closest_cheaper_miss < 0 ||
                      cost > TrialAt(plan_.closest_cheaper_miss).cost_per_hour)) {
        plan_.closest_cheaper_miss = i;
      }
    }
  }

  // Of what costs less and was ruled out by the bounds, the one with the highest limit.
  absl::Status ShowBoundsMiss() {
    const double cost = TrialAt(plan_.best).cost_per_hour;
    Candidate* nearest = nullptr;
    for (Candidate& one : ruled_out_) {
      if (one.cost < cost && (nearest == nullptr || one.limit > nearest->limit)) nearest = &one;
    }
    if (nearest == nullptr) return absl::OkStatus();
    return Simulate(nearest).status();
  }

  absl::StatusOr<CompiledExperiment> Compile(const Configuration& shape) const {
    RunOptions options = request_.options;
    options.fixed_pods = shape.pods;
    return CompileExperiment(Configured(*request_.experiment, api_, shape, 1 + request_.margin),
                             options);
  }

  // PgBouncer before the database: as many server connections as keep its cores busy, and threads
  // for the load.
  absl::StatusOr<Configuration> WithPooler(Configuration shape, uint32_t usable) const {
    shape.pooler_pool = std::clamp(kPoolPerCore * shape.database_millicores / 1000,
                                   std::min(kLeastPool, usable), usable);
    const auto compiled = Compile(shape);
    if (!compiled.ok()) return compiled.status();
    for (const ResourceBound& resource :
         ComputeBounds(compiled->workload, compiled->system, shape.pods).resources) {
      if (resource.name != "pooler_cpu") continue;
      const double busy = compiled->workload.RequestRate() * resource.demand_seconds;
      shape.pooler_processes = static_cast<uint32_t>(
          std::clamp(std::ceil(busy / kPoolerBusy), 1.0, 1.0 * shape.pooler_pool));
    }
    return shape;
  }

  bool RuledOut(const Workload& workload, const Bounds& bounds) const {
    if (workload.open()) {
      return bounds.unloaded_seconds > latency_limit_ ||
             workload.RequestRate() >= bounds.MaxThroughput();
    }
    const auto users = static_cast<double>(workload.users);
    return bounds.Response(users) > latency_limit_ || users > bounds.Knee();
  }

  // Candidates of one shape: pods from the fewest that the bounds allow.
  absl::Status EnumerateShape(Configuration shape, uint32_t first_pods) {
    shape.pods = 1;
    const auto compiled = Compile(shape);
    if (!compiled.ok()) return compiled.status();
    const uint32_t usable = compiled->system.database.usable_connections;
    uint32_t kept = 0;
    for (uint32_t pods = first_pods; pods <= request_.choices.most_pods && kept < kPodsBeyondBound;
         pods += std::max(1u, pods / 16)) {
      ++plan_.configurations;
      const Bounds bounds = ComputeBounds(compiled->workload, compiled->system, pods);
      if (bounds.connections_asked > bounds.connections_usable && usable > 0) {
        ++plan_.by_connections;
        if (compiled->system.database.pooled) break;
        const auto pooled = WithPooler(shape, usable);
        return pooled.ok() ? EnumerateShape(*pooled, pods) : pooled.status();
      }
      Candidate candidate;
      candidate.configuration = shape;
      candidate.configuration.pods = pods;
      candidate.cost = CostPerHour(candidate.configuration, request_.experiment->deployment, api_,
                                   request_.prices);
      candidate.limit = bounds.MaxThroughput();
      if (RuledOut(compiled->workload, bounds)) {
        ++plan_.by_bounds;
        Remember(candidate.configuration, bounds);
        ruled_out_.push_back(candidate);
        continue;
      }
      ++kept;
      candidate.rough_seconds =
          EstimateLoad(compiled->workload, compiled->system, pods).response_seconds;
      candidates_.push_back(candidate);
    }
    return absl::OkStatus();
  }

  // The configuration that comes nearest by the bounds, for the words when nothing passes.
  void Remember(const Configuration& configuration, const Bounds& bounds) {
    if (bounds.unloaded_seconds >
        latency_limit_) {  // before any queue: more of anything is no help
      if (!too_slow_.empty()) return;
      too_slow_ = absl::StrFormat(
          "a request that never waits takes %.3g ms on average with the margin (network, CPU, "
          "flushes)",
          1000 * bounds.unloaded_seconds);
      plan_.nearest_by_bounds = too_slow_;
      return;
    }
    if (bounds.MaxThroughput() <= best_bound_) return;
    best_bound_ = bounds.MaxThroughput();
    const std::string& first = bounds.resources.front().name;
    plan_.nearest_by_bounds =
        absl::StrFormat("the bounds' best miss: %s: at most %.0f requests/s by %s%s",
                        configuration.Words(), best_bound_, first,
                        first == "redis_shard_max" && configuration.redis_masters == 0
                            ? " (--redis_masters 3,6,9 lets a plan have more)"
                            : "");
  }

  absl::Status Enumerate() {
    for (uint32_t cpu : request_.choices.cpu_millicores) {
      for (uint32_t connections : request_.choices.connections) {
        for (uint32_t database : request_.choices.database_millicores) {
          for (uint32_t masters : request_.choices.redis_masters) {
            Configuration shape;
            shape.cpu_millicores = cpu;
            shape.workers = std::max(1u, cpu / 1000);
            shape.connections = connections;
            shape.database_millicores = database;
            shape.redis_masters = masters;
            if (absl::Status status = EnumerateShape(shape, 1); !status.ok()) return status;
          }
        }
      }
    }
    std::stable_sort(
        candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
          return a.cost != b.cost ? a.cost < b.cost : a.rough_seconds < b.rough_seconds;
        });
    return absl::OkStatus();
  }

  bool MaySimulate() const { return plan_.trials.size() < request_.most_simulations; }

  // Simulates; true when met. Marks what cannot be better than a miss.
  absl::StatusOr<bool> Simulate(Candidate* candidate) {
    auto trial = Try(request_, api_, candidate->configuration, true);
    if (!trial.ok()) return trial.status();
    plan_.trials.push_back(*std::move(trial));
    const bool met = plan_.trials.back().met;
    if (progress_) progress_(plan_.trials.back());
    candidate->out = true;
    for (Candidate& other : candidates_) {
      if (!met && other.configuration.WithinReachOf(candidate->configuration)) other.out = true;
    }
    if (met) plan_.best = static_cast<int>(plan_.trials.size()) - 1;
    return met;
  }

  absl::Status FindFirst() {
    double good = std::min(latency_limit_, 1e299) / kTailOfMean;
    while (MaySimulate()) {
      const auto next = std::find_if(candidates_.begin(), candidates_.end(), [&](const auto& one) {
        return !one.out && one.rough_seconds < good;
      });
      if (next == candidates_.end()) return TryTheFastest();
      const auto met = Simulate(&*next);
      if (!met.ok()) return met.status();
      if (*met) return absl::OkStatus();
      // The formula was too kind: ask more of it, so that misses do not come in single steps.
      good = std::min(good, next->rough_seconds * 0.9);
    }
    plan_.exhausted = true;
    return absl::OkStatus();
  }

  // None is well below the limit by the analysis: the one that is fastest by it decides.
  absl::Status TryTheFastest() {
    const auto fastest = std::min_element(
        candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
          return a.out != b.out ? b.out : a.rough_seconds < b.rough_seconds;
        });
    if (fastest == candidates_.end() || fastest->out) return absl::OkStatus();
    return Simulate(&*fastest).status();
  }

  absl::Status Narrow() {
    size_t floor = 0;  // cheaper candidates are taken as missed
    while (plan_.best >= 0) {
      const double cost = TrialAt(plan_.best).cost_per_hour;
      std::vector<size_t> open;
      for (size_t i = floor; i < candidates_.size() && candidates_[i].cost < cost; ++i) {
        if (!candidates_[i].out) open.push_back(i);
      }
      if (open.empty()) return absl::OkStatus();
      if (!MaySimulate()) {
        plan_.exhausted = true;
        return absl::OkStatus();
      }
      const size_t half = (open.size() + 1) / 2;
      const auto last = open.begin() + static_cast<std::ptrdiff_t>(half);
      const size_t chosen = *std::min_element(open.begin(), last, [&](size_t a, size_t b) {
        return candidates_[a].rough_seconds < candidates_[b].rough_seconds;
      });
      const auto met = Simulate(&candidates_[chosen]);
      if (!met.ok()) return met.status();
      if (!*met) floor = open[half - 1] + 1;
    }
    return absl::OkStatus();
  }

  const PlanRequest& request_;
  const std::string api_;
  const std::function<void(const PlanTrial&)>& progress_;
  const double latency_limit_;
  double best_bound_ = 0;
  std::string too_slow_;
  std::vector<Candidate> candidates_;
  std::vector<Candidate> ruled_out_;  // by the bounds
  Plan plan_;
};

}  // namespace

absl::StatusOr<Plan> FindPlan(const PlanRequest& request,
                              const std::function<void(const PlanTrial&)>& progress) {
  const auto api = ApiWorkload(request);
  if (!api.ok()) return api.status();
  return Search(request, *api, progress).Run();
}

}  // namespace simulator
