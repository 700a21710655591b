#pragma once

#include "simulator/kernel/virtual_time.h"

namespace simulator {

// One machine whose cores everything shares: workers, hashing, the database's backends, Redis nodes
// and the load generator. Compiled from Deployment.host and the profile; off by default.
//
// Whoever has work is runnable; n runnable ones on c cores run at min(1, c / n) of a core each
// (fair sharing). A worker, a Redis node and the load generator take the rate of the instant at
// which their work is admitted, for all of it; the database's backends that of their last arrival
// or departure. For independent sources with exponential service this has the exact mean of
// processor sharing on one core: L = rate x service x (1 + L). It does not have its distribution.
// Whoever slept waits `scheduling` first.
struct HostModel {
  double cores = 0;      // 0: no shared host
  Nanos scheduling = 0;  // from ready to running, when nobody else wants the core
  Nanos redis_wake = 0;  // CPU of a node that slept
  Nanos client = 0;      // CPU of the load generator per request, half of it before sending
  Nanos client_wake = 0;
  bool shared() const { return cores > 0; }
};

}  // namespace simulator
