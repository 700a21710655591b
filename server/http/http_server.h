#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/unique_fd.h"
#include "server/http/exchange.h"
#include "server/http/request_parser.h"
#include "server/http/stamp.h"

// HttpServer: HTTP/1.1 on one worker's listener and event loop; keep-alive and pipelining.
//
// All connections are in one edge-triggered epoll set, which is itself one descriptor of the Asio
// loop. A busy request costs one recv and one send; polling is shared by all connections that are
// ready in the same turn (Asio's own sockets would cost an epoll_ctl or a failed recv per request).
//
// An idle connection is a struct of some 50 bytes and nothing else: buffer and parser (Work) belong
// to the request, come from a pool and go back when the response is written.
//
// Time limits are enforced by a sweep over all connections each kSweep, not by a timer each:
//   a request not complete `request_timeout` after its first byte   408, close
//   no request for `idle_timeout`                                   close
//   a response not taken by the peer for `write_timeout`            close
// Connections above `max_connections` are answered 503 and closed.
//
// Thread: the loop's. Destroy it after the loop has stopped; requests in flight are dropped then.

namespace server {

class Connection;

struct HttpOptions {
  int max_connections = 0;  // 0: what the process may open, less what the rest needs
  int64_t request_timeout = 10 * base::kNanosPerSecond;
  int64_t idle_timeout = 300 * base::kNanosPerSecond;
  int64_t write_timeout = 30 * base::kNanosPerSecond;
};

// What a request needs while it is under way.
struct Work {
  static constexpr size_t kBufferBytes = 32 * 1024;  // above header limit + largest body limit

  explicit Work(RequestParser::BodyLimit body_limit) : parser(body_limit) {}

  RequestParser parser;
  size_t begin = 0;     // of the message being parsed
  size_t end = 0;       // of the bytes received
  std::string out;      // responses not yet written
  size_t out_sent = 0;  // of `out`
  char buffer[kBufferBytes];
};

class HttpServer {
 public:
  // `listener` is borrowed (the supervisor's), must be non-blocking and outlive this.
  HttpServer(boost::asio::io_context& loop, int listener, RequestSink& sink,
             RequestParser::BodyLimit body_limit, const base::Clock& clock, HttpOptions options);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  absl::Status Start();

  // From now on each response says "Connection: close". Still accepts.
  void AnnounceClose() { closing_ = true; }
  // Takes no new connection and closes idle ones; requests under way go on. Watch in_flight().
  void StopAccepting();

  int connections() const { return connections_; }
  // Requests handed to the sink and not yet answered and written.
  int in_flight() const { return busy_; }

 private:
  friend class Connection;

  static constexpr int kEvents = 256;
  static constexpr int kRounds = 4;
  static constexpr int kOverflowConnections = 64;  // being told 503
  static constexpr size_t kPooledWorks = 64;

  void ArmPoll();
  void ArmSweep();
  void Poll();
  void Sweep();
  void Accept();
  void AddConnection(int fd);
  void Close(Connection* connection);
  void PauseAccepting();
  void Tick();  // reads the clocks for this turn

  std::unique_ptr<Work> TakeWork();
  void GiveWork(std::unique_ptr<Work> work);

  boost::asio::io_context& loop_;
  int listener_;
  RequestSink& sink_;
  RequestParser::BodyLimit body_limit_;
  const base::Clock& clock_;
  HttpOptions options_;

  boost::asio::posix::stream_descriptor epoll_;
  boost::asio::steady_timer sweep_;
  std::vector<std::unique_ptr<Connection>> table_;  // by descriptor
  std::vector<std::unique_ptr<Work>> pool_;
  Stamp stamp_;
  int64_t now_ = 0;
  uint32_t generation_ = 0;
  int connections_ = 0;
  int busy_ = 0;
  bool closing_ = false;
  bool accepting_ = false;
  bool stopped_ = false;
};

}  // namespace server
