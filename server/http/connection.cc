#include "server/http/connection.h"

#include <sys/epoll.h>

#include <cerrno>
#include <cstring>

#include "base/cpu_account.h"
#include "server/http/serialize.h"

namespace server {
namespace {

constexpr size_t kFlushAbove = 64 * 1024;
constexpr int64_t kLingerFor = 2 * base::kNanosPerSecond;

Response ProtocolError(int status) {
  switch (status) {
    case 408:
      return ErrorResponse(408, "REQUEST_TIMEOUT", "the request did not arrive in time");
    case 413:
      return ErrorResponse(413, "PAYLOAD_TOO_LARGE", "the body is larger than this route takes");
    case 431:
      return ErrorResponse(431, "HEADERS_TOO_LARGE", "request line and headers exceed 8 KiB");
    case 503:
      return ErrorResponse(503, "OVERLOADED", "too many connections, try again");
    default:
      return ErrorResponse(400, "BAD_REQUEST", "this is not an HTTP/1.1 request");
  }
}

}  // namespace

Connection::Connection(HttpServer& server, PlainStream stream, uint32_t generation)
    : server_(server), since_(server.now_), stream_(std::move(stream)), generation_(generation) {}

Connection::~Connection() = default;

void Connection::EnterPhase(Phase phase) {
  const bool was_busy = phase_ == Phase::kHandling || phase_ == Phase::kWriting;
  const bool busy = phase == Phase::kHandling || phase == Phase::kWriting;
  server_.busy_ += static_cast<int>(busy) - static_cast<int>(was_busy);
  phase_ = phase;
}

void Connection::OnEvents(uint32_t events) {
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) readable_ = true;
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) half_closed_ = true;
  if (phase_ == Phase::kHandling) return;  // one request at a time; Finish goes on from here
  if (phase_ == Phase::kWriting && !(events & (EPOLLOUT | EPOLLERR | EPOLLHUP))) return;
  Advance();
}

void Connection::Advance() {
  if (advancing_) return;
  advancing_ = true;
  Step step;
  do {
    step = Next();
  } while (step == Step::kAgain);
  advancing_ = false;
  if (step == Step::kClose) server_.Close(this);
}

Connection::Step Connection::Next() {
  switch (phase_) {
    case Phase::kHandling: {
      // Answers to earlier requests must not wait for this one.
      if (work_->out.empty()) return Step::kWait;
      const Step step = Flush();
      return step == Step::kAgain ? Step::kWait : step;
    }
    case Phase::kLingering:
      return Drain();
    case Phase::kWriting: {
      const Step step = Flush();
      if (step != Step::kAgain) return step;
      if (close_after_write_) return Linger();
      EnterPhase(Phase::kReading);
      since_ = server_.now_;
      return Step::kAgain;
    }
    case Phase::kIdle:
    case Phase::kReading:
      break;
  }
  if (close_after_write_) {
    const Step step = Flush();
    return step == Step::kAgain ? Linger() : step;
  }
  if (work_ == nullptr || work_->begin == work_->end) return ReadOrRest();

  Work& work = *work_;
  switch (work.parser.Parse(work.buffer + work.begin, work.end - work.begin)) {
    case ParseResult::kNeedMore:
      if (work.parser.TakeExpectContinue()) work.out.append("HTTP/1.1 100 Continue\r\n\r\n");
      return ReadOrRest();
    case ParseResult::kBadRequest:
      return Reject(400);
    case ParseResult::kHeaderTooLarge:
      return Reject(431);
    case ParseResult::kBodyTooLarge:
      return Reject(413);
    case ParseResult::kComplete:
      break;
  }
  EnterPhase(Phase::kHandling);
  server_.sink_.Handle(*this);
  return Step::kAgain;
}

void Connection::Finish(const Response& response, std::string_view request_id) {
  if (!advancing_) server_.Tick();  // the answer comes later than the turn that read the request
  Work& work = *work_;
  const Request& request = work.parser.request();
  close_after_write_ = !request.keep_alive || server_.closing_;
  const ResponseFrame frame = {.request_id = request_id,
                               .close = close_after_write_,
                               .head_only = request.method == Method::kHead};
  AppendResponse(response, frame, server_.stamp_, &work.out);
  work.begin += work.parser.consumed();
  if (work.begin == work.end) work.begin = work.end = 0;
  work.parser.Reset();
  EnterPhase(Phase::kReading);
  since_ = server_.now_;  // a pipelined request behind this one starts to count now
  Advance();
}

// Everything received is used up: writes what is due, reads on, or goes to rest.
Connection::Step Connection::ReadOrRest() {
  if (work_ != nullptr && !work_->out.empty()) {
    const Step step = Flush();
    if (step != Step::kAgain) return step;
  }
  if (readable_) return Read();
  if (work_ != nullptr && work_->begin == work_->end) {
    server_.GiveWork(std::move(work_));
    EnterPhase(Phase::kIdle);
    since_ = server_.now_;
    if (server_.stopped_) return Step::kClose;
  }
  return Step::kWait;
}

Connection::Step Connection::Read() {
  if (work_ == nullptr) work_ = server_.TakeWork();
  Work& work = *work_;
  if (work.begin > 0 && work.parser.consumed() == 0) {  // views into a begun message must stay
    std::memmove(work.buffer, work.buffer + work.begin, work.end - work.begin);
    work.end -= work.begin;
    work.begin = 0;
  }
  const size_t room = Work::kBufferBytes - work.end;
  if (room == 0) return Reject(413);
  const ssize_t got = stream_.Read(work.buffer + work.end, room);
  if (got > 0) {
    if (phase_ == Phase::kIdle) {
      EnterPhase(Phase::kReading);
      since_ = server_.now_;
    }
    work.end += static_cast<size_t>(got);
    // A short read emptied the socket: what comes later raises a new event. The peer's end does so
    // too, unless its event is the one that brought us here.
    readable_ = half_closed_ || static_cast<size_t>(got) == room;
    return Step::kAgain;
  }
  if (got < 0 && errno == EINTR) return Step::kAgain;
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    readable_ = false;
    return Step::kAgain;
  }
  return Step::kClose;
}

Connection::Step Connection::Reject(int status) {
  if (work_ == nullptr) work_ = server_.TakeWork();
  server_.sink_.OnProtocolError(status);
  AppendResponse(ProtocolError(status), {.close = true}, server_.stamp_, &work_->out);
  close_after_write_ = true;
  return Step::kAgain;
}

void Connection::Refuse() {
  if (Reject(503) == Step::kAgain) Advance();
}

Connection::Step Connection::Flush() {
  Work& work = *work_;
  while (work.out_sent < work.out.size()) {
    const ssize_t sent =
        stream_.Write(work.out.data() + work.out_sent, work.out.size() - work.out_sent);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      if (phase_ != Phase::kHandling && phase_ != Phase::kWriting) {
        EnterPhase(Phase::kWriting);
        since_ = server_.now_;
      }
      return Step::kWait;
    }
    if (sent < 0) return phase_ == Phase::kHandling ? Step::kWait : Step::kClose;
    work.out_sent += static_cast<size_t>(sent);
  }
  work.out.clear();
  if (work.out.capacity() > kFlushAbove) work.out.shrink_to_fit();
  work.out_sent = 0;
  return Step::kAgain;
}

Connection::Step Connection::Linger() {
  stream_.ShutDownWriting();
  server_.GiveWork(std::move(work_));
  EnterPhase(Phase::kLingering);
  since_ = server_.now_;
  readable_ = true;
  return Step::kAgain;
}

Connection::Step Connection::Drain() {
  char scratch[16 * 1024];
  // Bounded for the turn (16 MiB), and in time by the sweep.
  for (int i = 0; i < 1024; ++i) {
    const ssize_t got = stream_.Read(scratch, sizeof(scratch));
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Step::kWait;
    if (got <= 0) return Step::kClose;
  }
  return Step::kClose;
}

void Connection::OnSweep() {
  const int64_t age = server_.now_ - since_;
  switch (phase_) {
    case Phase::kIdle:
      if (age > server_.options_.idle_timeout || server_.stopped_) server_.Close(this);
      return;
    case Phase::kReading:
      if (age > server_.options_.request_timeout && Reject(408) == Step::kAgain) Advance();
      return;
    case Phase::kWriting:
      if (age > server_.options_.write_timeout) server_.Close(this);
      return;
    case Phase::kLingering:
      if (age > kLingerFor) server_.Close(this);
      return;
    case Phase::kHandling:  // its handler's deadline counts
      return;
  }
}

}  // namespace server
