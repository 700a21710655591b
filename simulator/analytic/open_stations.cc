#include "simulator/analytic/open_stations.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "simulator/analytic/birth_death.h"

namespace simulator::analytic {
namespace {

constexpr int64_t kMaxStates = 50'000'000;

absl::Status CheckPositive(double lambda, double mu, int64_t c) {
  if (lambda > 0 && mu > 0 && c >= 1) return absl::OkStatus();
  return absl::InvalidArgumentError("rates must be positive and there must be a server");
}

absl::Status CheckStable(double rho) {
  if (rho < 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("no steady state: utilization ", rho, " is not below 1"));
}

// Probability that a response takes longer than t.
double ResponseTail(double wait_probability, double mu, double difference, double t) {
  const double stretched =
      std::abs(difference) * t < 1e-12 ? t : -std::expm1(-difference * t) / difference;
  return std::exp(-mu * t) * (1 + wait_probability * mu * stretched);
}

}  // namespace

absl::StatusOr<OpenStation> MMc(double lambda, double mu, int64_t c) {
  if (absl::Status status = CheckPositive(lambda, mu, c); !status.ok()) return status;
  const double a = lambda / mu;
  OpenStation station;
  station.rho = a / static_cast<double>(c);
  if (absl::Status status = CheckStable(station.rho); !status.ok()) return status;
  station.p_wait = ErlangC(c, a);
  station.wq = station.p_wait / (static_cast<double>(c) * mu - lambda);
  station.w = station.wq + 1 / mu;
  station.lq = lambda * station.wq;
  station.l = lambda * station.w;
  return station;
}

absl::StatusOr<double> MMcWaitQuantile(double lambda, double mu, int64_t c, double p) {
  absl::StatusOr<OpenStation> station = MMc(lambda, mu, c);
  if (!station.ok()) return station.status();
  if (station->p_wait <= 1 - p) return 0.0;
  return std::log(station->p_wait / (1 - p)) / (static_cast<double>(c) * mu - lambda);
}

absl::StatusOr<double> MMcResponseQuantile(double lambda, double mu, int64_t c, double p) {
  absl::StatusOr<OpenStation> station = MMc(lambda, mu, c);
  if (!station.ok()) return station.status();
  const double difference = static_cast<double>(c) * mu - lambda - mu;
  double low = 0;
  double high = station->w;
  while (ResponseTail(station->p_wait, mu, difference, high) > 1 - p) high *= 2;
  for (int i = 0; i < 200 && high - low > 1e-15 * high; ++i) {
    const double middle = 0.5 * (low + high);
    const bool above = ResponseTail(station->p_wait, mu, difference, middle) > 1 - p;
    (above ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

absl::StatusOr<OpenStation> MG1(double lambda, double service_mean, double service_second_moment) {
  if (absl::Status status = CheckPositive(lambda, service_mean, 1); !status.ok()) return status;
  OpenStation station;
  station.rho = lambda * service_mean;
  if (absl::Status status = CheckStable(station.rho); !status.ok()) return status;
  station.p_wait = station.rho;
  station.wq = lambda * service_second_moment / (2 * (1 - station.rho));
  station.w = station.wq + service_mean;
  station.lq = lambda * station.wq;
  station.l = lambda * station.w;
  return station;
}

absl::StatusOr<OpenStation> MG1ProcessorSharing(double lambda, double service_mean) {
  if (absl::Status status = CheckPositive(lambda, service_mean, 1); !status.ok()) return status;
  OpenStation station;
  station.rho = lambda * service_mean;
  if (absl::Status status = CheckStable(station.rho); !status.ok()) return status;
  station.w = service_mean / (1 - station.rho);
  station.l = lambda * station.w;
  return station;
}

absl::StatusOr<LossStation> MMcK(double lambda, double mu, int64_t c, int64_t k) {
  if (absl::Status status = CheckPositive(lambda, mu, c); !status.ok()) return status;
  if (k < c || k > kMaxStates) {
    return absl::InvalidArgumentError("K must be at least c and at most 50 million");
  }
  const std::vector<double> p = StationaryDistribution(
      [lambda](int64_t) { return lambda; },
      [mu, c](int64_t n) { return mu * static_cast<double>(std::min(n, c)); }, k);
  double busy = 0;
  double waits = 0;
  LossStation loss;
  for (int64_t n = 0; n < static_cast<int64_t>(p.size()); ++n) {
    busy += p[n] * static_cast<double>(std::min(n, c));
    loss.station.lq += p[n] * static_cast<double>(std::max<int64_t>(n - c, 0));
    loss.station.l += p[n] * static_cast<double>(n);
    if (n >= c && n < k) waits += p[n];
  }
  loss.p_block = static_cast<int64_t>(p.size()) == k + 1 ? p[k] : 0.0;
  loss.x = busy * mu;
  loss.station.rho = busy / static_cast<double>(c);
  loss.station.p_wait = waits * lambda / loss.x;
  loss.station.wq = loss.station.lq / loss.x;
  loss.station.w = loss.station.l / loss.x;
  return loss;
}

absl::StatusOr<AbandonmentStation> ErlangA(double lambda, double mu, int64_t c, double theta) {
  if (absl::Status status = CheckPositive(lambda, mu, c); !status.ok()) return status;
  if (theta < 0) return absl::InvalidArgumentError("theta must not be negative");
  if (theta == 0) {
    if (absl::Status status = CheckStable(lambda / mu / static_cast<double>(c)); !status.ok()) {
      return status;
    }
  }
  const std::vector<double> p =
      StationaryDistribution([lambda](int64_t) { return lambda; },
                             [mu, c, theta](int64_t n) {
                               return mu * static_cast<double>(std::min(n, c)) +
                                      theta * static_cast<double>(std::max<int64_t>(n - c, 0));
                             },
                             kMaxStates);
  double busy = 0;
  AbandonmentStation result;
  OpenStation& station = result.station;
  for (int64_t n = 0; n < static_cast<int64_t>(p.size()); ++n) {
    busy += p[n] * static_cast<double>(std::min(n, c));
    station.lq += p[n] * static_cast<double>(std::max<int64_t>(n - c, 0));
    if (n >= c) station.p_wait += p[n];
  }
  station.rho = busy / static_cast<double>(c);
  station.l = station.lq + busy;
  station.wq = station.lq / lambda;
  station.w = station.l / lambda;
  result.p_abandon = theta * station.lq / lambda;
  result.x = busy * mu;
  return result;
}

}  // namespace simulator::analytic
