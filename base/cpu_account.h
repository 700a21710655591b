#pragma once

#include <cstdint>

#include "base/clock.h"

// CpuMeter: whose work is this thread doing? One event loop serves many activities in turns; each
// turn's CPU time goes to the account that is current.
//
// Method. The thread's CPU clock (CLOCK_THREAD_CPUTIME_ID) is read at every switch and the time
// since the last switch is added to the account that was current. A coroutine keeps its account
// across suspensions: Callback (task.h) remembers the current account when it suspends and makes it
// current again around the resumption. So an account gets its activity's slices and nothing else;
// what the loop does between them (polling, parsing a dependency's replies) belongs to nobody.
//
// Cost: one clock read per switch, a system call of 0.1 to 0.3 us. A thread that never sets an
// account pays nothing. State is per thread; an account belongs to one thread.

namespace base {

struct CpuAccount {
  uint64_t nanos = 0;
};

class CpuMeter {
 public:
  static CpuAccount* current() { return current_; }

  // Charges the current account, makes `next` current (nullptr: nobody), returns the former one.
  static CpuAccount* Switch(CpuAccount* next) {
    const int64_t now = ThreadCpuNow();
    if (current_ != nullptr) current_->nanos += static_cast<uint64_t>(now - since_);
    since_ = now;
    CpuAccount* former = current_;
    current_ = next;
    return former;
  }

  // Makes `account` current without reading the clock: the time since the last switch is its too.
  // For work that is done before one can know whose it is (reading and parsing a request).
  static void Claim(CpuAccount* account) { current_ = account; }

 private:
  static inline thread_local CpuAccount* current_ = nullptr;
  static inline thread_local int64_t since_ = 0;
};

// Makes `account` current for a scope; does nothing when it is nullptr.
class CpuScope {
 public:
  explicit CpuScope(CpuAccount* account) : active_(account != nullptr) {
    if (active_) former_ = CpuMeter::Switch(account);
  }
  ~CpuScope() {
    if (active_) CpuMeter::Switch(former_);
  }
  CpuScope(const CpuScope&) = delete;
  CpuScope& operator=(const CpuScope&) = delete;

 private:
  bool active_;
  CpuAccount* former_ = nullptr;
};

}  // namespace base
