#pragma once

#include <algorithm>
#include <cassert>
#include <functional>
#include <vector>

#include "simulator/kernel/virtual_time.h"

// FIFO stations in virtual time: the departure is known at the arrival (Lindley's recursion), so a
// visit costs no event of its own. Exact for FIFO without pre-emption, cancellation or change of
// capacity after admission, when arrivals reach the station in time order.

namespace simulator {

// One server. 16 bytes.
class FifoServer {
 public:
  // The instant at which work arriving `now` and taking `service` is done.
  Nanos Admit(Nanos now, Nanos service) {
    assert(service >= 0);
    free_at_ = std::max(free_at_, now) + service;
    admitted_ += service;
    return free_at_;
  }
  // The same when the work is not done at a constant speed: the caller knows when it ends, and
  // begins it at max(now, free_at()). BusyUntil then counts the backlog's standstills as work to
  // come: exact when the server is idle, late by at most those standstills.
  void AdmitUntil(Nanos service, Nanos done) {
    free_at_ = done;
    admitted_ += service;
  }
  // The server dies: what it has not done by `now` never will be. Returns that.
  Nanos Abandon(Nanos now) {
    const Nanos lost = Backlog(now);
    admitted_ -= lost;
    free_at_ = std::min(free_at_, now);
    return lost;
  }
  Nanos free_at() const { return free_at_; }
  // Wait of an arrival `now`.
  Nanos Backlog(Nanos now) const { return std::max<Nanos>(0, free_at_ - now); }
  // Busy time up to `now` (no admission after `now` yet): exact, as the unfinished work is the
  // backlog.
  Nanos BusyUntil(Nanos now) const { return admitted_ - Backlog(now); }
  // All work ever admitted.
  Nanos admitted() const { return admitted_; }

 private:
  Nanos free_at_ = 0;
  Nanos admitted_ = 0;
};

// c equal servers with one queue: a heap of the instants at which they become free. Departures
// may overtake each other (order of arrival is order of start), so what follows must be an event.
class FifoMultiServer {
 public:
  explicit FifoMultiServer(size_t servers) : free_at_(servers, 0) { assert(servers > 0); }

  Nanos Admit(Nanos now, Nanos service) {
    std::pop_heap(free_at_.begin(), free_at_.end(), std::greater<>());
    const Nanos start = std::max(free_at_.back(), now);
    free_at_.back() = start + service;
    std::push_heap(free_at_.begin(), free_at_.end(), std::greater<>());
    return start + service;
  }

 private:
  std::vector<Nanos> free_at_;
};

}  // namespace simulator
