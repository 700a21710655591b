#pragma once

#include <cstdint>
#include <vector>

#include "simulator/kernel/virtual_time.h"

// Processor sharing at a rate that depends on how many jobs are present: n jobs progress at
// Rate(n) = total(n) / n each. The operating system shares a database's cores among its busy
// backends like this.
//
// Held as a clock of attained service V, dV/dt = Rate(n), and a heap of finish tags V + demand:
// O(log n) per arrival or departure, no update of the others. V is a double in nanoseconds of
// service; after an hour its resolution is better than a thousandth of a nanosecond. Completion
// instants are rounded up to the next nanosecond. Exact processor sharing up to that rounding.

namespace simulator {

class SharedProcessor {
 public:
  // total_rate[n]: seconds of service per second with n jobs, n = 0 .. maximum; [0] is ignored.
  // Beyond the table the last entry holds.
  explicit SharedProcessor(std::vector<double> total_rate);

  // A job of `demand` nanoseconds of service enters. `job` identifies it at its departure.
  void Enter(Nanos now, double demand, uint32_t job);

  // When the next job departs; kNever when empty.
  Nanos NextTime() const { return next_; }
  // Removes and returns the job that departs at NextTime(), which must be `now`.
  uint32_t Depart(Nanos now);

  // From now on everything progresses at `factor` (>= 0) of the rates given.
  void SetSpeed(Nanos now, double factor);
  // At the next Enter or Depart: the jobs get at most so many cores together.
  void set_ceiling(double cores) { next_ceiling_ = cores; }
  // All jobs leave unfinished; returns the service that they still needed, in nanoseconds.
  double Abandon(Nanos now);

  size_t size() const { return heap_.size(); }
  // Service given so far, in nanoseconds: the integral of total_rate.
  double ServiceGiven(Nanos now) const;
  // Service that the jobs present still need, in nanoseconds.
  double Remaining(Nanos now) const;
  // Integral of min(n, limit) over time, job-nanoseconds: what the cores show as busy.
  double BusyIntegral(Nanos now) const;
  // `limit` of BusyIntegral, the number of cores.
  void set_busy_limit(double cores) { cores_ = cores; }

  // total(n) = min(cores, n / (1 + sigma (n - 1) + kappa n (n - 1))), n = 0 .. maximum: the
  // universal scalability law over busy backends, capped by the cores there are.
  static std::vector<double> ContentionTable(double cores, double sigma, double kappa,
                                             size_t maximum);

 private:
  struct Entry {
    double tag;
    uint32_t sequence;
    uint32_t job;
  };
  static bool Before(const Entry& a, const Entry& b) {
    return a.tag != b.tag ? a.tag < b.tag : static_cast<int32_t>(a.sequence - b.sequence) < 0;
  }
  void Advance(Nanos now);
  void Schedule();

  std::vector<double> total_rate_;
  std::vector<Entry> heap_;
  double clock_ = 0;  // V
  double rate_ = 0;   // dV/dt now
  double speed_ = 1;
  double given_ = 0;
  double busy_ = 0;
  double cores_ = 1e18;
  double next_ceiling_ = 1e18;
  double ceiling_ = 1e18;
  Nanos last_ = 0;
  Nanos next_ = kNever;
  uint32_t sequence_ = 0;
};

}  // namespace simulator
