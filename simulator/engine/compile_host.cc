#include <algorithm>
#include <cmath>

#include "simulator/engine/system_compiler.h"

namespace simulator {

absl::Status SystemCompiler::Host() {
  const model::WakeUps& wake = profile_.wake_ups();
  if (wake.scheduling_seconds() < 0 || wake.redis_seconds() < 0 ||
      profile_.client_cpu_seconds() < 0 || profile_.client_wake_up_seconds() < 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "profile ", profile_.name(),
        ": wake_ups.scheduling_seconds, wake_ups.redis_seconds, client_cpu_seconds and "
        "client_wake_up_seconds: expected 0 or more"));
  }
  if (!deployment_.has_host()) return absl::OkStatus();
  const double cores = deployment_.host().cores();
  if (!std::isfinite(cores) || cores <= 0 || cores > 1024) {
    return BadField("host.cores", "above 0, at most 1024");
  }
  if (deployment_.has_nodes() || deployment_.ingress().present()) {
    return Bad("host: one machine for everything: expected neither nodes nor an ingress beside it");
  }
  if (options_.slowdown.duration_seconds > 0) {
    return Bad("host: a slower CPU of the pods alone cannot be simulated on a shared host");
  }
  for (const Fault& fault : options_.faults.faults) {
    if (fault.kind == FaultKind::kSlowdown) {
      return Bad("host: a slowdown of the pods alone cannot be simulated on a shared host");
    }
  }
  HostModel& host = system_.host;
  host.cores = cores;
  host.scheduling = ToNanos(wake.scheduling_seconds());
  host.redis_wake = ToNanos(wake.redis_seconds());
  host.client = ToNanos(profile_.client_cpu_seconds());
  host.client_wake = ToNanos(profile_.client_wake_up_seconds());
  // It was measured from outside, so it holds the wait of the server's first wake-up already.
  system_.client_round_trip = std::max<Nanos>(0, system_.client_round_trip - host.scheduling);
  return absl::OkStatus();
}

}  // namespace simulator
