// M/G/1 FIFO: Poisson arrivals through the simulator's own FIFO station.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "simulator/oracle/estimator.h"
#include "simulator/stations/fifo_server.h"

namespace simulator::oracle {

enum class ServiceLaw { kDeterministic, kLognormal, kHyperexponential };

// Times in seconds.
struct SingleServerSpec {
  double lambda = 0;
  ServiceLaw law = ServiceLaw::kDeterministic;
  double service_mean = 1;
  double service_scv = 0;
  std::vector<double> phase_probabilities;  // hyperexponential
  std::vector<double> phase_rates;
};

enum SingleServerSum { kCustomers, kElapsed, kServiceTime, kWaitTime, kResponseTime };

// Customers go through FifoServer in ticks of a ten-millionth of the mean service. Waits carry a
// control variate made of raw draws only. With w the wait found, S and A the draws of service and
// next interarrival, v = w + S and y = max(0, v - A),
//
//   D = (v^2 - w^2 - 2 w E[S] - E[S^2]) + (y^2 + (2/lambda) y - v^2)
//
// has mean zero given w for every w, because S and A are drawn from their laws, whatever the
// station does with them; so subtracting D lambda / (2 (1 - rho)) from the wait changes no mean and
// hides no mistake of the station.
class SingleServer : public BatchSimulation {
 public:
  SingleServer(const SingleServerSpec& spec, uint64_t seed, uint64_t replication,
               int64_t warm_up_customers, int64_t batch_customers);

  void WarmUp() override;
  Sums RunBatch() override;

 private:
  double DrawService();
  void Customer(Sums* sums);

  SingleServerSpec spec_;
  base::RandomStream arrivals_;
  base::RandomStream services_;
  int64_t warm_up_customers_;
  int64_t batch_customers_;
  double tick_;  // seconds
  double log_mean_ = 0;
  double log_deviation_ = 0;
  FifoServer server_;
  Nanos now_ = 0;  // in ticks
};

}  // namespace simulator::oracle
