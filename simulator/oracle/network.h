// Networks of FIFO stations with several servers, and one shared processor, through the simulator's
// own event queue and stations.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "simulator/kernel/event_queue.h"
#include "simulator/oracle/estimator.h"
#include "simulator/stations/demand.h"
#include "simulator/stations/fifo_server.h"
#include "simulator/stations/shared_processor.h"

namespace simulator::oracle {

// Times in seconds. A customer visits the stations in their order, each as often as its visits say
// (the fraction by chance), drawing one of its shards at random each time. Such fixed routes have
// Jackson's product form like any others with the same mean visits. Open: Poisson arrivals of rate
// `lambda`. Closed: `users` that think exponentially before each walk.
struct NetworkSpec {
  struct Station {
    double visits = 1;
    double service = 0;  // mean, exponential
    int64_t servers = 1;
    int64_t shards = 1;
  };
  std::vector<Station> stations;
  double lambda = 0;
  int64_t users = 0;  // closed when above 0
  double think = 0;
};

// Indices of the sums; a station's follow, kPerStation each.
enum NetworkSum { kWalks, kSpan, kWalkTime, kPresentTime, kStations };
enum StationSum { kVisits, kVisitTime, kServiceGiven, kNumberTime, kPerStation };

class Network : public BatchSimulation {
 public:
  Network(const NetworkSpec& spec, uint64_t seed, uint64_t replication, int64_t warm_up_walks,
          int64_t batch_walks);
  void WarmUp() override;
  Sums RunBatch() override;

 private:
  static constexpr uint32_t kArrival = 0, kNext = 1;
  struct Customer {
    Nanos start = 0;
    uint32_t station = 0;  // being visited; stations_.size(): none yet
    uint32_t left = 0;     // visits of it still to come
  };
  struct Station {
    std::vector<FifoMultiServer> shards;
    int64_t present = 0;
    Nanos since = 0;
    double area = 0;
  };

  void Run(int64_t walks);
  void Arrive(uint32_t customer);
  void Move(uint32_t customer);
  void Visit(uint32_t customer);
  void Finish(uint32_t customer);
  void Count(Station* station, int change);

  NetworkSpec spec_;
  base::RandomStream arrivals_;
  base::RandomStream services_;
  base::RandomStream routes_;
  int64_t warm_up_walks_;
  int64_t batch_walks_;
  EventQueue queue_;
  std::vector<Station> stations_;
  std::vector<Customer> customers_;
  std::vector<uint32_t> free_;
  Station inside_;  // the whole network
  Nanos now_ = 0;
  Sums sums_;
};

// M/G/1 with processor sharing.
struct SharingSpec {
  double lambda = 0;
  double service_mean = 0;  // seconds
  double service_scv = 0;
};
enum SharingSum { kShared, kSharedSpan, kSharedTime, kSharedBusy, kSharedNumber, kSharingSums };

class SharedStation : public BatchSimulation {
 public:
  SharedStation(const SharingSpec& spec, uint64_t seed, uint64_t replication,
                int64_t warm_up_customers, int64_t batch_customers);
  void WarmUp() override;
  Sums RunBatch() override;

 private:
  void Run(int64_t customers);

  base::RandomStream arrivals_;
  base::RandomStream services_;
  int64_t warm_up_customers_;
  int64_t batch_customers_;
  double interarrival_;  // ticks, as all that follows: ten-millionths of the mean service
  double tick_;          // seconds
  DemandLaw law_;
  SharedProcessor processor_;
  std::vector<Nanos> since_;  // of each job
  std::vector<uint32_t> free_;
  Nanos now_ = 0;
  Nanos next_arrival_ = 0;
  Sums sums_;
};

}  // namespace simulator::oracle
