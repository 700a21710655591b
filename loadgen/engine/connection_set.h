#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/random.h"
#include "loadgen/engine/outcome.h"
#include "loadgen/engine/poller.h"
#include "loadgen/engine/response_reader.h"
#include "loadgen/engine/target.h"

// All keep-alive connections of one worker, numbered 0 .. capacity-1, one request under way on each
// at most. Nanoseconds of CLOCK_MONOTONIC throughout; one thread; callbacks only from within
// Poll().
//
// Costs: a request takes one write, one read and a share of one epoll wait. An idle connection
// holds about 120 bytes here and no buffer. The read buffer is one for all; responses that arrive
// in pieces and requests that the socket did not take at once spill to the heap until done.
// Bounds: at most kMostConnecting connects under way (the server's listen queue is finite); every
// connect and every request ends after `timeout_ns`.
namespace loadgen {

int64_t NowNanos();

class ConnectionSet {
 public:
  static constexpr int kMostConnecting = 128;

  class Handler {
   public:
    virtual ~Handler() = default;
    // After Open: ready for Send.
    virtual void OnConnected(uint32_t index) = 0;
    // A complete answer to Send. The reader's body is valid during the call. When the server ends
    // the connection with this answer, connected(index) is already false.
    virtual void OnResponse(uint32_t index, const ResponseReader& reader, int64_t bytes_received,
                            int64_t now_ns) = 0;
    // Open or Send failed; the connection is closed. `error` is an errno value or 0.
    virtual void OnFailure(uint32_t index, Outcome outcome, int error, int64_t now_ns) = 0;
    // The server closed a connection on which nothing was under way.
    virtual void OnIdleClosed(uint32_t index) = 0;
  };

  // `targets`: at least one; a connection goes to one of them at random, as a Kubernetes Service
  // deals connections to pods, drawn from `draws` (not used for one target).
  // `sources`: addresses to bind to, in turns; empty: the system chooses.
  static absl::StatusOr<std::unique_ptr<ConnectionSet>> Create(
      std::vector<Target> targets, base::RandomStream draws, std::vector<in_addr> sources,
      uint32_t capacity, int64_t timeout_ns, Handler* handler);
  ~ConnectionSet();

  // Asks for a connection; OnConnected or OnFailure follows. Only when closed.
  void Open(uint32_t index);
  // Sends a whole request. Only when connected and idle.
  void Send(uint32_t index, std::string_view request, bool keep_body, int64_t now_ns);
  // Closes without a callback; also withdraws an Open.
  void Close(uint32_t index);

  bool closed(uint32_t index) const { return slots_[index].state == State::kClosed; }
  bool connected(uint32_t index) const {
    return slots_[index].state == State::kIdle || slots_[index].state == State::kBusy;
  }
  bool busy(uint32_t index) const { return slots_[index].state == State::kBusy; }
  uint64_t connected_count() const { return connected_count_; }
  uint64_t busy_count() const { return busy_count_; }

  // Handles what is ready and what timed out, waiting for it until `until_ns` at most.
  void Poll(int64_t until_ns);

 private:
  enum class State : uint8_t { kClosed, kQueued, kConnecting, kIdle, kBusy, kFailed };
  static constexpr uint32_t kNone = 0xffffffff;
  static constexpr size_t kReadBuffer = 64 * 1024;

  struct Slot {
    ResponseReader reader;
    std::unique_ptr<std::string> unsent;
    int64_t deadline_ns = 0;
    int64_t received = 0;
    int fd = -1;
    uint32_t generation = 0;
    // Neighbours in the list of deadlines, which is in the order of time: all timeouts are equal.
    uint32_t previous = kNone;
    uint32_t next = kNone;
    State state = State::kClosed;
  };
  struct Failure {
    uint32_t index;
    uint32_t generation;
    Outcome outcome;
    int error;
  };

  ConnectionSet(std::vector<Target> targets, base::RandomStream draws, std::vector<in_addr> sources,
                uint32_t capacity, int64_t timeout_ns, Handler* handler, Poller poller);

  void StartConnecting(int64_t now_ns);
  void Connect(uint32_t index, int64_t now_ns);
  void FinishConnecting(uint32_t index, int64_t now_ns);
  void Readable(uint32_t index, bool hung_up);
  bool Received(uint32_t index, std::string_view data);
  void Ended(uint32_t index, int error);
  void Responded(uint32_t index, int64_t now_ns);
  void FlushUnsent(uint32_t index);
  // Remembers a failure for the end of Poll: callbacks never run inside Send or Open.
  void Fail(uint32_t index, Outcome outcome, int error);
  void DeliverFailures();
  void ExpireDeadlines(int64_t now_ns);
  void Watch(uint32_t index, int64_t now_ns);
  void Unwatch(uint32_t index);

  const std::vector<Target> targets_;
  base::RandomStream draws_;
  const std::vector<in_addr> sources_;
  const int64_t timeout_ns_;
  Handler* const handler_;
  Poller poller_;
  std::vector<Slot> slots_;
  std::deque<uint32_t> to_connect_;
  std::vector<Failure> failures_, delivering_;
  std::unique_ptr<char[]> buffer_;
  uint32_t first_deadline_ = kNone, last_deadline_ = kNone;
  uint64_t connected_count_ = 0, busy_count_ = 0;
  size_t next_source_ = 0;
  int connecting_ = 0;
};

}  // namespace loadgen
