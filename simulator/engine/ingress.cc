#include <algorithm>

#include "absl/strings/str_cat.h"
#include "simulator/engine/simulation.h"

// The ingress: its CPU as one FIFO queue, the users' TLS connections to it, replicas that are lost.
namespace simulator {

// Speed of the whole ingress over time: the share of its replicas that are up.
SpeedProfile IngressSpeed(const SystemModel& system, const RunOptions& options) {
  SpeedProfile speed;
  for (const Fault& fault : options.faults.faults) {
    if (fault.kind != FaultKind::kIngressLoss) continue;
    speed.Slow(fault.at, fault.duration,
               1.0 - static_cast<double>(fault.Count("replicas")) / system.ingress_replicas);
  }
  return speed;
}

// A user's request at the ingress: when it leaves for its worker. Some replica is up.
Nanos Simulation::PassIngress(uint32_t user) {
  Nanos work = system_.ingress_cpu;
  if (clients_ != nullptr && clients_->Connects(user, now_)) work += system_.ingress_handshake;
  if (ingress_speed_.constant()) return ingress_.Admit(now_, work);
  return std::max(now_, ingress_speed_.TimeOf(ingress_.Admit(ingress_speed_.WorkBy(now_), work)));
}

// The first replicas that are up go; what was under way through them is reset.
void Simulation::LoseIngress(uint32_t occurrence, uint32_t count) {
  for (uint32_t replica = 0; replica < clients_->replicas() && count > 0; ++replica) {
    if (!clients_->up(replica)) continue;
    --count;
    fault_nodes_[occurrence].push_back(replica);
    uint32_t reset = 0;
    for (uint32_t i = requests_.oldest(); i != kNone;) {
      const Request& request = requests_[i];
      const uint32_t next = request.newer;
      if (clients_->OnReplica(request.user, replica) && !Dead(request)) {
        CountLive();
        requests_.Unlink(i);
        Conclude(request.user, request.start, request.operation, kReset);
        ++reset;
      }
      i = next;
    }
    clients_->Lose(replica);
    AddEvent("fault", absl::StrCat("ingress ", replica),
             absl::StrCat("lost with its clients' connections: ", reset,
                          " requests reset, the others shake hands anew at their next request"),
             clients_->up_count() + 1, clients_->up_count());
  }
}

void Simulation::ReturnIngress(uint32_t occurrence) {
  for (uint32_t replica : fault_nodes_[occurrence]) {
    clients_->Return(replica);
    AddEvent("fault", absl::StrCat("ingress ", replica), "is back", clients_->up_count() - 1,
             clients_->up_count());
  }
}

}  // namespace simulator
