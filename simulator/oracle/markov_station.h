// A station with memoryless arrivals, services and patience, customer by customer.
//
// Covers M/M/1, M/M/c, M/M/c/K, Erlang B, Erlang A and the repairman model: everything is
// exponential, so the superposition of all clocks is one clock (exact), and who arrives, is served
// or gives up is drawn. Customers keep their identity and their arrival instants: waits and
// responses are measured, FIFO order is kept by a real queue, services are taken by real servers.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/random.h"
#include "simulator/oracle/birth_death_control.h"
#include "simulator/oracle/estimator.h"

namespace simulator::oracle {

// Rates per second. Open: `lambda`. Closed: `users` thinking for `think` seconds.
struct MarkovStationSpec {
  double lambda = 0;
  int64_t users = 0;  // 0: open
  double think = 0;
  double mu = 1;
  int64_t servers = 1;
  int64_t capacity = 0;  // most customers in the system; 0: no bound
  double theta = 0;      // rate of giving up while waiting
  // Groups of close points at which longer waits and responses are counted.
  std::vector<std::vector<double>> wait_points;
  std::vector<std::vector<double>> response_points;
};

// Indices into the sums of a batch. Controls are already subtracted.
enum MarkovSum {
  kTime,
  kOffered,
  kAccepted,
  kBlocked,
  kWaited,  // accepted while all servers were busy
  kServed,
  kAbandoned,
  kWaitsEnded,  // started or abandoned
  kSumWait,
  kSumResponse,   // of served customers
  kInSystemTime,  // integral of the number in the system
  kWaitingTime,
  kBusyTime,
  kFirstPoint,  // counts above wait_points, group by group, then above response_points
};

// Functions of the state that controls follow, in this order, then one per group of points: the
// middle point's control serves its neighbours.
enum MarkovFunction { kInSystem, kWaiting, kBusy, kWaitedRate, kBlockedRate, kFirstGroup };

class MarkovStation : public BatchSimulation {
 public:
  // `control` (over the functions above) and `spec` must outlive this.
  MarkovStation(const MarkovStationSpec& spec, const BirthDeathControl& control, uint64_t seed,
                uint64_t replication, int64_t warm_up_customers, int64_t batch_customers);

  void WarmUp() override;
  Sums RunBatch() override;

 private:
  void Step();
  void Arrive();
  void Start(double arrival);
  void Finish(size_t server);
  void GiveUp(double choice);
  double OldestWaiting();
  void CountPoints(double value, const std::vector<std::vector<double>>& groups, size_t first);
  void SubtractControls(int64_t start_state, Sums* batch) const;
  int64_t InSystem() const { return static_cast<int64_t>(busy_.size() + waiting_count_); }
  void Rebase();

  const MarkovStationSpec& spec_;
  const BirthDeathControl& control_;
  base::RandomStream kinds_;
  base::RandomStream holding_;
  int64_t warm_up_customers_;
  int64_t batch_customers_;
  double now_ = 0;
  std::vector<double> busy_;     // arrival instants of customers in service
  std::vector<double> waiting_;  // ring of arrival instants; NaN: gave up
  size_t first_response_point_;
  size_t head_ = 0;
  size_t slots_ = 0;  // ring entries in use, given-up ones included
  size_t waiting_count_ = 0;
  Sums sums_;
  std::vector<double> controls_;
};

// The expected chain and the functions of a spec's controls.
ExpectedChain ChainOf(const MarkovStationSpec& spec);
std::vector<std::function<double(int64_t)>> FunctionsOf(const MarkovStationSpec& spec);

}  // namespace simulator::oracle
