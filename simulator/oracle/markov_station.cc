#include "simulator/oracle/markov_station.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "simulator/analytic/birth_death.h"

namespace simulator::oracle {
namespace {

constexpr int64_t kMaxStates = 20'000'000;
constexpr double kGaveUp = std::numeric_limits<double>::quiet_NaN();

size_t PointsIn(const std::vector<std::vector<double>>& groups) {
  size_t points = 0;
  for (const std::vector<double>& group : groups) points += group.size();
  return points;
}

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
      first_response_point_(kFirstPoint + PointsIn(spec.wait_points)),
      sums_(first_response_point_ + PointsIn(spec.response_points), 0.0),
      controls_(control.functions(), 0.0) {}

void MarkovStation::CountPoints(double value, const std::vector<std::vector<double>>& groups,
                                size_t first) {
  for (const std::vector<double>& group : groups) {
    for (size_t i = 0; i < group.size() && value > group[i]; ++i) sums_[first + i] += 1;
    first += group.size();
  }
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
  CountPoints(response, spec_.response_points, first_response_point_);
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
  const int64_t start_state = InSystem();
  while (sums_[kOffered] < static_cast<double>(batch_customers_)) Step();
  Sums batch = sums_;
  SubtractControls(start_state, &batch);
  return batch;
}

void MarkovStation::SubtractControls(int64_t start_state, Sums* batch) const {
  const double* before = control_.Potential(start_state);
  const double* after = control_.Potential(InSystem());
  std::vector<double> c = controls_;
  for (size_t k = 0; k < c.size(); ++k) c[k] -= after[k] - before[k];
  Sums& sums = *batch;
  sums[kInSystemTime] -= controls_[kInSystem];
  sums[kSumResponse] -= c[kInSystem];
  sums[kWaitingTime] -= controls_[kWaiting];
  sums[kSumWait] -= c[kWaiting];
  sums[kBusyTime] -= controls_[kBusy];
  sums[kServed] -= spec_.mu * c[kBusy];
  sums[kWaited] -= c[kWaitedRate];
  sums[kBlocked] -= c[kBlockedRate];
  sums[kAbandoned] -= spec_.theta * c[kWaiting];
  size_t group_index = kFirstGroup;
  size_t point = kFirstPoint;
  for (const auto* groups : {&spec_.wait_points, &spec_.response_points}) {
    for (const std::vector<double>& group : *groups) {
      for (size_t i = 0; i < group.size(); ++i) sums[point++] -= c[group_index];
      ++group_index;
    }
  }
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
  if (load <= 0) return tails;
  double log_term = -load;  // of the Poisson distribution, which underflows as a number
  double cumulative = 0;
  for (int64_t n = spec.servers; n < states; ++n) {
    cumulative += std::exp(log_term);
    tails[n] = std::min(1.0, cumulative);
    log_term += std::log(load / static_cast<double>(n - spec.servers + 1));
  }
  return tails;
}

// P(wait + service > x), by the stable downward recursion over the number of services to wait for,
// from so many that the wait alone is surely longer.
std::vector<double> ResponseTails(const MarkovStationSpec& spec, double x, int64_t states) {
  const double full = static_cast<double>(spec.servers) * spec.mu;
  const int64_t top = std::max(
      states, spec.servers + static_cast<int64_t>(full * x + 20 * std::sqrt(full * x) + 100));
  const std::vector<double> waits = WaitTails(spec, x, top + 1);
  std::vector<double> tails(top, std::exp(-spec.mu * x));
  double tail = 1.0;
  for (int64_t n = top - 1; n >= 0; --n) {
    if (spec.servers == 1) {
      tails[n] = waits[n + 1];
    } else if (n >= spec.servers) {
      tails[n] = tail = ((full - spec.mu) * tail + spec.mu * waits[n + 1]) / full;
    }
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
  for (const auto& group : spec.wait_points) {
    add(WaitTails(spec, group[group.size() / 2], states));
  }
  for (const auto& group : spec.response_points) {
    add(ResponseTails(spec, group[group.size() / 2], states));
  }
  return functions;
}

}  // namespace simulator::oracle
