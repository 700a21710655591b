#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "simulator/engine/simulation.h"

namespace simulator {
namespace {

constexpr Nanos kPointsKept = 125 * kSecond;
constexpr Nanos kReconcile = 10 * kMillisecond;  // a reconcile takes a moment: never on a 15 s grid

Nanos Settle(const Workload& workload, const RunOptions& options, bool scales) {
  const Nanos hold = workload.end - workload.ramp_end;
  if (options.settle_seconds >= 0) return std::min(ToNanos(options.settle_seconds), hold / 2);
  return scales ? std::min(240 * kSecond, hold / 2) : std::min(30 * kSecond, hold / 3);
}

}  // namespace

void Simulation::StartCluster() {
  desired_ = system_.pod.replicas;
  PlaceOtherWorkloads();
  for (uint32_t i = 0; i < desired_; ++i) CreatePod(true);
  RebuildReadyWorkers();
  queue_.Push(ToNanos(options_.step_seconds), kControl, kStep);
  window_start_ = workload_.ramp_end + Settle(workload_, options_, system_.autoscaler.has_value());
  queue_.Push(window_start_, kControl, kMeasure);
  if (system_.autoscaler.has_value()) {
    absl::StatusOr<std::unique_ptr<Scaler>> scaler = Scaler::Create(system_);
    if (!scaler.ok()) return Violation(std::string(scaler.status().message()));
    scaler_ = std::move(*scaler);
    queue_.Push(ToNanos(pod_random_.Uniform(0, ToSeconds(system_.scrape))), kControl, kScrape);
    queue_.Push(ToNanos(pod_random_.Uniform(0, ToSeconds(system_.sync))), kControl, kSync);
  }
  step_totals_ = window_totals_ = TakeTotals();
  if (system_.vertical) queue_.Push(60 * kSecond, kControl, kVertical);
  if (redis_.follows_load()) queue_.Push(kSecond, kControl, kCache);
  StartRedis();
}

// The processes of a container, not yet running.
uint32_t Simulation::AddContainer() {
  const auto index = static_cast<uint32_t>(pods_.size());
  PodState pod;
  pod.identity = index;
  pod.revision = revision_;
  pod.created = now_;
  pod.first_worker = static_cast<uint32_t>(workers_.size());
  pod.quota = CpuQuota(system_.pod.limit_period, system_.pod.limit_quota);
  for (uint32_t w = 0; w < system_.pod.workers; ++w) {
    workers_.emplace_back();
  }
  database_.AddWorkers(system_.pod.workers);
  pods_.push_back(std::move(pod));
  return index;
}

Nanos Simulation::StartDelay(base::RandomStream& random) const {
  return ToNanos(system_.pod.start_median_seconds *
                 std::exp(system_.pod.start_sigma * random.Normal()));
}

void Simulation::CreatePod(bool running_already) {
  const uint32_t index = AddContainer();
  PodState& state = pods_[index];
  if (running_already && nodes_.limited()) {
    state.node = nodes_.Place(system_.cluster.api);
    if (state.node != kNoNode) nodes_.PullsImage(state.node, system_.cluster.api);
    running_already = state.node != kNoNode;
  }
  if (running_already) {
    state.created = -3600 * kSecond;
    state.running = state.ready_at = state.created;
    state.is_running = state.ready = state.endpoint = true;
    ++ready_pods_;
    OpenConnections(index, true);
    StartProbes(index, now_);
  } else {
    state.start_delay = StartDelay(pod_random_);
    Schedule(index);
  }
  queue_.Push(std::max<Nanos>(now_, 0) + ToNanos(pod_random_.Uniform(0, ToSeconds(kKubeletPeriod))),
              kKubelet, index);
}

void Simulation::PodRunning(uint32_t index) {
  PodState& pod = pods_[index];
  if (pod.terminating || pod.silent) return;
  pod.is_running = true;
  pod.running = now_;
  OpenConnections(index, false);
  queue_.Push(now_ + system_.pod.ready_after, kPodReady, index);
  StartProbes(index, now_ + system_.pod.ready_after);
}

void Simulation::PodReady(uint32_t index) {
  PodState& pod = pods_[index];
  if (pod.terminating || pod.silent || !pod.is_running || pod.ready) return;
  AccrueCapacity();
  pod.ready = pod.endpoint = true;
  pod.ready_at = now_;
  pod.unready_since = kNever;
  ++ready_pods_;
  RebuildReadyWorkers();
  StepRollout();
}

// Each worker opens its pool; what max_connections does not allow stays closed.
void Simulation::OpenConnections(uint32_t index, bool established) {
  PodState& pod = pods_[index];
  AccrueCapacity();
  const uint32_t missing =
      database_.OpenConnections(pod.first_worker, system_.pod.workers, established);
  const uint32_t open = database_.open_connections();
  if (missing > 0 && !pod.starving) {
    ++starving_pods_;
    AddEvent("note", absl::StrCat("pod ", pod.identity),
             absl::StrCat("cannot open ", missing, " database connections: ", open, " of ",
                          system_.database.usable_connections, " usable are in use"),
             0, missing);
  }
  if (missing == 0 && pod.starving) --starving_pods_;
  pod.starving = missing > 0;
}

// The pod leaves the Service and runs its preStop hook; then it accepts no connection any more.
void Simulation::TerminatePod(uint32_t index) {
  PodState& pod = pods_[index];
  AccrueCapacity();
  pod.terminating = true;
  pod.terminating_since = now_;
  pod.stops_at = now_ + system_.pod.pre_stop;
  if (pod.ready) Unready(index);
  queue_.Push(now_ + system_.pod.pre_stop + kSecond, kPodGone, index);
}

// A pod leaves when its last request is answered, at the latest after its grace period.
void Simulation::PodGone(uint32_t index) {
  PodState& pod = pods_[index];
  if (pod.gone || pod.silent) return;
  uint32_t inside = 0;
  for (uint32_t w = pod.first_worker; w < pod.first_worker + system_.pod.workers; ++w) {
    inside += workers_[w].in_system;
  }
  if (inside > 0 && now_ < pod.terminating_since + system_.pod.grace) {
    return queue_.Push(now_ + kSecond, kPodGone, index);
  }
  if (inside > 0) {
    AddEvent("note", absl::StrCat("pod ", pod.identity),
             absl::StrCat("killed with ", inside, " requests: its grace period is over"), inside,
             0);
    KillPod(index, false);
  }
  pod.gone = true;
  pod.is_running = false;
  pod.points.clear();
  CloseConnections(index);
  LeaveNode(pod);
}

void Simulation::RebuildReadyWorkers() {
  ready_workers_.clear();
  for (const PodState& pod : pods_) {
    if (!pod.endpoint) continue;
    for (uint32_t w = 0; w < system_.pod.workers; ++w) {
      ready_workers_.push_back(pod.first_worker + w);
    }
  }
}

double Simulation::PodBusy(const PodState& pod) const {
  const Nanos now = CpuClock();
  double busy = static_cast<double>(pod.hashing.BusyUntil(now));
  for (uint32_t w = pod.first_worker; w < pod.first_worker + system_.pod.workers; ++w) {
    busy += static_cast<double>(workers_[w].cpu.BusyUntil(now));
  }
  return busy * system_.pod.run_speed;
}

// The kubelet looks at a pod every 10 seconds.
void Simulation::Kubelet(uint32_t index) {
  PodState& pod = pods_[index];
  if (pod.gone) return;
  queue_.Push(now_ + kKubeletPeriod, kKubelet, index);
  if (!pod.is_running || pod.silent) return;
  pod.points.push_back({now_, PodBusy(pod), pod.requests, MemoryOf(pod)});
  while (pod.points.front().time < now_ - kPointsKept) pod.points.pop_front();
  CheckMemory(index);
}

// Once a minute, as the recommender: each pod's use between its two newest kubelet points.
void Simulation::SampleForVertical() {
  for (const PodState& pod : pods_) {
    if (pod.gone || pod.points.size() < 2) continue;
    const PodPoint& last = pod.points.back();
    const PodPoint& before = pod.points[pod.points.size() - 2];
    vertical_.Add(now_,
                  (last.cpu_ns - before.cpu_ns) / static_cast<double>(last.time - before.time),
                  static_cast<double>(system_.pod.request_millicores) / 1000);
  }
  queue_.Push(now_ + 60 * kSecond, kControl, kVertical);
}

void Simulation::Synchronise() {
  const Scaler::Answer answer = scaler_->Synchronise(now_, desired_, pods_);
  // Decisions that hold the count are told when what holds it changes, not every 15 s.
  const bool told = held_by_ == answer.held_by;
  held_by_ = answer.held_by;
  if (answer.written && answer.desired != desired_) return Resize(answer.desired, answer.reason);
  if (!told && !held_by_.empty()) {
    AddEvent("held", system_.pod.workload, answer.reason, desired_, desired_);
  }
}

// Down: pods that are not ready go first, then the youngest (as the ReplicaSet ranks them).
void Simulation::Resize(uint32_t desired, const std::string& reason) {
  AddEvent("scaling", system_.pod.workload, reason, desired_, desired);
  for (uint32_t i = desired_; i < desired; ++i) CreatePod(false);
  if (desired < desired_) {
    std::vector<uint32_t> victims;
    for (uint32_t i = 0; i < pods_.size(); ++i) {
      if (!pods_[i].gone && !pods_[i].terminating) victims.push_back(i);
    }
    std::sort(victims.begin(), victims.end(), [this](uint32_t a, uint32_t b) {
      return pods_[a].ready != pods_[b].ready ? !pods_[a].ready : a > b;
    });
    victims.resize(std::min<size_t>(victims.size(), desired_ - desired));
    for (uint32_t victim : victims) TerminatePod(victim);
    RebuildReadyWorkers();
  }
  desired_ = desired;
  StepRollout();
}

void Simulation::ControlEvent(uint32_t control) {
  switch (static_cast<Control>(control)) {
    case kStep:
      EndStep();
      return queue_.Push(now_ + ToNanos(options_.step_seconds), kControl, kStep);
    case kScrape:
      scaler_->Scrape(now_, pods_);
      return queue_.Push(now_ + system_.scrape, kControl, kScrape);
    case kSync:
      Synchronise();
      return queue_.Push(now_ + kReconcile + system_.sync, kControl, kSync);
    case kMeasure:
      return BeginWindow();
    case kVertical:
      return SampleForVertical();
    case kCache:
      redis_.Refresh(now_, attempts_);
      return queue_.Push(now_ + kSecond, kControl, kCache);
    case kRedisChange:
      return RedisChange();
  }
}

void Simulation::AddEvent(const std::string& kind, const std::string& subject,
                          const std::string& text, double from, double to) {
  constexpr size_t kMaximumEvents = 2000;
  if (recorder_.result.events.size() >= kMaximumEvents) return;
  model::Event event;
  event.set_at_seconds(std::round(ToSeconds(now_) * 1e3) / 1e3);
  event.set_kind(kind);
  event.set_subject(subject);
  event.set_text(text);
  event.set_from(from);
  event.set_to(to);
  recorder_.result.events.push_back(std::move(event));
}

}  // namespace simulator
