#include "simulator/planning/station_load.h"

#include <algorithm>
#include <cmath>

#include "simulator/analytic/open_stations.h"

namespace simulator {
namespace {

constexpr int kBisections = 60;
constexpr uint64_t kMostBackends = 20000;  // of the contention curve

// Turns per visit of a loop with the busy share `busy`, y = (1 - busy) e^(busy / y): a turn that
// takes its mean time is followed by another unless nobody comes meanwhile.
double TurnsPerVisit(double busy) {
  double low = 1e-6;
  double high = 1;
  for (int i = 0; i < kBisections; ++i) {
    const double y = (low + high) / 2;
    (y * std::exp(-busy / y) < 1 - busy ? low : high) = y;
  }
  return low;
}

}  // namespace

EventLoopLoad Load(const EventLoopStation& station) {
  EventLoopLoad load;
  const double rate = station.rate;
  if (rate * station.work >= 1) {
    load.saturated = true;
    load.busy = 1;
    load.service = station.work;  // nobody sleeps
    return load;
  }
  // An arrival sees the loop as the others keep it.
  const double seen = rate > 0 ? station.seen_rate / rate : 1;
  // busy = rate (work + y(busy) turn + (1 - busy) wake_up); the right side falls with busy.
  double low = rate * station.work;
  double high = 1;
  for (int i = 0; i < kBisections; ++i) {
    const double busy = (low + high) / 2;
    const double turns = station.turn > 0 ? TurnsPerVisit(busy) : 0;
    const double needed =
        rate * (station.work + turns * station.turn + (1 - busy * seen) * station.wake_up);
    (needed > busy ? low : high) = busy;
  }
  load.busy = (low + high) / 2;
  load.wake_ups = 1 - load.busy * seen;
  load.turns = station.turn > 0 ? TurnsPerVisit(load.busy * seen) : 0;
  const double opened = std::max(0.0, load.turns - load.wake_ups) * station.turn;
  const double work = station.work + opened;
  const double first = station.wake_up + station.turn - opened;  // beyond `work`
  load.service = work + load.wake_ups * first;
  const double rho = std::min(station.seen_rate * work, 1 - 1e-9);
  const double squares = 2 * first * work + first * first;
  load.wait = station.seen_rate * station.second_moment / (2 * (1 - rho)) +
              station.seen_rate * squares / (2 * (1 + station.seen_rate * first));
  return load;
}

GroupLoad LoadOfGroup(double rate, double time) {
  GroupLoad load;
  if (rate <= 0 || time <= 0) {
    load.response = time;
    return load;
  }
  // A busy period is a geometric number of flushes, each followed by another with 1 - e^(-rate
  // time).
  const double grown = rate * time * std::exp(std::min(500.0, rate * time));
  load.busy = grown / (1 + grown);
  load.response = time + load.busy * time / 2;
  load.batch = rate * time / load.busy;
  return load;
}

ProcessorLoad LoadOfDatabase(const DatabaseModel& database, double work_per_second,
                             uint64_t connections) {
  ProcessorLoad load;
  double weight = 1;
  double sum = 1;
  double active = 0;
  double cores = 0;
  double ratio = 0;
  const uint64_t states = std::clamp<uint64_t>(connections, 1, kMostBackends);
  const auto ratio_at = [&](uint64_t n) {
    const auto busy = static_cast<double>(n);
    const double curve =
        busy / (1 + database.sigma * (busy - 1) + database.kappa * busy * (busy - 1));
    return work_per_second / std::min(database.cores, curve);
  };
  const bool calm = ratio_at(states) < 0.9;  // the curve has one peak: no later ratio is above both
  for (uint64_t n = 1; n <= states; ++n) {
    const auto busy = static_cast<double>(n);
    ratio = ratio_at(n);
    weight *= ratio;
    sum += weight;
    active += busy * weight;
    cores += std::min(busy, database.cores) * weight;
    if (sum > 1e200) {  // only ratios count
      for (double* value : {&weight, &active, &cores}) *value /= sum;
      sum = 1;
    }
    if (calm && ratio < 0.9 && weight < 1e-12 * sum) break;
  }
  if (ratio >= 1) {  // with all connections busy the database falls behind
    load.saturated = true;
    load.cores_busy = std::min(database.cores, static_cast<double>(states));
    load.active = static_cast<double>(states);
    return load;
  }
  const double beyond = weight * ratio / (1 - ratio);
  const auto most = static_cast<double>(states);
  sum += beyond;
  load.active = (active + most * beyond) / sum;
  load.cores_busy = (cores + std::min(most, database.cores) * beyond) / sum;
  return load;
}

Waiting ErlangC(double rate, double service, uint64_t servers) {
  if (rate <= 0 || service <= 0) return {0, 0};
  const auto station = analytic::MMc(rate, 1 / service, static_cast<int64_t>(servers));
  if (!station.ok()) return {};
  return {station->p_wait, station->wq};
}

}  // namespace simulator
