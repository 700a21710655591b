#include "simulator/oracle/markov_station.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "simulator/analytic/birth_death.h"

namespace simulator::oracle {
namespace {

constexpr int64_t kMaxStates = 20'000'000;
constexpr double kGaveUp = std::numeric_limits<double>::quiet_NaN();

}  // namespace

MarkovStation::MarkovStation(const MarkovStationSpec& spec, const BirthDeathControl& control,
                             uint64_t seed, uint64_t replication, int64_t warm_up_customers,
                             int64_t batch_customers)
    : spec_(spec),
      control_(control),
      kinds_(seed, replication, "oracle", "kind of event"),
      holding_(seed, replication, "oracle", "time to event"),
      warm_up_customers_(warm_up_customers),
      batch_customers_(batch_customers),
      waiting_(1024, 0.0),
      sums_(kFirstPoint + spec.wait_points.size() + spec.response_points.size(), 0.0),
      controls_(control.functions(), 0.0) {}

void MarkovStation::CountPoints(double value, const std::vector<double>& points, size_t first) {
  for (size_t i = 0; i < points.size(); ++i) sums_[first + i] += value > points[i] ? 1.0 : 0.0;
}

void MarkovStation::Start(double arrival) {
  const double wait = now_ - arrival;
  sums_[kWaitsEnded] += 1;
  sums_[kSumWait] += wait;
  CountPoints(wait, spec_.wait_points, kFirstPoint);
  busy_.push_back(arrival);
}

void MarkovStation::Arrive() {
  sums_[kOffered] += 1;
  const int64_t in_system = static_cast<int64_t>(busy_.size() + waiting_count_);
  if (spec_.capacity > 0 && in_system >= spec_.capacity) {
    sums_[kBlocked] += 1;
    return;
  }
  sums_[kAccepted] += 1;
  if (static_cast<int64_t>(busy_.size()) < spec_.servers) {
    Start(now_);
    return;
  }
  sums_[kWaited] += 1;
  if (slots_ == waiting_.size()) {
    std::rotate(waiting_.begin(), waiting_.begin() + head_, waiting_.end());
    head_ = 0;
    waiting_.resize(2 * waiting_.size(), 0.0);
  }
  waiting_[(head_ + slots_) & (waiting_.size() - 1)] = now_;
  ++slots_;
  ++waiting_count_;
}

double MarkovStation::OldestWaiting() {
  for (;;) {
    const double arrival = waiting_[head_];
    head_ = (head_ + 1) & (waiting_.size() - 1);
    --slots_;
    if (!std::isnan(arrival)) return arrival;
  }
}

void MarkovStation::Finish(size_t server) {
  const double response = now_ - busy_[server];
  busy_[server] = busy_.back();
  busy_.pop_back();
  sums_[kServed] += 1;
  sums_[kSumResponse] += response;
  CountPoints(response, spec_.response_points, kFirstPoint + spec_.wait_points.size());
  if (waiting_count_ == 0) return;
  --waiting_count_;
  Start(OldestWaiting());
}

void MarkovStation::GiveUp(double choice) {
  size_t slot = static_cast<size_t>(choice * static_cast<double>(slots_));
  // Every waiting customer is as likely: slots of those who gave up are drawn again.
  double* entry = &waiting_[(head_ + slot) & (waiting_.size() - 1)];
  while (std::isnan(*entry)) {
    slot = kinds_.UniformInt(slots_);
    entry = &waiting_[(head_ + slot) & (waiting_.size() - 1)];
  }
  const double wait = now_ - *entry;
  *entry = kGaveUp;
  --waiting_count_;
  if (waiting_count_ == 0) slots_ = 0;
  sums_[kAbandoned] += 1;
  sums_[kWaitsEnded] += 1;
  sums_[kSumWait] += wait;
  CountPoints(wait, spec_.wait_points, kFirstPoint);
}

void MarkovStation::Step() {
  const double busy = static_cast<double>(busy_.size());
  const double waiting = static_cast<double>(waiting_count_);
  const double in_system = busy + waiting;
  const double arrivals = spec_.users == 0
                              ? spec_.lambda
                              : (static_cast<double>(spec_.users) - in_system) / spec_.think;
  const double services = busy * spec_.mu;
  const double total = arrivals + services + waiting * spec_.theta;
  const double u = kinds_.Uniform01();
  const double e = holding_.Exponential(1.0);
  control_.Add(static_cast<int64_t>(in_system), u, e, controls_.data());
  const double held = e / total;
  now_ += held;
  sums_[kTime] += held;
  sums_[kInSystemTime] += held * in_system;
  sums_[kWaitingTime] += held * waiting;
  sums_[kBusyTime] += held * busy;
  const double drawn = u * total;
  if (drawn < arrivals) {
    Arrive();
  } else if (drawn < arrivals + services || waiting_count_ == 0) {
    const double choice = (drawn - arrivals) / spec_.mu;
    Finish(std::min(static_cast<size_t>(choice), busy_.size() - 1));
  } else {
    GiveUp(std::min((drawn - arrivals - services) / (waiting * spec_.theta), 1 - 1e-12));
  }
}

// Instants count from the start of a batch, so that long runs lose no digits.
void MarkovStation::Rebase() {
  for (double& arrival : busy_) arrival -= now_;
  for (double& arrival : waiting_) arrival -= now_;
  now_ = 0;
}

void MarkovStation::WarmUp() {
  while (sums_[kWaitsEnded] + sums_[kBlocked] < static_cast<double>(warm_up_customers_)) Step();
}

Sums MarkovStation::RunBatch() {
  Rebase();
  std::fill(sums_.begin(), sums_.end(), 0.0);
  std::fill(controls_.begin(), controls_.end(), 0.0);
  while (sums_[kOffered] < static_cast<double>(batch_customers_)) Step();
  Sums batch = sums_;
  batch[kInSystemTime] -= controls_[kInSystem];
  batch[kSumResponse] -= controls_[kInSystem];
  batch[kWaitingTime] -= controls_[kWaiting];
  batch[kSumWait] -= controls_[kWaiting];
  batch[kBusyTime] -= controls_[kBusy];
  batch[kServed] -= spec_.mu * controls_[kBusy];
  batch[kWaited] -= controls_[kWaitedRate];
  batch[kBlocked] -= controls_[kBlockedRate];
  batch[kAbandoned] -= spec_.theta * controls_[kWaiting];
  for (size_t i = kFirstPoint; i < batch.size(); ++i) {
    batch[i] -= controls_[kFirstPointFunction + (i - kFirstPoint)];
  }
  return batch;
}

ExpectedChain ChainOf(const MarkovStationSpec& spec) {
  ExpectedChain chain;
  const MarkovStationSpec s = spec;
  chain.offered = [s](int64_t n) {
    return s.users == 0 ? s.lambda : static_cast<double>(s.users - n) / s.think;
  };
  chain.birth = [s, offered = chain.offered](int64_t n) {
    return s.capacity > 0 && n >= s.capacity ? 0.0 : offered(n);
  };
  chain.death = [s](int64_t n) {
    return s.mu * static_cast<double>(std::min(n, s.servers)) +
           s.theta * static_cast<double>(std::max<int64_t>(n - s.servers, 0));
  };
  chain.last = s.capacity > 0 ? s.capacity : s.users > 0 ? s.users : kMaxStates;
  return chain;
}

namespace {

// P(wait > x) of an arrival that finds n in the system: fewer than n - c + 1 services in x.
std::vector<double> WaitTails(const MarkovStationSpec& spec, double x, int64_t states) {
  std::vector<double> tails(states, 0.0);
  const double load = static_cast<double>(spec.servers) * spec.mu * x;
  double term = std::exp(-load);
  double cumulative = 0;
  for (int64_t n = spec.servers; n < states; ++n) {
    const int64_t k = n - spec.servers;
    cumulative += term;
    tails[n] = std::min(1.0, cumulative);
    term *= load / static_cast<double>(k + 1);
  }
  return tails;
}

// P(wait + service > x), by the stable downward recursion over the number of services to wait for;
// a guess is good enough, since any function is a valid control.
std::vector<double> ResponseTails(const MarkovStationSpec& spec, double x, int64_t states) {
  const std::vector<double> waits = WaitTails(spec, x, states);
  std::vector<double> tails(states, std::exp(-spec.mu * x));
  if (spec.servers == 1) {
    for (int64_t n = 0; n < states; ++n) tails[n] = waits[std::min(n + 1, states - 1)];
    return tails;
  }
  const double full = static_cast<double>(spec.servers) * spec.mu;
  double tail = 1.0;
  for (int64_t n = states - 1; n >= spec.servers; --n) {
    tails[n] = tail;
    tail = ((full - spec.mu) * tail + spec.mu * waits[n]) / full;
  }
  return tails;
}

}  // namespace

std::vector<std::function<double(int64_t)>> FunctionsOf(const MarkovStationSpec& spec) {
  const MarkovStationSpec s = spec;
  const ExpectedChain chain = ChainOf(spec);
  std::vector<std::function<double(int64_t)>> functions = {
      [](int64_t n) { return static_cast<double>(n); },
      [s](int64_t n) { return static_cast<double>(std::max<int64_t>(n - s.servers, 0)); },
      [s](int64_t n) { return static_cast<double>(std::min(n, s.servers)); },
      [s, chain](int64_t n) { return n >= s.servers ? chain.birth(n) : 0.0; },
      [s, chain](int64_t n) { return s.capacity > 0 && n >= s.capacity ? chain.offered(n) : 0.0; },
  };
  const int64_t states = static_cast<int64_t>(
      analytic::StationaryDistribution(chain.birth, chain.death, chain.last).size());
  const auto add = [&](std::vector<double> tails) {
    functions.push_back([tails = std::move(tails), chain](int64_t n) {
      return chain.birth(n) * tails[std::min<size_t>(n, tails.size() - 1)];
    });
  };
  for (double x : spec.wait_points) add(WaitTails(spec, x, states));
  for (double x : spec.response_points) add(ResponseTails(spec, x, states));
  return functions;
}

}  // namespace simulator::oracle
