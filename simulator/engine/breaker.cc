#include "simulator/engine/breaker.h"

#include <algorithm>

namespace simulator {

void CircuitBreakers::Slide(Breaker& breaker, Nanos now) const {
  const int64_t tenth = now / std::max<Nanos>(1, model_.window / kTenths);
  const int64_t passed = std::min<int64_t>(kTenths, tenth - breaker.tenth);
  for (int64_t i = 1; i <= passed; ++i) {
    const auto slot = static_cast<size_t>((breaker.tenth + i) % kTenths);
    breaker.failed[slot] = breaker.ended[slot] = 0;
  }
  if (passed == kTenths) breaker.failed = breaker.ended = {};
  breaker.tenth = tenth;
}

void CircuitBreakers::Open(Breaker& breaker, Nanos now) {
  breaker.state = kOpen;
  breaker.since = now;
  ++opened_;
}

bool CircuitBreakers::Allow(uint64_t index, Nanos now) {
  Breaker& breaker = breakers_[index];
  if (breaker.state == kClosed) return true;
  if (breaker.state == kOpen) {
    if (now < breaker.since + model_.open) return false;
    breaker.state = kHalfOpen;
    breaker.since = now;
    breaker.sent = breaker.good = 0;
  }
  if (breaker.sent >= model_.probes) return false;
  ++breaker.sent;
  return true;
}

void CircuitBreakers::Report(uint64_t index, Nanos sent, Nanos now, bool good) {
  Breaker& breaker = breakers_[index];
  if (breaker.state == kOpen) return;
  if (breaker.state == kHalfOpen) {
    if (sent < breaker.since) return;
    if (!good) return Open(breaker, now);
    if (++breaker.good < model_.probes) return;
    breaker.failed = breaker.ended = {};
    breaker.state = kClosed;
    breaker.since = now;
    Slide(breaker, now);
    return;
  }
  if (sent < breaker.since) return;  // of before it was open
  Slide(breaker, now);
  const auto slot = static_cast<size_t>(breaker.tenth % kTenths);
  ++breaker.ended[slot];
  breaker.failed[slot] += good ? 0 : 1;
  if (good) return;
  uint64_t failed = 0;
  uint64_t ended = 0;
  for (int i = 0; i < kTenths; ++i) {
    failed += breaker.failed[static_cast<size_t>(i)];
    ended += breaker.ended[static_cast<size_t>(i)];
  }
  if (ended >= model_.minimum_attempts &&
      static_cast<double>(failed) >= model_.error_rate * static_cast<double>(ended)) {
    Open(breaker, now);
  }
}

}  // namespace simulator
