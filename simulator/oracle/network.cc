#include "simulator/oracle/network.h"

#include <algorithm>
#include <cmath>

namespace simulator::oracle {

Network::Network(const NetworkSpec& spec, uint64_t seed, uint64_t replication,
                 int64_t warm_up_walks, int64_t batch_walks)
    : spec_(spec),
      arrivals_(seed, replication, "oracle", "interarrival"),
      services_(seed, replication, "oracle", "service"),
      routes_(seed, replication, "oracle", "route"),
      warm_up_walks_(warm_up_walks),
      batch_walks_(batch_walks),
      sums_(kStations + spec.stations.size() * kPerStation, 0.0) {
  for (const NetworkSpec::Station& station : spec_.stations) {
    Station made;
    made.shards.assign(static_cast<size_t>(station.shards),
                       FifoMultiServer(static_cast<size_t>(station.servers)));
    stations_.push_back(std::move(made));
  }
  if (spec_.users == 0) {
    queue_.Push(ToNanos(arrivals_.Exponential(1 / spec_.lambda)), kArrival, 0);
    return;
  }
  for (int64_t user = 0; user < spec_.users; ++user) {
    customers_.emplace_back();
    queue_.Push(ToNanos(arrivals_.Exponential(spec_.think)), kArrival, static_cast<uint32_t>(user));
  }
}

void Network::Count(Station* station, int change) {
  station->area +=
      static_cast<double>(station->present) * static_cast<double>(now_ - station->since);
  station->since = now_;
  station->present += change;
}

// A customer of an open network is made at its arrival; a closed one's think time is over.
void Network::Arrive(uint32_t customer) {
  if (spec_.users == 0) {
    queue_.Push(now_ + ToNanos(arrivals_.Exponential(1 / spec_.lambda)), kArrival, 0);
    if (free_.empty()) {
      customer = static_cast<uint32_t>(customers_.size());
      customers_.emplace_back();
    } else {
      customer = free_.back();
      free_.pop_back();
    }
  }
  customers_[customer] = {now_, static_cast<uint32_t>(-1), 0};
  Count(&inside_, 1);
  Move(customer);
}

// To the next visit, or out.
void Network::Move(uint32_t index) {
  Customer& customer = customers_[index];
  while (customer.left == 0) {
    if (++customer.station == stations_.size()) return Finish(index);
    const double visits = spec_.stations[customer.station].visits;
    const double whole = std::floor(visits);
    customer.left = static_cast<uint32_t>(whole);
    if (visits > whole && routes_.Bernoulli(visits - whole)) ++customer.left;
  }
  --customer.left;
  Visit(index);
}

void Network::Visit(uint32_t index) {
  const uint32_t number = customers_[index].station;
  Station& station = stations_[number];
  const Nanos service = ToNanos(services_.Exponential(spec_.stations[number].service));
  const size_t shard = station.shards.size() > 1 ? routes_.UniformInt(station.shards.size()) : 0;
  const Nanos done = station.shards[shard].Admit(now_, service);
  Count(&station, 1);
  double* sums = &sums_[kStations + number * kPerStation];
  sums[kVisits] += 1;
  sums[kVisitTime] += ToSeconds(done - now_);
  sums[kServiceGiven] += ToSeconds(service);
  queue_.Push(done, kNext, index);
}

void Network::Finish(uint32_t index) {
  Count(&inside_, -1);
  sums_[kWalks] += 1;
  sums_[kWalkTime] += ToSeconds(now_ - customers_[index].start);
  if (spec_.users > 0) {
    queue_.Push(now_ + ToNanos(arrivals_.Exponential(spec_.think)), kArrival, index);
  } else {
    free_.push_back(index);
  }
}

void Network::Run(int64_t walks) {
  std::fill(sums_.begin(), sums_.end(), 0.0);
  const Nanos start = now_;
  while (sums_[kWalks] < static_cast<double>(walks)) {
    const Event event = queue_.Pop();
    now_ = event.time;
    if (event.kind() == kArrival) {
      Arrive(event.index());
    } else {
      Count(&stations_[customers_[event.index()].station], -1);
      Move(event.index());
    }
  }
  sums_[kSpan] = ToSeconds(now_ - start);
  Count(&inside_, 0);
  sums_[kPresentTime] = inside_.area * 1e-9;
  inside_.area = 0;
  for (size_t k = 0; k < stations_.size(); ++k) {
    Count(&stations_[k], 0);
    sums_[kStations + k * kPerStation + kNumberTime] = stations_[k].area * 1e-9;
    stations_[k].area = 0;
  }
}

void Network::WarmUp() { Run(warm_up_walks_); }

Sums Network::RunBatch() {
  Run(batch_walks_);
  return sums_;
}

SharedStation::SharedStation(const SharingSpec& spec, uint64_t seed, uint64_t replication,
                             int64_t warm_up_customers, int64_t batch_customers)
    : arrivals_(seed, replication, "oracle", "interarrival"),
      services_(seed, replication, "oracle", "service"),
      warm_up_customers_(warm_up_customers),
      batch_customers_(batch_customers),
      interarrival_(1e7 / (spec.lambda * spec.service_mean)),
      tick_(spec.service_mean * 1e-7),
      law_(1e7, spec.service_scv),
      processor_(SharedProcessor::ContentionTable(1, 0, 0, 1)),
      next_arrival_(std::llround(arrivals_.Exponential(interarrival_))),
      sums_(kSharingSums, 0.0) {
  processor_.set_busy_limit(1);
}

void SharedStation::Run(int64_t customers) {
  std::fill(sums_.begin(), sums_.end(), 0.0);
  const Nanos start = now_;
  const double busy = processor_.BusyIntegral(now_);
  double number = 0;
  while (sums_[kShared] < static_cast<double>(customers)) {
    const bool arrival = next_arrival_ <= processor_.NextTime();
    const Nanos then = arrival ? next_arrival_ : processor_.NextTime();
    number += static_cast<double>(processor_.size()) * static_cast<double>(then - now_);
    now_ = then;
    if (arrival) {
      next_arrival_ = now_ + std::llround(arrivals_.Exponential(interarrival_));
      uint32_t job = static_cast<uint32_t>(since_.size());
      if (free_.empty()) {
        since_.push_back(now_);
      } else {
        job = free_.back();
        free_.pop_back();
        since_[job] = now_;
      }
      processor_.Enter(now_, law_.Sample(services_), job);
    } else {
      const uint32_t job = processor_.Depart(now_);
      free_.push_back(job);
      sums_[kShared] += 1;
      sums_[kSharedTime] += static_cast<double>(now_ - since_[job]) * tick_;
    }
  }
  sums_[kSharedSpan] = static_cast<double>(now_ - start) * tick_;
  sums_[kSharedBusy] = (processor_.BusyIntegral(now_) - busy) * tick_;
  sums_[kSharedNumber] = number * tick_;
}

void SharedStation::WarmUp() { Run(warm_up_customers_); }

Sums SharedStation::RunBatch() {
  Run(batch_customers_);
  return sums_;
}

}  // namespace simulator::oracle
