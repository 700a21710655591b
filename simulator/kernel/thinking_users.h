#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/random.h"
#include "simulator/kernel/virtual_time.h"

// Users that think exponentially, all with the same mean Z, without one timer each: n thinkers are
// one exponential clock of rate n / Z, and whoever it releases is any of them with equal
// probability (memoryless superposition). Exact for every n, also while n changes: the clock is
// kept as the hazard left to consume, G = E * Z with E ~ Exp(1), and G shrinks by n * dt; nothing
// is redrawn when somebody joins or leaves.
//
// Who thinks stays known (a swap-remove array of 4 bytes a user), so that each user's journey,
// connection and pod survive: the aggregation is of timers, not of users.
//
// Where nobody needs to know which user it is, only what kind (the step of its journey at which it
// thinks), users are counts: one number per class instead of four bytes per user, and whoever is
// released is of a class with the probability of its share of the thinkers. As exact.
//
// Not exact for any other law: see timing_wheel.h.

namespace simulator {

class ThinkingUsers {
 public:
  // `mean` > 0; `stream` is this object's own. `classes` > 0: users are counts, and Add and Pop
  // take and give a class below `classes` in place of a user.
  ThinkingUsers(Nanos mean, base::RandomStream stream, size_t classes = 0)
      : mean_(static_cast<double>(mean)), stream_(stream), counts_(classes, 0) {
    hazard_ = stream_.Exponential(mean_);
  }

  size_t size() const { return size_; }
  // When the next user stops thinking; kNever when nobody thinks.
  Nanos NextTime() const { return next_; }

  void Reserve(size_t users) { users_.reserve(users); }

  void Add(Nanos now, uint32_t user) {
    Consume(now);
    ++size_;
    if (counts_.empty()) {
      users_.push_back(user);
    } else {
      ++counts_[user];
    }
    Schedule();
  }

  // The user who stops thinking at NextTime(); that must be `now`.
  uint32_t Pop(Nanos now) {
    last_ = now;
    hazard_ = stream_.Exponential(mean_);
    size_t chosen = stream_.UniformInt(size_);
    --size_;
    if (!counts_.empty()) {
      uint32_t of = 0;
      while (chosen >= counts_[of]) chosen -= counts_[of++];
      --counts_[of];
      Schedule();
      return of;
    }
    const uint32_t user = users_[chosen];
    users_[chosen] = users_.back();
    users_.pop_back();
    Schedule();
    return user;
  }

 private:
  void Consume(Nanos now) {
    hazard_ -= static_cast<double>(now - last_) * static_cast<double>(size_);
    if (hazard_ < 0) hazard_ = 0;  // NextTime() is rounded to a nanosecond
    last_ = now;
  }
  void Schedule() {
    next_ =
        size_ == 0 ? kNever : last_ + static_cast<Nanos>(hazard_ / static_cast<double>(size_)) + 1;
  }

  double mean_;
  base::RandomStream stream_;
  std::vector<uint32_t> users_;
  std::vector<uint64_t> counts_;  // of thinkers, per class
  size_t size_ = 0;
  double hazard_ = 0;  // nanoseconds x users left until the next release
  Nanos last_ = 0;
  Nanos next_ = kNever;
};

}  // namespace simulator
