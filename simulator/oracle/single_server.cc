#include "simulator/oracle/single_server.h"

#include <algorithm>
#include <cmath>

namespace simulator::oracle {

SingleServer::SingleServer(const SingleServerSpec& spec, uint64_t seed, uint64_t replication,
                           int64_t warm_up_customers, int64_t batch_customers)
    : spec_(spec),
      arrivals_(seed, replication, "oracle", "interarrival"),
      services_(seed, replication, "oracle", "service"),
      warm_up_customers_(warm_up_customers),
      batch_customers_(batch_customers),
      tick_(spec.service_mean * 1e-7) {
  const double variance_of_log = std::log1p(spec.service_scv);
  log_mean_ = std::log(spec.service_mean) - 0.5 * variance_of_log;
  log_deviation_ = std::sqrt(variance_of_log);
}

double SingleServer::DrawService() {
  switch (spec_.law) {
    case ServiceLaw::kDeterministic:
      return spec_.service_mean;
    case ServiceLaw::kLognormal:
      return std::exp(services_.Normal(log_mean_, log_deviation_));
    case ServiceLaw::kHyperexponential:
      break;
  }
  const double u = services_.Uniform01();
  double cumulative = 0;
  size_t phase = 0;
  while (phase + 1 < spec_.phase_rates.size()) {
    cumulative += spec_.phase_probabilities[phase];
    if (u < cumulative) break;
    ++phase;
  }
  return services_.Exponential(1 / spec_.phase_rates[phase]);
}

void SingleServer::Customer(Sums* sums) {
  const Nanos service_ticks = std::llround(DrawService() / tick_);
  const double wait = static_cast<double>(server_.Backlog(now_)) * tick_;
  const Nanos departure = server_.Admit(now_, service_ticks);
  const double response = static_cast<double>(departure - now_) * tick_;
  const Nanos interarrival_ticks = std::llround(arrivals_.Exponential(1 / spec_.lambda) / tick_);
  now_ += interarrival_ticks;
  if (sums == nullptr) return;
  const double service = static_cast<double>(service_ticks) * tick_;
  const double interarrival = static_cast<double>(interarrival_ticks) * tick_;
  const double mean = spec_.service_mean;
  const double second = mean * mean * (1 + spec_.service_scv);
  const double v = wait + service;
  const double y = std::max(0.0, v - interarrival);
  const double control =
      v * v - wait * wait - 2 * wait * mean - second + (y * y + 2 / spec_.lambda * y - v * v);
  const double corrected = control * spec_.lambda / (2 * (1 - spec_.lambda * mean));
  (*sums)[kCustomers] += 1;
  (*sums)[kElapsed] += interarrival;
  (*sums)[kServiceTime] += service;
  (*sums)[kWaitTime] += wait - corrected;
  (*sums)[kResponseTime] += response - corrected;
}

void SingleServer::WarmUp() {
  for (int64_t i = 0; i < warm_up_customers_; ++i) Customer(nullptr);
}

Sums SingleServer::RunBatch() {
  Sums sums(kResponseTime + 1, 0.0);
  for (int64_t i = 0; i < batch_customers_; ++i) Customer(&sums);
  return sums;
}

}  // namespace simulator::oracle
