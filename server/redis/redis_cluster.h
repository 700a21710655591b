#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/task.h"
#include "server/cost/request_cost.h"
#include "server/redis/redis_options.h"
#include "server/redis/redis_reply.h"

// RedisCluster: a Redis Cluster for one worker, on the worker's event loop.
//
// One connection per master, commands pipelined as they come. Keys go to the master that owns their
// slot; MOVED refetches the map (throttled), ASK asks once, TRYAGAIN waits a little; at most
// kMostRedirects of these per command. Replicas are not read: what they have may be old.
//
// Errors of Run
//   UNAVAILABLE         no connection to the slot's master: fails at once while it is down, and
//                       reconnecting goes on in the background with backoff. A command in flight
//                       when the connection was lost may have been executed
//   DEADLINE_EXCEEDED   no answer in time; the command may have been executed
//   RESOURCE_EXHAUSTED  `in_flight_limit` commands wait on that connection
//   INTERNAL            Redis answered with an error (its text is the message)
//
// Commands must be idempotent; nothing that exists only once may live here. Thread: the loop's.

namespace server {

class RedisCluster {
 public:
  using Clock = std::chrono::steady_clock;
  using TimePoint = Clock::time_point;
  static constexpr int kMostRedirects = 5;

  RedisCluster(boost::asio::io_context& loop, RedisOptions options);
  ~RedisCluster();
  RedisCluster(const RedisCluster&) = delete;
  RedisCluster& operator=(const RedisCluster&) = delete;

  // Begins to fetch the slot map; returns at once.
  void Start();
  // Resumes when every slot has a connected master, or with UNAVAILABLE at `deadline`.
  base::Task<absl::Status> Ready(TimePoint deadline);
  // True when every slot is covered by a connected master now.
  bool ready() const;

  // `arguments` is the whole command, `key` says which slot it belongs to.
  base::Task<absl::StatusOr<RedisReply>> Run(std::string_view key,
                                             std::vector<std::string> arguments, TimePoint deadline,
                                             RequestCost* cost);

  // When the slot's master was last lost or replaced, as far as this worker saw; TimePoint::min()
  // when never. What was written before may be gone or, after a failover, be back in an older
  // state.
  TimePoint LostAt(std::string_view key) const;

  // The slot's master at this moment, "host:port"; "" when no node has the slot.
  std::string MasterOf(std::string_view key) const;

  // "127.0.0.1:7000,127.0.0.1:7001" -> seeds.
  static absl::StatusOr<std::vector<std::string>> ParseSeeds(std::string_view list);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace server
