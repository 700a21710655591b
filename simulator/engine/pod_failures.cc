#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "simulator/engine/simulation.h"

// Processes that die, and what their clients, their connections and their requests make of it.
namespace simulator {
namespace {

// An ingress (nginx) gives a pod that does not answer 5 s to connect, and tries three pods.
constexpr Nanos kConnectTimeout = 5 * kSecond;
constexpr uint8_t kUpstreamTries = 3;
// PostgreSQL keeps the connection of a client that vanished until TCP's keep-alive gives up: Linux'
// 7200 s idle and nine probes 75 s apart.
constexpr Nanos kTcpKeepAlive = 7875 * kSecond;

}  // namespace

bool Simulation::Listens(const PodState& pod) const {
  return pod.is_running && !pod.gone && now_ < pod.stops_at;
}

// A request whose worker does not take it: true when it is dealt with, false when it may go on, to
// another worker that an ingress found.
bool Simulation::Unreachable(uint32_t index) {
  for (;;) {
    Request& request = requests_[index];
    const PodState& pod = pods_[request.worker / system_.pod.workers];
    if (!pod.silent && Listens(pod)) return false;
    if (!system_.ingress) {
      const bool silent = pod.silent && workload_.timeout != kNever;
      if (!silent) return FailRequest(index, pod.silent ? kReset : kRefused), true;
      request.failure = kFailureSilent;
      request.cpu_after = 0;
      DropDead(index);
      return true;
    }
    if (!request.live || request.segments + 1 >= kUpstreamTries || ready_workers_.empty()) {
      return FailRequest(index, kOverloaded), true;
    }
    const bool silent = pod.silent;
    // Not a pod that it has tried; the fields are free until the request is at a connection.
    (request.segments == 0 ? request.connection : request.next) =
        request.worker / system_.pod.workers;
    ++request.segments;
    --workers_[request.worker].in_system;
    for (int draw = 0; draw < 32; ++draw) {
      request.worker = ready_workers_[route_random_.UniformInt(ready_workers_.size())];
      const uint32_t next = request.worker / system_.pod.workers;
      if (next != request.connection && (request.segments < 2 || next != request.next)) break;
    }
    ++workers_[request.worker].in_system;
    if (!silent) continue;
    queue_.Push(now_ + kConnectTimeout, kAtWorker, index);
    return true;
  }
}

// It has not been worked on, and will not be.
void Simulation::FailRequest(uint32_t index, Outcome outcome) {
  const Request& request = requests_[index];
  --workers_[request.worker].in_system;
  if (request.live) {
    CountLive();
    requests_.Unlink(index);
    Conclude(request.user, request.start, request.operation, outcome);
  }
  requests_.Free(index);
}

// The path of a request of a dead process ends here, or of what was left of one at the database. A
// client that hears nothing still waits.
void Simulation::DropDead(uint32_t index) {
  Request& request = requests_[index];
  if (request.failure == kFailureLeft) return requests_.Free(index);
  --workers_[request.worker].in_system;
  cpu_pending_ -= request.cpu_after;
  cpu_dropped_ += request.cpu_after;
  if (!request.live) return requests_.Free(index);
  request.worker = kNone;
}

// All processes of a pod are gone at once. With `silent` nobody is told: no reset comes back, and
// the API server goes on believing in the pod.
void Simulation::KillPod(uint32_t index, bool silent) {
  disturbed_ = true;
  AccrueCapacity();
  PodState& pod = pods_[index];
  pod.silent = silent;
  pod.points.clear();
  pod.has_previous = pod.has_latest = false;
  if (!silent) {
    pod.is_running = false;
    if (pod.ready) Unready(index);
  }
  const uint32_t first = pod.first_worker;
  const uint32_t last = first + system_.pod.workers;
  for (uint32_t i = 0; i < requests_.size(); ++i) {
    Request& request = requests_[i];
    const bool here = request.worker >= first && request.worker < last;
    if (!here || Dead(request) || request.cpu_after < 0) continue;  // < 0: still at the ingress
    request.failure = silent ? kFailureSilent : kFailureReset;
  }
  if (!silent || workload_.timeout == kNever) ResetClients(first, last);
  const Nanos now = CpuClock();
  for (uint32_t i : database_.Kill(first, system_.pod.workers)) DropDead(i);
  if (keyed_ != nullptr) {
    for (uint32_t i : keyed_->Kill(first, last)) DropDead(i);
  }
  for (uint32_t w = first; w < last; ++w) {
    if (w < queues_.size()) DropQueue(w);
    cpu_dropped_ += workers_[w].cpu.Abandon(now);
  }
  pod.hashing.Abandon(now);
  if (silent) {
    PushCluster(now_ + kTcpKeepAlive, kConnectionsDropped, index);
  } else {
    CloseConnections(index);
  }
}

// What waits for a worker's CPU under overload control.
void Simulation::DropQueue(uint32_t w) {
  WorkerQueue& waiting = queues_[w].waiting;
  while (!waiting.empty()) {
    bool late = false;
    const WorkerQueue::Item item = waiting.Pop({}, now_, &late);
    if (item.fresh) {
      cpu_pending_ -= item.work;
      cpu_dropped_ += item.work;
    }
    DropDead(item.request);
  }
}

// Their connections break.
void Simulation::ResetClients(uint32_t first_worker, uint32_t end_worker) {
  for (uint32_t i = requests_.oldest(); i != kNone;) {
    const Request& request = requests_[i];
    const uint32_t next = request.newer;
    if (request.worker >= first_worker && request.worker < end_worker && Dead(request)) {
      CountLive();
      requests_.Unlink(i);
      Conclude(request.user, request.start, request.operation, kReset);
    }
    i = next;
  }
}

// Idle connections close at once, a busy one when its statement is done.
void Simulation::CloseConnections(uint32_t index) {
  PodState& pod = pods_[index];
  AccrueCapacity();
  if (pod.starving) --starving_pods_;
  pod.starving = false;
  database_.CloseConnections(pod.first_worker, system_.pod.workers);
  FeedStarvingPods();
}

void Simulation::FeedStarvingPods() {
  for (uint32_t i = 0; starving_pods_ > 0 && i < pods_.size(); ++i) {
    if (pods_[i].starving && pods_[i].is_running) OpenConnections(i, false);
  }
}

// The kubelet starts the pod's container again, after its pause.
void Simulation::RestartContainer(uint32_t old, const std::string& why) {
  if (pods_.size() >= kClusterValues) return Violation("more containers than can be numbered");
  const uint32_t index = AddContainer();
  PodState& before = pods_[old];
  PodState& pod = pods_[index];
  pod.identity = before.identity;
  pod.restarts = before.restarts + 1;
  pod.revision = before.revision;
  pod.node = before.node;
  pod.created = before.created;
  pod.backoff = before.backoff;
  pod.unready_since = now_;
  const Nanos pause = pod.backoff.Next(before.running == kNever ? now_ : before.running, now_);
  before.gone = before.terminating = true;
  before.is_running = before.silent = false;
  CloseConnections(old);
  AddEvent("fault", absl::StrCat("pod ", pod.identity),
           absl::StrCat(why, "; restart ", pod.restarts, " in ", ToSeconds(pause), " s"),
           before.restarts, pod.restarts);
  queue_.Push(now_ + pause + StartDelay(restart_random_), kPodRunning, index);
  queue_.Push(now_ + ToNanos(restart_random_.Uniform(0, ToSeconds(kKubeletPeriod))), kKubelet,
              index);
}

// More memory than its limit: the kernel kills it.
void Simulation::CheckMemory(uint32_t index) {
  constexpr double kMiB = 1024 * 1024;
  const PodState& pod = pods_[index];
  const double limit = system_.pod.limit_memory_bytes;
  const double used = MemoryOf(pod);
  if (limit <= 0 || used <= limit || !pod.is_running || pod.silent) return;
  const std::string why =
      absl::StrFormat("killed: out of memory: %.0f MiB with %d connections, limit %.0f MiB",
                      used / kMiB, pod.connections, limit / kMiB);
  if (!pod.terminating) return CrashPod(index, why);
  KillPod(index, false);
}

double Simulation::MemoryOf(const PodState& pod) const {
  double requests = 0;
  for (uint32_t w = pod.first_worker; w < pod.first_worker + system_.pod.workers; ++w) {
    requests += workers_[w].in_system;
  }
  return system_.pod.base_memory_bytes +
         static_cast<double>(pod.connections) * system_.pod.connection_memory_bytes +
         requests * system_.pod.request_held_bytes;
}

void Simulation::CrashPod(uint32_t index, const std::string& why) {
  KillPod(index, false);
  RestartContainer(index, why);
}

// Random containers among those that run.
void Simulation::CrashPods(uint32_t count) {
  for (; count > 0; --count) {
    std::vector<uint32_t> running;
    for (uint32_t i = 0; i < pods_.size(); ++i) {
      if (pods_[i].is_running && !pods_[i].silent && !pods_[i].terminating) running.push_back(i);
    }
    if (running.empty()) return AddEvent("fault", "pods", "crash: no pod runs", 0, 0);
    CrashPod(running[fault_targets_.UniformInt(running.size())], "crashed");
  }
}

void Simulation::Unready(uint32_t index) {
  AccrueCapacity();
  PodState& pod = pods_[index];
  pod.ready = false;
  pod.ready_at = kNever;
  pod.unready_since = now_;
  --ready_pods_;
  PushCluster(now_ + system_.endpoint_lag, kEndpoints, 0);
  disturbed_ = true;
}

// Those who balance have heard of the pods that are no longer ready.
void Simulation::UpdateEndpoints() {
  for (PodState& pod : pods_) {
    if (!pod.ready && pod.endpoint && pod.unready_since + system_.endpoint_lag <= now_) {
      pod.endpoint = false;
    }
  }
  RebuildReadyWorkers();
}

void Simulation::StartProbes(uint32_t index, Nanos from) {
  for (const auto& [probe, event] : {std::pair{&system_.pod.readiness, kReadinessProbe},
                                     std::pair{&system_.pod.liveness, kLivenessProbe}}) {
    if (probe->period == 0) continue;
    PushCluster(from + ToNanos(probe_random_.Uniform(0, ToSeconds(probe->period))), event, index);
  }
}

// The kubelet asks one of the workers, which answers in its turn.
bool Simulation::ProbeSucceeds(const PodState& pod, const ProbeModel& probe) {
  const uint32_t w =
      pod.first_worker + static_cast<uint32_t>(probe_random_.UniformInt(system_.pod.workers));
  if (workers_[w].in_system >= worker_limit_) return false;
  const Nanos free_at = workers_[w].cpu.free_at();
  const bool in_time = steady_ || system_.pod.limit_quota > 0;
  return (in_time ? free_at : speed_.TimeOf(free_at)) <= now_ + probe.timeout;
}

void Simulation::ProbeReadiness(uint32_t index) {
  PodState& pod = pods_[index];
  if (pod.gone || pod.terminating) return;
  const ProbeModel& probe = system_.pod.readiness;
  PushCluster(now_ + probe.period, kReadinessProbe, index);
  if (pod.silent || !pod.is_running) return;
  const bool succeeds = ProbeSucceeds(pod, probe);
  pod.ready_streak = succeeds == pod.ready ? 0 : pod.ready_streak + 1;
  if (pod.ready_streak < (succeeds ? probe.successes : probe.failures)) return;
  pod.ready_streak = 0;
  AddEvent("note", absl::StrCat("pod ", pod.identity),
           succeeds ? "ready again"
                    : absl::StrCat("not ready: no answer to ", probe.failures,
                                   " readiness probes within ", ToSeconds(probe.timeout), " s"),
           pod.ready, succeeds);
  succeeds ? PodReady(index) : Unready(index);
}

void Simulation::ProbeLiveness(uint32_t index) {
  PodState& pod = pods_[index];
  if (pod.gone || pod.terminating) return;
  const ProbeModel& probe = system_.pod.liveness;
  PushCluster(now_ + probe.period, kLivenessProbe, index);
  if (pod.silent || !pod.is_running) return;
  pod.live_failures = ProbeSucceeds(pod, probe) ? 0 : pod.live_failures + 1;
  if (pod.live_failures < probe.failures) return;
  CrashPod(index, absl::StrCat("killed: no answer to ", probe.failures, " liveness probes within ",
                               ToSeconds(probe.timeout), " s"));
}

}  // namespace simulator
