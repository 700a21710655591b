#include "loadgen/engine/connection_set.h"

#include <errno.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace loadgen {

int64_t NowNanos() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

absl::StatusOr<std::unique_ptr<ConnectionSet>> ConnectionSet::Create(
    std::vector<Target> targets, base::RandomStream draws, std::vector<in_addr> sources,
    uint32_t capacity, int64_t timeout_ns, Handler* handler) {
  absl::StatusOr<Poller> poller = Poller::Create();
  if (!poller.ok()) return poller.status();
  return std::unique_ptr<ConnectionSet>(new ConnectionSet(std::move(targets), draws,
                                                          std::move(sources), capacity, timeout_ns,
                                                          handler, *std::move(poller)));
}

ConnectionSet::ConnectionSet(std::vector<Target> targets, base::RandomStream draws,
                             std::vector<in_addr> sources, uint32_t capacity, int64_t timeout_ns,
                             Handler* handler, Poller poller)
    : targets_(std::move(targets)),
      draws_(draws),
      sources_(std::move(sources)),
      timeout_ns_(timeout_ns),
      handler_(handler),
      poller_(std::move(poller)),
      slots_(capacity),
      buffer_(new char[kReadBuffer]) {}

ConnectionSet::~ConnectionSet() {
  for (Slot& slot : slots_) {
    if (slot.fd >= 0) close(slot.fd);
  }
}

void ConnectionSet::Watch(uint32_t index, int64_t now_ns) {
  Slot& slot = slots_[index];
  slot.deadline_ns = now_ns + timeout_ns_;
  slot.previous = last_deadline_;
  slot.next = kNone;
  (last_deadline_ == kNone ? first_deadline_ : slots_[last_deadline_].next) = index;
  last_deadline_ = index;
}

void ConnectionSet::Unwatch(uint32_t index) {
  Slot& slot = slots_[index];
  (slot.previous == kNone ? first_deadline_ : slots_[slot.previous].next) = slot.next;
  (slot.next == kNone ? last_deadline_ : slots_[slot.next].previous) = slot.previous;
}

void ConnectionSet::Open(uint32_t index) {
  slots_[index].state = State::kQueued;
  to_connect_.push_back(index);
}

void ConnectionSet::Close(uint32_t index) {
  Slot& slot = slots_[index];
  if (slot.state == State::kConnecting || slot.state == State::kBusy) Unwatch(index);
  if (slot.state == State::kConnecting) --connecting_;
  if (slot.state == State::kBusy) --busy_count_;
  if (connected(index)) --connected_count_;
  if (slot.fd >= 0) close(slot.fd);
  slot.fd = -1;
  ++slot.generation;  // events and failures under way no longer concern this slot
  slot.unsent.reset();
  slot.reader.Start(false);
  slot.state = State::kClosed;
}

void ConnectionSet::Fail(uint32_t index, Outcome outcome, int error) {
  Close(index);
  Slot& slot = slots_[index];
  slot.state = State::kFailed;
  failures_.push_back({index, slot.generation, outcome, error});
}

void ConnectionSet::DeliverFailures() {
  while (!failures_.empty()) {
    std::swap(failures_, delivering_);
    for (const Failure& failure : delivering_) {
      Slot& slot = slots_[failure.index];
      if (slot.generation != failure.generation || slot.state != State::kFailed) continue;
      slot.state = State::kClosed;
      handler_->OnFailure(failure.index, failure.outcome, failure.error, NowNanos());
    }
    delivering_.clear();
  }
}

void ConnectionSet::StartConnecting(int64_t now_ns) {
  // A withdrawn Open leaves its number in the queue; the state tells.
  while (connecting_ < kMostConnecting && !to_connect_.empty()) {
    const uint32_t index = to_connect_.front();
    to_connect_.pop_front();
    if (slots_[index].state == State::kQueued) Connect(index, now_ns);
  }
}

void ConnectionSet::Connect(uint32_t index, int64_t now_ns) {
  Slot& slot = slots_[index];
  const in_addr* source = sources_.empty() ? nullptr : &sources_[next_source_++ % sources_.size()];
  const size_t target = targets_.size() > 1 ? draws_.UniformInt(targets_.size()) : 0;
  const int fd = OpenConnection(targets_[target], source);
  if (fd < 0) {
    Fail(index, fd == -ECONNREFUSED ? Outcome::kRefused : Outcome::kConnectFailed, -fd);
    return;
  }
  slot.fd = fd;
  slot.state = State::kConnecting;
  ++connecting_;
  Watch(index, now_ns);
  const uint64_t tag = (static_cast<uint64_t>(slot.generation) << 32) | index;
  if (const int error = poller_.Add(fd, tag); error != 0) {
    Fail(index, Outcome::kConnectFailed, error);
  }
}

void ConnectionSet::FinishConnecting(uint32_t index, int64_t now_ns) {
  Slot& slot = slots_[index];
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(slot.fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    Fail(index, error == ECONNREFUSED ? Outcome::kRefused : Outcome::kConnectFailed, error);
    return;
  }
  Unwatch(index);
  --connecting_;
  ++connected_count_;
  slot.state = State::kIdle;
  handler_->OnConnected(index);
}

void ConnectionSet::Send(uint32_t index, std::string_view request, bool keep_body, int64_t now_ns) {
  Slot& slot = slots_[index];
  slot.state = State::kBusy;
  slot.received = 0;
  ++busy_count_;
  slot.reader.Start(keep_body);
  Watch(index, now_ns);
  const ssize_t sent = send(slot.fd, request.data(), request.size(), MSG_NOSIGNAL);
  if (sent == static_cast<ssize_t>(request.size())) return;
  if (sent < 0 && errno != EAGAIN && errno != EINTR) {
    Fail(index, Outcome::kReset, errno);
    return;
  }
  slot.unsent = std::make_unique<std::string>(request.substr(std::max<ssize_t>(sent, 0)));
}

void ConnectionSet::FlushUnsent(uint32_t index) {
  Slot& slot = slots_[index];
  const ssize_t sent = send(slot.fd, slot.unsent->data(), slot.unsent->size(), MSG_NOSIGNAL);
  if (sent < 0) {
    if (errno != EAGAIN && errno != EINTR) Fail(index, Outcome::kReset, errno);
    return;
  }
  slot.unsent->erase(0, sent);
  if (slot.unsent->empty()) slot.unsent.reset();
}

void ConnectionSet::Readable(uint32_t index, bool hung_up) {
  Slot& slot = slots_[index];
  const uint32_t generation = slot.generation;
  while (slot.generation == generation) {
    const ssize_t n = recv(slot.fd, buffer_.get(), kReadBuffer, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
      Ended(index, n < 0 ? errno : 0);
      return;
    }
    if (!Received(index, {buffer_.get(), static_cast<size_t>(n)})) return;
    // A short read has drained the socket, unless its end is still to be read.
    if (static_cast<size_t>(n) < kReadBuffer && !hung_up) return;
  }
}

// False when the connection is closed.
bool ConnectionSet::Received(uint32_t index, std::string_view data) {
  Slot& slot = slots_[index];
  if (slot.state != State::kBusy) {  // unasked bytes, such as a 408 before an idle close
    Ended(index, 0);
    return false;
  }
  slot.received += data.size();
  switch (slot.reader.Feed(data)) {
    case ResponseReader::State::kNeedMore:
      return true;
    case ResponseReader::State::kComplete:
      Responded(index, NowNanos());
      return true;
    case ResponseReader::State::kError:
      Fail(index, Outcome::kReset, EPROTO);
      return false;
  }
  return false;
}

void ConnectionSet::Responded(uint32_t index, int64_t now_ns) {
  Slot& slot = slots_[index];
  Unwatch(index);
  --busy_count_;
  slot.state = State::kIdle;
  if (!slot.reader.keep_alive()) {
    // Close() would clear the reader, which the handler is about to read.
    close(std::exchange(slot.fd, -1));
    ++slot.generation;
    --connected_count_;
    slot.unsent.reset();
    slot.state = State::kClosed;
  }
  handler_->OnResponse(index, slot.reader, slot.received, now_ns);
}

void ConnectionSet::Ended(uint32_t index, int error) {
  Slot& slot = slots_[index];
  if (slot.state == State::kBusy) {
    if (error == 0 && slot.reader.started() &&
        slot.reader.End() == ResponseReader::State::kComplete) {
      Responded(index, NowNanos());
    } else {
      Fail(index, Outcome::kReset, error == 0 ? ECONNRESET : error);
    }
    return;
  }
  Close(index);
  handler_->OnIdleClosed(index);
}

void ConnectionSet::ExpireDeadlines(int64_t now_ns) {
  while (first_deadline_ != kNone && slots_[first_deadline_].deadline_ns <= now_ns) {
    const bool connecting = slots_[first_deadline_].state == State::kConnecting;
    Fail(first_deadline_, connecting ? Outcome::kConnectFailed : Outcome::kTimeout, ETIMEDOUT);
  }
}

void ConnectionSet::Poll(int64_t until_ns) {
  int64_t now = NowNanos();
  StartConnecting(now);
  if (!failures_.empty()) until_ns = now;
  if (first_deadline_ != kNone) until_ns = std::min(until_ns, slots_[first_deadline_].deadline_ns);
  for (const epoll_event& event : poller_.Wait(std::max<int64_t>(until_ns - now, 0))) {
    const uint32_t index = static_cast<uint32_t>(event.data.u64);
    const uint32_t generation = static_cast<uint32_t>(event.data.u64 >> 32);
    Slot& slot = slots_[index];
    if (slot.generation != generation || slot.fd < 0) continue;
    if (slot.state == State::kConnecting) {
      FinishConnecting(index, now);
      continue;
    }
    if (slot.unsent && (event.events & EPOLLOUT)) FlushUnsent(index);
    const bool hung_up = event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
    if (slot.generation == generation && (hung_up || (event.events & EPOLLIN))) {
      Readable(index, hung_up);
    }
  }
  if (first_deadline_ != kNone) ExpireDeadlines(NowNanos());
  DeliverFailures();
}

}  // namespace loadgen
