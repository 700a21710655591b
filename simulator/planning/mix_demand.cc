#include "simulator/planning/mix_demand.h"

#include <algorithm>

namespace simulator {
namespace {

constexpr double kNanosecond = 1e-9;

// The share of requests that miss at `throughput` of the whole mix: the engine's own figure.
double Misses(const OperationModel& operation, double throughput, CacheAge age) {
  if (!operation.cacheable) return 1;
  if (!operation.cache.has_value()) return 1 - operation.hit_rate;
  const double ttl = operation.cache->ttl_seconds();
  double hits = 0;
  if (age.seconds < 0) {
    hits = std::max(operation.cache->HitRate(throughput * ttl),
                    operation.cache->ColdHitRate(throughput * ttl, ttl * (1 - 1e-9)));
  } else if (age.seconds < ttl) {
    hits = operation.cache->ColdHitRate(throughput * age.seconds, age.seconds);
  } else {
    hits = operation.cache->HitRate(throughput * ttl);
  }
  return 1 - std::clamp(hits, 0.0, 1.0);
}

double SecondMoment(double mean, double scv) { return mean * mean * (1 + scv); }

// One operation's request, added to the mix with its share.
class Adder {
 public:
  Adder(const SystemModel& system, const OperationModel& operation, double share, double misses,
        MixDemand* sum)
      : system_(system), operation_(operation), share_(share), sum_(*sum) {
    segments_ = misses * operation.round_trips.mean();
    commits_ = segments_ > 0 && waits() ? misses * operation.commits.mean() : 0;
    audits_ = operation.audited_read && system.database.flush > 0 ? operation.audits.mean() : 0;
  }

  void Add() {
    Database();
    Redis();
    Worker();
    sum_.unloaded += share_ * alone_;
  }

 private:
  bool waits() const { return system_.database.commit_waits && system_.database.flush > 0; }

  void Database() {
    const DatabaseModel& database = system_.database;
    const double segment = operation_.segment.mean() * kNanosecond;
    const double trip = static_cast<double>(database.round_trip) * kNanosecond;
    const double flush = waits() ? static_cast<double>(database.flush) * kNanosecond : 0;
    const double work = segments_ * segment;
    const double record = database.audit_batch > 0 ? database.audit_row * kNanosecond : 0;
    sum_.segments += share_ * segments_;
    sum_.segment_work += share_ * work;
    sum_.database += share_ * (work + audits_ * record);
    sum_.connection += share_ * (work + commits_ * flush);
    sum_.commits += share_ * std::min(commits_, 1.0);
    sum_.extra_commits += share_ * std::max(0.0, commits_ - 1);
    sum_.audits += share_ * audits_;
    const double speed = std::min(1.0, database.cores);
    alone_ += work / speed + segments_ * trip + commits_ * flush;
    if (audits_ > 0) {
      const double insert = static_cast<double>(database.audit_insert) * kNanosecond;
      alone_ += audits_ * (record / speed + insert + trip + flush);
    }
    if (!database.pooled) return;
    const double pooler = segments_ * static_cast<double>(database.pooler_query) * kNanosecond;
    sum_.pooler += share_ * pooler;
    alone_ += pooler;
  }

  void Redis() {
    const double commands = operation_.redis_commands.mean();
    const double busy = static_cast<double>(operation_.redis_busy) * kNanosecond;
    asks_ = std::min(1.0, commands);
    sum_.redis += share_ * commands * busy;
    sum_.redis_commands += share_ * commands;
    sum_.redis_requests += share_ * asks_;
    alone_ += asks_ * (static_cast<double>(system_.round_trip) * kNanosecond + busy);
  }

  void Worker() {
    const DemandLaw& law = operation_.server_cpu;
    const double server = law.mean() * kNanosecond;
    const double hashing = operation_.blocking.mean() * kNanosecond;
    sum_.server += share_ * server;
    sum_.hashing += share_ * hashing;
    if (hashing > 0) {
      sum_.hashing_requests += share_;
      sum_.hashing_second_moment += share_ * SecondMoment(hashing, operation_.blocking.scv());
    }
    alone_ += (server + hashing) / system_.pod.run_speed;
    // Half of the work at the arrival, half over the answers awaited.
    const double answers =
        operation_.waits ? asks_ + segments_ + audits_ + (hashing > 0 ? 1 : 0) : 0;
    sum_.visits += share_ * (1 + answers);
    const double first = operation_.waits ? server / 2 : server;
    const double rest = answers > 0 ? (server - first) / answers : 0;
    sum_.visit_second_moment +=
        share_ * (SecondMoment(first, law.scv()) + answers * SecondMoment(rest, law.scv()));
  }

  const SystemModel& system_;
  const OperationModel& operation_;
  const double share_;
  MixDemand& sum_;
  double segments_ = 0;
  double commits_ = 0;
  double audits_ = 0;
  double asks_ = 0;
  double alone_ = 0;
};

}  // namespace

MixDemand DemandOf(const Workload& workload, const SystemModel& system, double throughput,
                   CacheAge age) {
  MixDemand sum;
  for (size_t i = 0; i < system.operations.size(); ++i) {
    if (workload.mix[i] <= 0) continue;
    const OperationModel& operation = system.operations[i];
    Adder(system, operation, workload.mix[i], Misses(operation, throughput, age), &sum).Add();
  }
  if (sum.visits > 0) sum.visit_second_moment /= sum.visits;
  if (sum.hashing_requests > 0) sum.hashing_second_moment /= sum.hashing_requests;
  sum.unloaded += static_cast<double>(system.ingress_cpu + system.client_round_trip) * kNanosecond;
  return sum;
}

}  // namespace simulator
