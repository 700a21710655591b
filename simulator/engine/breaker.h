#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "simulator/kernel/virtual_time.h"

namespace simulator {

// A circuit breaker as compiled from the scenario; off when `window` is 0.
struct BreakerModel {
  enum Scope { kPopulation, kWorker, kConnection };
  Scope scope = kPopulation;
  Nanos window = 0;
  double error_rate = 1;  // share of failed attempts in the window that opens it
  uint32_t minimum_attempts = 1;
  Nanos open = 0;
  uint32_t probes = 1;
  bool on() const { return window > 0; }
};

// The breakers of all clients: closed, open, half-open.
//
// The window slides in tenths: it holds the attempts that ended in the current tenth and the nine
// before. When the share of failures among at least `minimum_attempts` reaches `error_rate`, the
// breaker opens and every attempt fails at once. After `open` it is half-open: `probes` attempts go
// through, others still fail at once. When all probes have ended well it closes with an empty
// window; one that fails opens it again. Attempts sent before a breaker opened say nothing to it
// afterwards.
//
// 120 bytes a breaker. Time must not go back. One per replication.
class CircuitBreakers {
 public:
  // `breakers`: how many there are (1, client workers or users).
  CircuitBreakers(const BreakerModel& model, uint64_t breakers)
      : model_(model), breakers_(breakers) {}

  // May an attempt be sent now? A probe that is let through counts.
  bool Allow(uint64_t breaker, Nanos now);
  // An allowed attempt, sent at `sent`, is over.
  void Report(uint64_t breaker, Nanos sent, Nanos now, bool good);

  // How often one opened, a failed probe included.
  uint64_t opened() const { return opened_; }
  bool IsOpen(uint64_t breaker) const { return breakers_[breaker].state != kClosed; }

 private:
  static constexpr int kTenths = 10;
  enum State : uint8_t { kClosed, kOpen, kHalfOpen };
  struct Breaker {
    std::array<uint32_t, kTenths> failed{};
    std::array<uint32_t, kTenths> ended{};
    int64_t tenth = 0;  // the current one, counted from the start of time
    Nanos since = 0;    // in this state
    uint32_t sent = 0;  // probes
    uint32_t good = 0;
    State state = kClosed;
  };

  void Slide(Breaker& breaker, Nanos now) const;
  void Open(Breaker& breaker, Nanos now);

  const BreakerModel model_;
  std::vector<Breaker> breakers_;
  uint64_t opened_ = 0;
};

}  // namespace simulator
