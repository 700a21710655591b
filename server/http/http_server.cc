#include "server/http/http_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/cpu_account.h"
#include "server/http/connection.h"

namespace server {
namespace {

constexpr std::chrono::milliseconds kSweep{250};
constexpr int kAcceptsPerEvent = 64;
constexpr int kDescriptorsForTheRest = 128;  // databases, logs, listeners
constexpr uint64_t kListenerKey = ~uint64_t{0};

uint64_t Key(int fd, uint32_t generation) {
  return (uint64_t{generation} << 32) | static_cast<uint32_t>(fd);
}

int DefaultMaxConnections() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1000;
  const auto most = std::min<rlim_t>(limit.rlim_cur, 1'000'000);
  return std::max(16, static_cast<int>(most) - kDescriptorsForTheRest);
}

}  // namespace

HttpServer::HttpServer(boost::asio::io_context& loop, int listener, RequestSink& sink,
                       RequestParser::BodyLimit body_limit, const base::Clock& clock,
                       HttpOptions options)
    : loop_(loop),
      listener_(listener),
      sink_(sink),
      body_limit_(body_limit),
      clock_(clock),
      options_(options),
      epoll_(loop),
      sweep_(loop) {
  if (options_.max_connections <= 0) options_.max_connections = DefaultMaxConnections();
  Tick();
}

HttpServer::~HttpServer() = default;

void HttpServer::Tick() {
  now_ = clock_.Now();
  stamp_.Set(clock_.WallNow());
}

absl::Status HttpServer::Start() {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return absl::InternalError(absl::StrCat("epoll_create1: ", strerror(errno)));
  epoll_.assign(epoll);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kListenerKey;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener_, &event) != 0) {
    return absl::InternalError(absl::StrCat("epoll_ctl on the listener: ", strerror(errno)));
  }
  accepting_ = true;
  ArmPoll();
  ArmSweep();
  return absl::OkStatus();
}

void HttpServer::ArmPoll() {
  epoll_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [this](const boost::system::error_code& error) {
                      if (error) return;
                      Poll();
                      ArmPoll();
                    });
}

void HttpServer::ArmSweep() {
  sweep_.expires_after(kSweep);
  sweep_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    Tick();
    Sweep();
    ArmSweep();
  });
}

void HttpServer::Poll() {
  epoll_event events[kEvents];
  // A few rounds per wake-up while there is work: waking up costs two system calls more.
  for (int round = 0; round < kRounds; ++round) {
    const int count = epoll_wait(epoll_.native_handle(), events, kEvents, 0);
    if (count <= 0) return;
    Tick();
    base::CpuMeter::Switch(nullptr);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.u64 == kListenerKey) {
        Accept();
        continue;
      }
      const auto fd = static_cast<size_t>(events[i].data.u64 & 0xffffffffu);
      Connection* connection = fd < table_.size() ? table_[fd].get() : nullptr;
      // An earlier event of this turn may have closed it, and Accept may have reused its number.
      if (connection == nullptr || connection->generation() != events[i].data.u64 >> 32) continue;
      connection->OnEvents(events[i].events);
      if (base::CpuMeter::current() != nullptr) base::CpuMeter::Switch(nullptr);
    }
  }
}

void HttpServer::Accept() {
  for (int i = 0; i < kAcceptsPerEvent; ++i) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      AddConnection(fd);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      PauseAccepting();  // until the next sweep, rather than spinning
      return;
    }
  }
}

void HttpServer::AddConnection(int fd) {
  PlainStream stream(fd);
  const int limit = options_.max_connections;
  if (connections_ >= limit + kOverflowConnections) return;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const auto index = static_cast<size_t>(fd);
  if (table_.size() <= index) table_.resize(index + index / 2 + 64);
  const uint32_t generation = ++generation_;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = Key(fd, generation);
  if (event.data.u64 == kListenerKey) return;
  if (epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, fd, &event) != 0) return;
  table_[index] = std::make_unique<Connection>(*this, std::move(stream), generation);
  ++connections_;
  if (connections_ > limit) table_[index]->Refuse();
}

void HttpServer::Close(Connection* connection) {
  const auto index = static_cast<size_t>(connection->fd());
  --connections_;
  table_[index].reset();  // closing the descriptor removes it from the epoll set
}

void HttpServer::PauseAccepting() {
  epoll_event event{};
  event.data.u64 = kListenerKey;
  epoll_ctl(epoll_.native_handle(), EPOLL_CTL_MOD, listener_, &event);
  accepting_ = false;
}

void HttpServer::StopAccepting() {
  stopped_ = true;
  closing_ = true;
  epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, listener_, nullptr);
  Tick();
  Sweep();
}

void HttpServer::Sweep() {
  if (!accepting_ && !stopped_) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = kListenerKey;
    epoll_ctl(epoll_.native_handle(), EPOLL_CTL_MOD, listener_, &event);
    accepting_ = true;
  }
  for (size_t i = 0; i < table_.size(); ++i) {
    if (table_[i] != nullptr) table_[i]->OnSweep();
  }
}

std::unique_ptr<Work> HttpServer::TakeWork() {
  if (pool_.empty()) return std::make_unique<Work>(body_limit_);
  std::unique_ptr<Work> work = std::move(pool_.back());
  pool_.pop_back();
  return work;
}

void HttpServer::GiveWork(std::unique_ptr<Work> work) {
  if (work == nullptr || pool_.size() >= kPooledWorks) return;
  work->parser.Reset();
  work->begin = work->end = 0;
  work->out.clear();
  work->out_sent = 0;
  pool_.push_back(std::move(work));
}

}  // namespace server
