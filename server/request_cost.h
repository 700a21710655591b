#pragma once

#include <cstdint>

// RequestCost: what one request used, counted by whoever used it.
//
// The dispatcher owns one per request (in RequestContext) and adds it to the operation's counters
// when the request ends. Units: counts, but for blocking_cpu_ns. One thread; no locks. Whatever
// outlives the request (a group commit, a cache fill shared by several requests) must charge the
// request that started it before that request ends, or nobody.

namespace server {

struct RequestCost {
  uint32_t statements = 0;       // SQL statements sent, set_config, BEGIN and COMMIT included
  uint32_t round_trips = 0;      // waits for PostgreSQL: one a pipeline segment
  uint32_t redis_commands = 0;   // commands sent to Redis
  uint32_t cache_hits = 0;       // look-ups answered by the cache
  uint32_t cache_misses = 0;     // look-ups that went on to the database
  uint32_t audit_rows = 0;       // audit rows made durable for this request
  uint64_t blocking_cpu_ns = 0;  // CPU in the blocking pool's threads (argon2id)
};

}  // namespace server
