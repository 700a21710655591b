#pragma once

#include <cstdint>

#include "simulator/engine/system_model.h"

// Stations in steady state, as load_estimate.h joins them. Rates per second, times in seconds.
namespace simulator {

// A single-threaded event loop that must be woken when it slept and that pays for each turn.
struct EventLoopStation {
  double rate = 0;           // of visits
  double seen_rate = 0;      // of those that a visit meets: less, when there are few users
  double work = 0;           // of a visit, mean
  double second_moment = 0;  // of it
  double wake_up = 0;        // more, for a visit that finds the loop asleep
  double turn = 0;           // of a turn, which all visits that are ready share
};
struct EventLoopLoad {
  bool saturated = false;
  double busy = 0;      // share of the time, wake-ups and turns included
  double wake_ups = 0;  // per visit
  double turns = 0;     // per visit
  double wait = 0;      // of a visit, before its own work
  double service = 0;   // its work with its share of wake-ups and turns
};
// M/G/1 with an exceptional first service (Welch 1964): with p0 = (1 - rho) / (1 + rate wake_up),
//   busy = 1 - p0,
//   wait = rate E[S^2] / (2 (1 - rho)) + rate (E[S0^2] - E[S^2]) / (2 (1 + rate wake_up)).
// Exact for Poisson visits and turns without a cost. Turns: approximate, a turn takes its mean
// time.
EventLoopLoad Load(const EventLoopStation& station);

// One flush (or batch) at a time; who comes while one runs rides on the next. Poisson arrivals,
// constant time: exact.
struct GroupLoad {
  double busy = 0;      // share of the time
  double response = 0;  // of an arrival
  double batch = 1;     // mean number that share one
};
GroupLoad LoadOfGroup(double rate, double time);

// The database's processors: sharing at a speed that depends on how many are busy, at most
// `connections`; more wait at the last speed. Product form, p(n) ~ prod rate work / speed(k): exact
// for Poisson arrivals and any law of the work, while nobody waits.
struct ProcessorLoad {
  bool saturated = false;
  double cores_busy = 0;  // mean of min(busy backends, cores): what the cores show
  double active = 0;      // mean number of busy backends
};
ProcessorLoad LoadOfDatabase(const DatabaseModel& database, double work_per_second,
                             uint64_t connections);

// M/M/c: probability to wait and mean wait, by Erlang's C formula. A wait of 1e300: saturated.
struct Waiting {
  double probability = 1;
  double wait = 1e300;
};
Waiting ErlangC(double rate, double service, uint64_t servers);

}  // namespace simulator
