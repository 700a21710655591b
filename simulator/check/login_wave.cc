#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "simulator/check/rule.h"

// Hashing a password is made expensive on purpose. A wave of logins (a shift begins, a proxy that
// restarted has lost all sessions) meets the pods that are there: no autoscaler is faster.

namespace simulator::check {
namespace {

constexpr double kLogins = 10'000;       // a wave, within seconds
constexpr double kPatienceSeconds = 10;  // a client's usual timeout

// What hashes at once: the threads meant for it, never more than the pods may use of the CPU.
struct Hashing {
  double pods = 0;
  double threads = 0;  // of a pod
  double cores = 0;    // limit of a pod; 0: none
  double Capacity() const { return pods * (cores > 0 ? std::min(threads, cores) : threads); }
};

Hashing HashingOf(const Context& context, const model::Workload& workload) {
  Hashing hashing;
  hashing.pods = context.MinPods(workload);
  hashing.threads = static_cast<double>(std::max(workload.workers(), 1u)) *
                    std::max(workload.hashing_threads_per_worker(), 1u);
  hashing.cores = workload.limit_millicores() / 1000.0;
  return hashing;
}

void RunWave(const Context& context, Reporter& reporter) {
  for (const model::Workload& workload : context.deployment.workloads()) {
    if (workload.role() != "api" || workload.password_hash_seconds() <= 0) continue;
    const Hashing hashing = HashingOf(context, workload);
    const double capacity = hashing.Capacity();
    if (capacity <= 0) continue;
    const double seconds = kLogins * workload.password_hash_seconds() / capacity;
    std::string arithmetic = absl::StrFormat(
        "%.0f logins x %.3g s / min(%.0f hashing threads, %s) x %.0f pods = %.0f s", kLogins,
        workload.password_hash_seconds(), hashing.threads,
        hashing.cores > 0 ? absl::StrFormat("%.3g cores", hashing.cores) : "no CPU limit",
        hashing.pods, seconds);
    reporter.AddFact("login_wave_seconds", seconds, "s", arithmetic,
                     absl::StrCat(workload.kind(), "/", workload.name()));
    if (seconds <= kPatienceSeconds) continue;
    absl::StrAppend(&arithmetic, " > ", kPatienceSeconds, " s");
    reporter.Find(
        At(context.deployment,
           absl::StrCat("workloads.", workload.name(), ".password_hash_seconds")),
        "10,000 logins within seconds wait for the hashing threads longer than clients do: they "
        "give up and send again, and the hashing takes the CPU of the event loops beside it",
        "more pods at least, more hashing threads with CPU of their own, a limit on logins with "
        "Retry-After at the ingress, or sessions that outlast a restart",
        arithmetic);
  }
}

}  // namespace

Rules LoginRules() {
  return {{"login-wave", model::Finding::WARNING, false,
           "10,000 logins within seconds are hashed within 10 s by the fewest pods", RunWave}};
}

}  // namespace simulator::check
