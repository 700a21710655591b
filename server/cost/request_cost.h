#pragma once

#include <cstdint>

// RequestCost: what one request used, counted where it is spent.
//
// The dispatcher owns one per request, hands its address down to each dependency, and adds the sums
// to the metrics when the response leaves. Counts are for one request and one thread: no atomics.
// A dependency accepts nullptr and then counts nothing (background work).

namespace server {

struct RequestCost {
  int64_t statements = 0;       // SQL statements executed, the tenant's set_config included
  int64_t round_trips = 0;      // segments sent to PostgreSQL: one Sync each
  int64_t redis_commands = 0;   // commands sent, redirected ones counted again
  int64_t cache_hits = 0;       // answered from the cache
  int64_t cache_misses = 0;     // looked up and not found (an unreachable cache is a miss)
  int64_t blocking_cpu_ns = 0;  // thread time in blocking pools (password hashing)
  int64_t audit_rows = 0;       // audit records made durable for this request
};

}  // namespace server
