#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "simulator/engine/simulation.h"

namespace simulator {
namespace {

constexpr Nanos kKubeletPeriod = 10 * kSecond;
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
  if (redis_.follows_load()) queue_.Push(kSecond, kControl, kCache);
}

void Simulation::CreatePod(bool running_already) {
  const auto index = static_cast<uint32_t>(pods_.size());
  PodState pod;
  pod.created = running_already ? -3600 * kSecond : now_;
  pod.first_worker = static_cast<uint32_t>(workers_.size());
  pod.quota = CpuQuota(system_.pod.limit_period, system_.pod.limit_quota);
  for (uint32_t w = 0; w < system_.pod.workers; ++w) {
    workers_.emplace_back();
  }
  database_.AddWorkers(system_.pod.workers);
  pods_.push_back(std::move(pod));
  PodState& state = pods_.back();
  if (running_already) {
    state.running = state.ready_at = state.created;
    state.is_running = state.ready = true;
    ++ready_pods_;
    OpenConnections(index);
  } else {
    // Room on the nodes: pods beyond it wait for a node, or stay pending for good.
    uint64_t alive = 0;
    for (const PodState& other : pods_) alive += !other.gone;
    Nanos delay = ToNanos(system_.pod.start_median_seconds *
                          std::exp(system_.pod.start_sigma * pod_random_.Normal()));
    if (system_.pod.node_slots > 0 && alive > system_.pod.node_slots) {
      if (alive > system_.pod.node_slots_maximum) {
        state.scheduled = false;
        AddEvent("note", absl::StrCat("pod ", index), "pending: no node has room for it", 0, 0);
        return;
      }
      delay += system_.pod.node_start;
    }
    queue_.Push(now_ + delay, kPodRunning, index);
  }
  queue_.Push(std::max<Nanos>(now_, 0) + ToNanos(pod_random_.Uniform(0, ToSeconds(kKubeletPeriod))),
              kKubelet, index);
}

void Simulation::PodRunning(uint32_t index) {
  PodState& pod = pods_[index];
  if (pod.terminating) return;
  pod.is_running = true;
  pod.running = now_;
  OpenConnections(index);
  queue_.Push(now_ + system_.pod.ready_after, kPodReady, index);
}

void Simulation::PodReady(uint32_t index) {
  PodState& pod = pods_[index];
  if (pod.terminating) return;
  AccrueCapacity();
  pod.ready = true;
  pod.ready_at = now_;
  ++ready_pods_;
  RebuildReadyWorkers();
}

// Each worker opens its pool; what max_connections does not allow stays closed.
void Simulation::OpenConnections(uint32_t index) {
  PodState& pod = pods_[index];
  AccrueCapacity();
  const uint32_t missing = database_.OpenConnections(pod.first_worker, system_.pod.workers);
  const uint32_t open = database_.open_connections();
  recorder_.result.database_connections_max =
      std::max(recorder_.result.database_connections_max, open);
  if (missing > 0 && !pod.starving) {
    ++starving_pods_;
    AddEvent("note", absl::StrCat("pod ", index),
             absl::StrCat("cannot open ", missing, " database connections: ", open, " of ",
                          system_.database.usable_connections, " usable are in use"),
             0, missing);
  }
  if (missing == 0 && pod.starving) --starving_pods_;
  pod.starving = missing > 0;
}

void Simulation::TerminatePod(uint32_t index) {
  PodState& pod = pods_[index];
  AccrueCapacity();
  pod.terminating = true;
  pod.terminating_since = now_;
  if (pod.ready) --ready_pods_;
  pod.ready = false;
  queue_.Push(now_ + system_.pod.pre_stop + kSecond, kPodGone, index);
}

// A pod leaves when its last request is answered, at the latest after its grace period.
void Simulation::PodGone(uint32_t index) {
  PodState& pod = pods_[index];
  uint32_t inside = 0;
  for (uint32_t w = pod.first_worker; w < pod.first_worker + system_.pod.workers; ++w) {
    inside += workers_[w].in_system;
  }
  if (inside > 0 && now_ < pod.terminating_since + system_.pod.grace) {
    return queue_.Push(now_ + kSecond, kPodGone, index);
  }
  AccrueCapacity();
  pod.gone = true;
  pod.is_running = false;
  pod.points.clear();
  if (pod.starving) --starving_pods_;
  pod.starving = false;
  database_.CloseConnections(pod.first_worker, system_.pod.workers);
  for (uint32_t i = 0; starving_pods_ > 0 && i < pods_.size(); ++i) {
    if (pods_[i].starving && pods_[i].is_running) OpenConnections(i);
  }
}

void Simulation::RebuildReadyWorkers() {
  ready_workers_.clear();
  for (const PodState& pod : pods_) {
    if (!pod.ready) continue;
    for (uint32_t w = 0; w < system_.pod.workers; ++w) {
      ready_workers_.push_back(pod.first_worker + w);
    }
  }
}

double Simulation::PodBusy(const PodState& pod) const {
  const Nanos now = steady_ ? now_ : speed_.WorkBy(now_);
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
  if (!pod.is_running) return;
  const double connections = system_.per_request ? 0 : static_cast<double>(pod.connections);
  pod.points.push_back(
      {now_, PodBusy(pod), pod.requests,
       system_.pod.base_memory_bytes + connections * system_.pod.connection_memory_bytes});
  while (pod.points.front().time < now_ - kPointsKept) pod.points.pop_front();
}

void Simulation::Synchronise() {
  const Scaler::Answer answer = scaler_->Synchronise(now_, desired_, pods_);
  if (answer.written && answer.desired != desired_) Resize(answer.desired, answer.reason);
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
    case kCache:
      redis_.Refresh(now_, attempts_);
      return queue_.Push(now_ + kSecond, kControl, kCache);
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
