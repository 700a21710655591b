// Closed forms of single stations with Poisson arrivals.
//
// Rates per second, times in seconds. Symbols as in the literature: W response time, Wq wait, L
// number in the system, Lq number waiting, X throughput, rho utilization per server. Functions
// answer InvalidArgument for inputs without a steady state.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

namespace simulator::analytic {

struct OpenStation {
  double rho = 0;
  double p_wait = 0;
  double wq = 0;
  double w = 0;
  double lq = 0;
  double l = 0;
};

// M/M/c, FIFO (Erlang C).
absl::StatusOr<OpenStation> MMc(double lambda, double mu, int64_t c);

// Quantiles of M/M/c, p in (0, 1). P(Wq > t) = C exp(-(c mu - lambda) t);
// P(W > t) = exp(-mu t) (1 + C mu (1 - exp(-d t)) / d) with d = c mu - lambda - mu.
absl::StatusOr<double> MMcWaitQuantile(double lambda, double mu, int64_t c, double p);
absl::StatusOr<double> MMcResponseQuantile(double lambda, double mu, int64_t c, double p);

// M/G/1 FIFO by Pollaczek and Khinchine: Wq = lambda E[S^2] / (2 (1 - rho)).
absl::StatusOr<OpenStation> MG1(double lambda, double service_mean, double service_second_moment);

// M/G/1 processor sharing: W = s / (1 - rho) whatever the service law.
absl::StatusOr<OpenStation> MG1ProcessorSharing(double lambda, double service_mean);

// M/M/c/K: at most K in the system. W, Wq, P_wait are of accepted arrivals.
struct LossStation {
  OpenStation station;
  double p_block = 0;
  double x = 0;
};
absl::StatusOr<LossStation> MMcK(double lambda, double mu, int64_t c, int64_t k);

// Erlang A (M/M/c + M): waiting customers give up at rate theta. Wq over all arrivals.
struct AbandonmentStation {
  OpenStation station;
  double p_abandon = 0;
  double x = 0;  // served per second
};
absl::StatusOr<AbandonmentStation> ErlangA(double lambda, double mu, int64_t c, double theta);

}  // namespace simulator::analytic
