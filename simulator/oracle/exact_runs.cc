#include "simulator/oracle/exact_runs.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "simulator/stations/fifo_server.h"
#include "simulator/stations/shared_processor.h"

namespace simulator::oracle {
namespace {

constexpr int64_t kDepartures = 2'000'000;
constexpr double kMostJobs = 500'000;
constexpr double kUnboundedCores = 1e18;

Simulated Exact(double value, double error, int64_t n) {
  Simulated simulated;
  simulated.value = value;
  simulated.low = value - error;
  simulated.high = value + error;
  simulated.n = n;
  return simulated;
}

// Whole rounds, in which every job leaves once.
int64_t Departures(int64_t jobs) {
  return jobs * std::max<int64_t>(3, std::min<int64_t>(1000, kDepartures / jobs));
}

// Departures per second with `jobs` always inside, each needing 1 / lambda seconds alone.
double SaturatedThroughput(const Inputs& inputs, int64_t jobs) {
  SharedProcessor processor(SharedProcessor::ContentionTable(
      kUnboundedCores, inputs.sigma, inputs.kappa, static_cast<size_t>(jobs)));
  const double demand = 1e9;  // one second of service; time is scaled by lambda at the end
  for (int64_t job = 0; job < jobs; ++job) {
    processor.Enter(0, demand, static_cast<uint32_t>(job));
  }
  Nanos last = 0;
  const int64_t departures = Departures(jobs);
  for (int64_t departed = 0; departed < departures; ++departed) {
    last = processor.NextTime();
    processor.Enter(last, demand, processor.Depart(last));
  }
  return inputs.usl_lambda * static_cast<double>(departures) / ToSeconds(last);
}

}  // namespace

std::map<std::string, Simulated> RunTrace(const Inputs& inputs) {
  std::map<std::string, Simulated> results;
  FifoServer server;
  Nanos now = 0;
  double total_wait = 0;
  double total_response = 0;
  const int64_t n = static_cast<int64_t>(inputs.trace_service.size());
  for (int64_t i = 0; i < n; ++i) {
    if (i > 0) now += ToNanos(inputs.trace_interarrival[i]);
    const double wait = ToSeconds(server.Backlog(now));
    const double response = ToSeconds(server.Admit(now, ToNanos(inputs.trace_service[i])) - now);
    const double rounding = 1e-9 * static_cast<double>(i + 1);  // half a ns per addition
    results[absl::StrCat("Wq[", i + 1, "]")] = Exact(wait, rounding, n);
    results[absl::StrCat("W[", i + 1, "]")] = Exact(response, rounding, n);
    total_wait += wait;
    total_response += response;
  }
  const double count = static_cast<double>(n);
  results["mean_Wq"] = Exact(total_wait / count, 1e-9 * count, n);
  results["mean_W"] = Exact(total_response / count, 1e-9 * count, n);
  return results;
}

std::map<std::string, Simulated> RunSaturated(const Inputs& inputs) {
  std::map<std::string, Simulated> results;
  // N lambda / X(N) = 1 + sigma (N-1) + kappa N (N-1): two points besides N = 1 suffice.
  const double low = 2;
  const double high = std::max(4.0, std::min(1000.0, std::floor(inputs.concurrency)));
  const double lambda = SaturatedThroughput(inputs, 1);
  const auto excess = [&](double jobs) {
    return (jobs * lambda / SaturatedThroughput(inputs, static_cast<int64_t>(jobs)) - 1) /
           (jobs - 1);
  };
  const double at_low = excess(low);
  const double at_high = excess(high);
  const double kappa = (at_high - at_low) / (high - low);
  const double sigma = at_low - kappa * low;
  const double n = inputs.concurrency;
  if (n == std::floor(n) && n <= kMostJobs) {
    const int64_t jobs = static_cast<int64_t>(n);
    const double x = SaturatedThroughput(inputs, jobs);
    results["X"] = Exact(x, 1e-6 * x, Departures(jobs));
  } else {  // between whole numbers of jobs, and beyond what can be held: on the parabola
    const double x = lambda * n / (1 + sigma * (n - 1) + kappa * n * (n - 1));
    results["X"] = Exact(x, 1e-4 * x, Departures(1 + static_cast<int64_t>(low + high)));
  }
  const double peak = std::sqrt((1 - sigma) / kappa);
  results["N_star"] = Exact(peak, 1e-4 * peak, Departures(1 + static_cast<int64_t>(low + high)));
  return results;
}

}  // namespace simulator::oracle
