#pragma once

#include <cstdint>
#include <memory>

#include "server/http/exchange.h"
#include "server/http/http_server.h"
#include "server/http/plain_stream.h"

// Connection: the session of one client; parses, hands over, writes, in that order, one request at
// a time (pipelined ones wait in the buffer or in the kernel). Private to HttpServer.

namespace server {

class Connection final : public Exchange {
 public:
  enum class Phase : uint8_t {
    kIdle,       // between requests, holds no Work
    kReading,    // part of a request is here
    kHandling,   // the sink has it
    kWriting,    // the peer takes the response slowly; nothing is read meanwhile
    kLingering,  // answered and shut down; drops what still comes, so that the answer is not reset
  };

  Connection(HttpServer& server, PlainStream stream, uint32_t generation);
  ~Connection();

  // `events` from epoll. May destroy *this.
  void OnEvents(uint32_t events);
  // Time limits. May destroy *this.
  void OnSweep();
  // Above the connection limit: says 503. May destroy *this.
  void Refuse();

  const Request& request() const override { return work_->parser.request(); }
  int64_t started() const override { return since_; }
  void Finish(const Response& response, std::string_view request_id) override;

  Phase phase() const { return phase_; }
  uint32_t generation() const { return generation_; }
  int fd() const { return stream_.fd(); }

 private:
  enum class Step { kAgain, kWait, kClose };

  void Advance();
  Step Next();
  Step ReadOrRest();
  Step Read();
  Step Reject(int status);
  Step Linger();
  Step Drain();
  Step Flush();  // kAgain: all is written
  void EnterPhase(Phase phase);

  HttpServer& server_;
  std::unique_ptr<Work> work_;
  int64_t since_ = 0;  // when the phase was entered; for kReading on: the request's first byte
  PlainStream stream_;
  uint32_t generation_;
  Phase phase_ = Phase::kIdle;
  bool readable_ = false;  // the kernel may have more for us
  bool half_closed_ = false;
  bool close_after_write_ = false;
  bool advancing_ = false;
};

}  // namespace server
