#include "simulator/engine/shared_host.h"

#include <algorithm>

#include "simulator/engine/simulation.h"

namespace simulator {

// Everybody who has work now and whose CPU limit lets it run. A loop over all of them: it is one
// machine.
uint32_t Simulation::Runnable() const {
  auto runnable = static_cast<uint32_t>(database_.running()) + redis_.BusyNodes(now_);
  for (size_t i = 0; i < workers_.size(); ++i) {
    if (workers_[i].cpu.free_at() <= now_) continue;
    runnable += !pods_[i / system_.pod.workers].quota.Throttled(now_);
  }
  for (const PodState& pod : pods_) runnable += pod.hashing.free_at() > now_;
  return runnable + (client_cpu_.free_at() > now_);
}

// How much longer than its CPU work takes when so many want to run.
double Simulation::Stretch(uint32_t runnable) const {
  return std::max(1.0, static_cast<double>(runnable) / system_.host.cores);
}

Nanos Simulation::AdmitOnHost(CpuQuota* quota, FifoServer& cpu, Nanos service) {
  const bool asleep = cpu.free_at() <= now_;
  const double stretch = Stretch(Runnable() + asleep);
  const Nanos start = std::max(now_, cpu.free_at()) + (asleep ? system_.host.scheduling : 0);
  const Nanos alone =
      quota != nullptr && quota->limits() ? quota->Finish(now_, start, service) : start + service;
  const Nanos done = alone + static_cast<Nanos>((stretch - 1) * static_cast<double>(service));
  cpu.AdmitUntil(service, done);
  return done;
}

// The load generator makes a request and sends it.
Nanos Simulation::ClientSends() {
  const Nanos wake = client_cpu_.free_at() <= now_ ? system_.host.client_wake : 0;
  return AdmitOnHost(nullptr, client_cpu_, system_.host.client / 2 + wake);
}

// Its part of an answer: the round trip holds it for an idle machine, so only what contention adds
// comes on top. False: nothing.
bool Simulation::ClientReceives(uint32_t index) {
  requests_[index].at_client = true;
  const bool asleep = client_cpu_.free_at() <= now_;
  const double stretch = Stretch(Runnable() + asleep);
  const Nanos added =
      client_cpu_.Backlog(now_) +
      static_cast<Nanos>((stretch - 1) * static_cast<double>(system_.client_round_trip));
  AdmitOnHost(nullptr, client_cpu_,
              system_.host.client / 2 + (asleep ? system_.host.client_wake : 0));
  if (added <= 0) return false;
  queue_.Push(now_ + added, kAnswered, index);
  return true;
}

double Simulation::CoresFor(size_t backends) const {
  const auto own = static_cast<double>(backends);
  const double others = Runnable() - static_cast<double>(database_.running());
  const double wanted = own + others;
  return wanted <= system_.host.cores ? own : system_.host.cores * own / wanted;
}

}  // namespace simulator
