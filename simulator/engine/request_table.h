#pragma once

#include <cstdint>
#include <vector>

#include "simulator/kernel/event_queue.h"
#include "simulator/kernel/virtual_time.h"

namespace simulator {

inline constexpr uint32_t kNone = 0xffffffff;

// A request that leads a load of a key and may store its value, or may not; that buried a key.
enum Flight : uint8_t { kFlightNone, kFlightFills, kFlightLeads, kFlightBuries };

// A request inside the system: one cache line, reused through a free list.
struct Request {
  Nanos start;      // intended start; a closed user's request is sent at once
  Nanos cpu_after;  // worker time still needed for the answer
  float segment;    // database CPU of each round trip, ns
  float worked;     // worker CPU of the whole request, ns
  uint32_t user;
  uint32_t worker;  // kNone: it has left the system
  uint32_t connection;
  uint32_t next;          // in a connection's pipeline, a worker's wait queue or the free list
  uint32_t older, newer;  // list of live requests in order of start
  uint32_t key;           // of the cache, where each is simulated
  uint16_t operation;
  uint16_t shard;    // of Redis, that has the request's key
  uint16_t taken;    // by its worker, a tick
  uint8_t segments;  // round trips left
  uint8_t commits;
  uint8_t failure;  // an Outcome; 0 while fine; or as the following
  uint8_t flight;   // what it owes to the cache's key, a Flight
  bool live;        // its user still waits
  bool woke;        // its round trip found its backend asleep
  bool at_client;   // the load generator has its answer
};

// Instants in two bytes: ticks of about a millisecond, told apart for 68 s.
inline constexpr int kTickShift = 20;
inline uint16_t TickOf(Nanos time) { return static_cast<uint16_t>(time >> kTickShift); }
// The last instant until `now` with that tick.
inline Nanos TickBefore(uint16_t tick, Nanos now) {
  const Nanos ticks = now >> kTickShift;
  return (ticks - static_cast<uint16_t>(TickOf(now) - tick)) << kTickShift;
}

// What the database still does for a request that was answered at its deadline.
inline constexpr uint8_t kFailureLeft = 253;
// A request whose process died. Its client knows, or still waits for an answer that never comes.
inline constexpr uint8_t kFailureReset = 254;
inline constexpr uint8_t kFailureSilent = 255;
inline bool Dead(const Request& request) { return request.failure >= kFailureLeft; }

// Requests by index, and the list of live ones by age: with one timeout for all, the oldest live
// request is always the next to time out, so no timer is needed per request.
class RequestTable {
 public:
  // kNone when more than 2^24 requests are inside at once.
  uint32_t Allocate() {
    if (free_ != kNone) {
      const uint32_t index = free_;
      free_ = requests_[index].next;
      return index;
    }
    if (requests_.size() > kMaximumEventIndex) return kNone;
    requests_.emplace_back();
    return static_cast<uint32_t>(requests_.size() - 1);
  }
  void Free(uint32_t index) {
    requests_[index].worker = kNone;
    requests_[index].next = free_;
    free_ = index;
  }

  void Link(uint32_t index) {
    Request& request = requests_[index];
    request.live = true;
    request.older = newest_;
    request.newer = kNone;
    (newest_ == kNone ? oldest_ : requests_[newest_].newer) = index;
    newest_ = index;
    ++live_;
  }
  void Unlink(uint32_t index) {
    Request& request = requests_[index];
    request.live = false;
    (request.older == kNone ? oldest_ : requests_[request.older].newer) = request.newer;
    (request.newer == kNone ? newest_ : requests_[request.newer].older) = request.older;
    --live_;
  }

  Request& operator[](uint32_t index) { return requests_[index]; }
  const Request& operator[](uint32_t index) const { return requests_[index]; }
  size_t size() const { return requests_.size(); }  // indices ever used
  uint32_t oldest() const { return oldest_; }
  uint64_t live() const { return live_; }
  Nanos OldestStart() const { return oldest_ == kNone ? kNever : requests_[oldest_].start; }

 private:
  std::vector<Request> requests_;
  uint32_t free_ = kNone;
  uint32_t oldest_ = kNone;
  uint32_t newest_ = kNone;
  uint64_t live_ = 0;
};

}  // namespace simulator
