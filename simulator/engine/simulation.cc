#include "simulator/engine/simulation.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace simulator {
namespace {

SpeedProfile Speed(const RunOptions& options) {
  std::vector<Fault> slowdowns;
  for (const Fault& fault : options.faults.faults) {
    if (fault.kind == FaultKind::kSlowdown) slowdowns.push_back(fault);
  }
  if (options.slowdown.duration_seconds > 0) {
    Fault& fault = slowdowns.emplace_back();
    fault.at = ToNanos(options.slowdown.start_seconds);
    fault.duration = ToNanos(options.slowdown.duration_seconds);
    fault.parameters["factor"] = options.slowdown.factor;
  }
  std::sort(slowdowns.begin(), slowdowns.end(),
            [](const Fault& a, const Fault& b) { return a.at < b.at; });
  SpeedProfile speed;
  for (const Fault& fault : slowdowns) speed.Slow(fault.at, fault.duration, fault.Get("factor"));
  return speed;
}

}  // namespace

Simulation::Simulation(const Workload& workload, const SystemModel& system,
                       const RunOptions& options, uint32_t replication)
    : workload_(workload),
      system_(system),
      options_(options),
      replication_(replication),
      end_(workload.end),
      plan_(&workload_.stages),
      redis_(system, options.seed, replication),
      ingress_speed_(IngressSpeed(system, options)),
      database_(system, options, replication, now_, requests_, queue_, *this),
      speed_(Speed(options)),
      steady_(speed_.constant()),
      fault_targets_(options.seed, replication, "faults", "targets"),
      retrying_(workload.retry.attempts > 0),
      tokens_(workload.retry.bucket),
      worker_limit_(system.overload.concurrency_limit > 0 ? system.overload.concurrency_limit
                                                          : options.worker_queue_limit),
      resilience_(system.overload.on() || workload.breaker.on()),
      nodes_(system.cluster),
      node_lost_at_(system.cluster.nodes, kNever),
      recorder_(workload.operations.size()),
      journey_random_(options.seed, replication, "users", "journeys"),
      think_random_(options.seed, replication, "users", "think_time"),
      route_random_(options.seed, replication, "balancer", "route"),
      cpu_random_(options.seed, replication, "server", "cpu"),
      pod_random_(options.seed, replication, "pods", "lifecycle"),
      restart_random_(options.seed, replication, "pods", "restarts"),
      probe_random_(options.seed, replication, "pods", "probes"),
      retry_random_(options.seed, replication, "users", "backoff"),
      session_random_(options.seed, replication, "users", "sessions"),
      token_random_(options.seed, replication, "users", "token_age"),
      arrivals_(&workload_.rates,
                base::RandomStream(options.seed, replication, "users", "arrivals")),
      next_change_(workload.open() ? arrivals_.NextTime() : plan_.NextTime()),
      refreshing_(workload.tokens.refreshes && system.token_refresh),
      counted_(CountsSuffice()),
      plain_(!workload.open() && !refreshing_ && !counted_) {
  if (options.cache != RunOptions::Cache::kRates) {
    keyed_ = std::make_unique<KeyedCache>(
        system, workload, options.cache == RunOptions::Cache::kKeys, options.seed, replication);
    redis_.SimulateKeys();
  }
  for (const ThinkLaw& law : workload_.laws) {
    law_pool_.push_back(law.memoryless ? static_cast<int>(memoryless_.size()) : -1);
    if (law.memoryless) {
      memoryless_.emplace_back(
          law.mean,
          base::RandomStream(options.seed, replication, "users", "release", memoryless_.size()),
          counted_ ? workload_.steps.size() : 0);
    }
  }
  for (size_t i = 0; i < options.faults.processes.size(); ++i) {
    fault_times_.emplace_back(options.seed, replication, "faults", "times", i);
  }
  if (workload.retry.per_worker) client_workers_.resize(workload.client_workers);
  if (workload.breaker.on()) {
    const uint64_t breakers = workload.breaker.scope == BreakerModel::kConnection ? workload.users
                              : workload.breaker.scope == BreakerModel::kWorker
                                  ? workload.client_workers
                                  : 1;
    breakers_ = std::make_unique<CircuitBreakers>(workload.breaker, breakers);
  }
  if (counted_) {  // one entry per step, and one in which a user takes its next step
    for (size_t j = 0; j < workload_.journeys.size(); ++j) {
      for (uint32_t step = 0; step < workload_.journeys[j].steps; ++step) {
        users_.push_back({kNoWorker, static_cast<uint16_t>(j), static_cast<uint16_t>(step)});
      }
    }
    users_.push_back({kNoWorker, 0, 0});
  } else {
    if (system.ingress_handshake > 0) {
      clients_ = std::make_unique<IngressClients>(
          system.ingress_keep_alive, system.ingress_replicas,
          base::RandomStream(options.seed, replication, "ingress", "replicas"));
    }
    users_.reserve(workload.users);
    if (memoryless_.size() == 1) memoryless_[0].Reserve(workload.users);
  }
}

ReplicationResult Simulation::Run() {
  StartCluster();
  StartFaults();
  Loop();
  if (!recorder_.result.unstable.empty()) return std::move(recorder_.result);
  EndWindow();
  recorder_.result.pods_end = ready_pods_;
  recorder_.result.kernel_events = kernel_events_;
  return std::move(recorder_.result);
}

void Simulation::Loop() {
  enum Source { kQueue, kThink, kWheel, kDatabase, kTimeouts, kPlan };
  const bool timeouts = workload_.timeout != kNever;
  for (;;) {
    Nanos next = queue_.NextTime();
    Source source = kQueue;
    size_t pool = 0;
    for (size_t i = 0; i < memoryless_.size(); ++i) {
      if (memoryless_[i].NextTime() < next) {
        next = memoryless_[i].NextTime();
        source = kThink;
        pool = i;
      }
    }
    const auto consider = [&](Nanos time, Source candidate) {
      if (time < next) {
        next = time;
        source = candidate;
      }
    };
    if (wheel_.size() > 0) consider(wheel_.NextTime(), kWheel);
    consider(database_.NextTime(), kDatabase);
    if (timeouts && requests_.live() > 0) {
      consider(requests_.OldestStart() + workload_.timeout, kTimeouts);
    }
    consider(next_change_, kPlan);
    if (next >= end_) break;
    now_ = next;
    ++kernel_events_;
    switch (source) {
      case kQueue:
        Dispatch(queue_.Pop());
        break;
      case kThink:
        StopThinking(memoryless_[pool].Pop(now_));
        break;
      case kWheel:
        StopThinking(wheel_.Pop());
        break;
      case kDatabase:
        database_.Depart();
        break;
      case kTimeouts:
        TimeOutOldest();
        break;
      case kPlan:
        ChangePopulation();
        break;
    }
  }
  now_ = end_;
}

void Simulation::Dispatch(const Event& event) {
  const uint32_t index = event.index();
  switch (static_cast<EventKind>(event.kind())) {
    case kAtWorker:
      return AtWorker(index);
    case kFirstCpuDone:
      return AskRedis(index);
    case kMiddleCpuDone:
      return MiddleCpuDone(index);
    case kRedisDone:
      return AfterRedis(index, false);
    case kSegmentAnswered:
      return SegmentAnswered(index, false);
    case kCommitFlushed:
      return database_.CommitFlushed(index);
    case kAuditInserted:
      return database_.AuditInserted(index);
    case kAuditDurable:
      return database_.AuditFlushed(index);
    case kDatabaseConnected:
      return database_.Connected(index);
    case kPoolerForwarded:
      return database_.PoolerForwarded(index);
    case kPoolerReturned:
      return database_.PoolerReturned(index);
    case kDatabaseControl:
      return database_.ControlEvent(index);
    case kHashed:
      return BeforeAnswer(index);
    case kAnswered:
      return Answer(index);
    case kWorkerFree:
      return WorkerFree(index);
    case kPodRunning:
      return PodRunning(index);
    case kPodReady:
      return PodReady(index);
    case kPodGone:
      return PodGone(index);
    case kKubelet:
      return Kubelet(index);
    case kControl:
      return ControlEvent(index);
    case kFault:
      return BeginFault(index);
    case kFaultOver:
      return EndFault(index);
    case kCluster:
      return DispatchCluster(index);
    case kFaultProcess:
      return FaultProcessEvent(index);
  }
}

void Simulation::ChangePopulation() {
  if (workload_.open()) {
    Arrive();
    next_change_ = arrivals_.NextTime();
    return;
  }
  const int change = plan_.Pop();
  next_change_ = plan_.NextTime();
  if (change < 0) {
    ++leaving_;  // the next user whose think time ends leaves
    return;
  }
  if (leaving_ > 0) {
    --leaving_;
    return;
  }
  const uint32_t user = NewUser();
  const bool stationary = workload_.stationary_start && now_ == 0;
  bool settled = false;
  if (stationary) {
    settled = workload_.BeginStationary(users_[user], journey_random_);
  } else {
    workload_.Begin(users_[user], journey_random_);
  }
  if (refreshing_) {
    const double age = token_random_.Uniform01();
    IssueToken(user,
               now_ + static_cast<Nanos>(age * static_cast<double>(workload_.tokens.lifetime)));
  }
  if (settled) return ThinkOn(Settled(user));
  Think(Settled(user));
}

// What is left of a think time that began before the run.
void Simulation::ThinkOn(uint32_t user) {
  const uint16_t law = workload_.StepOf(users_[user]).law;
  if (law_pool_[law] >= 0) return Think(user);
  wheel_.Add(now_ + ToNanos(workload_.laws[law].residual.Sample(think_random_)), user);
}

void Simulation::Think(uint32_t user) {
  const uint16_t law = workload_.StepOf(users_[user]).law;
  if (law_pool_[law] >= 0) {
    memoryless_[static_cast<size_t>(law_pool_[law])].Add(now_, user);
  } else {
    wheel_.Add(now_ + ToNanos(workload_.laws[law].sampler.Sample(think_random_)), user);
  }
}

void Simulation::StopThinking(uint32_t user) {
  if (backing_off_ > 0 && EndBackoff(user)) return;
  if (leaving_ > 0) {
    --leaving_;
    Leave(user);
    return;
  }
  Send(user);
}

uint64_t Simulation::Thinking() const {
  uint64_t thinking = wheel_.size() - backing_off_;
  for (const ThinkingUsers& users : memoryless_) thinking += users.size();
  return thinking;
}

void Simulation::Violation(const std::string& what) {
  if (recorder_.result.violation.empty()) {
    recorder_.result.violation = absl::StrCat("at ", ToSeconds(now_), " s: ", what);
  }
}

}  // namespace simulator
