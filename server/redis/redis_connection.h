#pragma once

#include <hiredis/async.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/redis/redis_options.h"
#include "server/redis/redis_reply.h"

// One connection to one Redis node: hiredis' parser and buffers, Asio's event loop, our deadlines
// (hiredis 0.14 has none). Internal to RedisCluster.
//
// Commands of one turn of the loop leave in one write. Answers are handed out after hiredis has
// returned, so that whoever is resumed may send again. The socket is hiredis' own: Asio only
// watches it. Reconnects by itself, with backoff.

namespace server {

class RedisConnection {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Done = std::function<void(absl::StatusOr<RedisReply>)>;

  // `on_lost` is called after each lost connection or failed attempt.
  RedisConnection(boost::asio::io_context& loop, const RedisOptions& options, std::string host,
                  int port, std::function<void()> on_lost);
  ~RedisConnection();
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  void Connect();
  bool up() const { return up_; }
  int in_flight() const { return static_cast<int>(in_flight_.size()); }
  const std::string& host() const { return host_; }

  // Calls `done` once, never from inside this call. `asking` puts ASKING in front.
  void Send(const std::vector<std::string>& arguments, bool asking, TimePoint deadline, Done done);
  // Answers what is past its deadline; closes a connection that is stuck.
  void CheckTime(TimePoint now);

 private:
  struct Command {
    TimePoint sent;
    TimePoint deadline;
    Done done;
    void Finish(absl::StatusOr<RedisReply> result);
  };
  struct Answer {
    std::shared_ptr<Command> command;
    absl::StatusOr<RedisReply> result;
  };

  void Attach();
  void WatchReadable();
  void WatchWritable();
  void HandleWrite();
  void OnAnswer(redisReply* reply);
  // Hands out what hiredis' callbacks collected.
  void Deliver();
  void OnClosed();
  void ConnectLater();

  boost::asio::io_context& loop_;
  const RedisOptions& options_;
  std::string host_;
  int port_;
  std::function<void()> on_lost_;
  redisAsyncContext* context_ = nullptr;
  boost::asio::posix::stream_descriptor socket_;
  boost::asio::steady_timer timer_;  // connect timeout, then backoff
  std::chrono::milliseconds backoff_;
  // Handlers of an earlier connection, or of a destroyed object, see that theirs has expired.
  std::shared_ptr<int> life_ = std::make_shared<int>(0);
  std::deque<std::shared_ptr<Command>> in_flight_;
  std::vector<Answer> answers_;
  bool up_ = false;
  bool reading_ = false;
  bool write_wanted_ = false;
  bool write_scheduled_ = false;
  bool destroying_ = false;
};

}  // namespace server
