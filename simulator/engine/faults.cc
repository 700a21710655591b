#include <algorithm>

#include "absl/strings/str_cat.h"
#include "simulator/engine/simulation.h"

// What goes wrong, when the fault plan says so: one switch that hands each fault to its component.
namespace simulator {
namespace {

constexpr size_t kMostOccurrences = 1u << 20;

}  // namespace

void Simulation::StartFaults() {
  faults_ = options_.faults.faults;
  if (options_.slowdown.duration_seconds > 0 && options_.slowdown.factor != 1) {
    Fault& fault = faults_.emplace_back();
    fault.kind = FaultKind::kSlowdown;
    fault.at = ToNanos(options_.slowdown.start_seconds);
    fault.duration = ToNanos(options_.slowdown.duration_seconds);
    fault.parameters["factor"] = options_.slowdown.factor;
  }
  if (!options_.faults.empty()) database_.TrackCommits();
  for (uint32_t i = 0; i < faults_.size(); ++i) queue_.Push(faults_[i].at, kFault, i);
  for (uint32_t i = 0; i < options_.faults.processes.size(); ++i) NextFailure(i);
}

// How many components of the kind can fail now.
uint64_t Simulation::Components(FaultKind kind) const {
  switch (kind) {
    case FaultKind::kPodCrash: {
      uint64_t running = 0;
      for (const PodState& pod : pods_) running += pod.is_running && !pod.silent;
      return running;
    }
    case FaultKind::kNodeLoss: {
      uint64_t up = 0;
      for (uint32_t i = 0; i < nodes_.size(); ++i) up += nodes_.up(i);
      return up;
    }
    case FaultKind::kRedisMasterLoss:
      return redis_.shards();
    default:
      return 1;
  }
}

// The next failure among the components there are: n of them fail n times as often as one. As their
// number changes, the clock is redrawn each second, which the exponential law allows.
void Simulation::NextFailure(uint32_t index) {
  const FaultProcess& process = options_.faults.processes[index];
  const uint64_t components = Components(process.fault.kind);
  const Nanos from = std::max(now_, process.fault.at);
  double after = 1;
  if (components > 0) {
    after =
        fault_times_[index].Exponential(process.every_seconds / static_cast<double>(components));
  }
  const bool fails = after < 1;
  queue_.Push(from + ToNanos(std::min(after, 1.0)), kFaultProcess, index << 1 | (fails ? 1 : 0));
}

void Simulation::FaultProcessEvent(uint32_t index_and_failure) {
  const uint32_t index = index_and_failure >> 1;
  if ((index_and_failure & 1) != 0 && faults_.size() < kMostOccurrences) {
    const FaultProcess& process = options_.faults.processes[index];
    Fault occurrence = process.fault;
    occurrence.at = now_;
    if (process.repair_seconds > 0) {
      occurrence.duration = ToNanos(fault_times_[index].Exponential(process.repair_seconds));
    }
    faults_.push_back(std::move(occurrence));
    BeginFault(static_cast<uint32_t>(faults_.size() - 1));
  }
  NextFailure(index);
}

void Simulation::BeginFault(uint32_t index) {
  const Fault fault = faults_[index];  // a handler may add occurrences
  if (fault.duration > 0) queue_.Push(now_ + fault.duration, kFaultOver, index);
  switch (fault.kind) {
    case FaultKind::kSlowdown:  // speed_ knows it beforehand
      return AddEvent("fault", "server_cpu",
                      absl::StrCat("slowdown: pods work at ", 100 * fault.Get("factor"),
                                   " % of their speed for ", ToSeconds(fault.duration), " s"),
                      1, fault.Get("factor"));
    case FaultKind::kPodCrash:
      return CrashPods(fault.Count("pods"));
    case FaultKind::kNodeLoss:
      return LoseNodes(index, DrawNodes(fault.Count("nodes")));
    case FaultKind::kZoneLoss:
      return LoseZone(index, fault.Count("zone"));
    case FaultKind::kDrainNode:
      return Drain(index, DrawNodes(fault.Count("nodes")));
    case FaultKind::kRollingUpdate:
      return StartRollout();
    case FaultKind::kIngressLoss:
      return LoseIngress(index, fault.Count("replicas"));
    case FaultKind::kRedisMasterLoss:
      redis_.LoseMaster(ShardOf(index), fault.Count("silent") > 0, fault.Count("replica") > 0, now_,
                        attempts_);
      return WatchRedis();
    case FaultKind::kRedisLost:
      redis_.LoseAll(fault.Count("silent") > 0, now_, attempts_);
      return WatchRedis();
    case FaultKind::kCacheLost:
      redis_.LoseCache(now_, attempts_);
      return WatchRedis();
    case FaultKind::kRedisReshard:
      redis_.Reshard(fault.Count("masters"), now_);
      return WatchRedis();
    case FaultKind::kDatabaseRestart:
      return database_.Restart(fault.Time("recovery"));
    case FaultKind::kDatabaseFailover:
      return database_.Failover();
    case FaultKind::kDatabaseSlowdown:
      database_.SetSpeed(fault.Get("factor"));
      return AddEvent("fault", "database",
                      absl::StrCat("slowdown: its CPU works at ", 100 * fault.Get("factor"),
                                   " % of its speed for ", ToSeconds(fault.duration), " s"),
                      1, fault.Get("factor"));
    default:
      return Violation(
          absl::StrCat("fault ", std::string(RuleOf(fault.kind).name), " has no handler"));
  }
}

// The fault's shard: the one it names, else one drawn at its begin.
uint32_t Simulation::ShardOf(uint32_t index) {
  Fault& fault = faults_[index];
  if (!fault.Has("shard")) {
    fault.parameters["shard"] = static_cast<double>(redis_.DrawForFault());
  }
  return std::min(fault.Count("shard"), static_cast<uint32_t>(redis_.shards() - 1));
}

// Its duration is over.
void Simulation::EndFault(uint32_t index) {
  const Fault& fault = faults_[index];
  switch (fault.kind) {
    case FaultKind::kSlowdown:
      return AddEvent("fault", "server_cpu", "slowdown over", fault.Get("factor"), 1);
    case FaultKind::kNodeLoss:
    case FaultKind::kZoneLoss:
    case FaultKind::kDrainNode:
      return NodesBack(index);
    case FaultKind::kIngressLoss:
      return ReturnIngress(index);
    case FaultKind::kRedisMasterLoss:
      redis_.ReturnMaster(ShardOf(index), now_, attempts_);
      return WatchRedis();
    case FaultKind::kRedisLost:
      redis_.ReturnAll(now_, attempts_);
      return WatchRedis();
    case FaultKind::kDatabaseSlowdown:
      database_.SetSpeed(1);
      return AddEvent("fault", "database", "slowdown over", fault.Get("factor"), 1);
    default:
      return;
  }
}

}  // namespace simulator
