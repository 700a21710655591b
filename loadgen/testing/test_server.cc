#include "loadgen/testing/test_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace loadgen {
namespace {

int64_t Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

// Sleeps to within microseconds: the delays are what accuracy is judged by.
void SleepUntil(int64_t at) {
  const timespec until = {at / 1'000'000'000, at % 1'000'000'000};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

std::string HeaderValue(const std::string& head, const char* name) {
  const size_t length = std::string(name).size();
  for (size_t at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at + 2)) {
    if (strncasecmp(head.c_str() + at + 2, name, length) == 0 && head[at + 2 + length] == ':') {
      const size_t end = head.find("\r\n", at + 2);
      size_t from = at + 3 + length;
      while (head[from] == ' ') ++from;
      return head.substr(from, end - from);
    }
  }
  return "";
}

}  // namespace

TestServer::TestServer(Handle handle) : handle_(std::move(handle)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event = {EPOLLIN, {}};
  event.data.fd = listener_;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 4096) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event) != 0) {
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Loop(); });
}

TestServer::~TestServer() {
  stop_ = true;
  thread_.join();
  for (const auto& [fd, connection] : open_) close(fd);
  close(listener_);
  close(epoll_);
}

std::string TestServer::url(const std::string& path) const {
  return absl::StrCat("http://127.0.0.1:", port_, path);
}

std::map<std::string, uint64_t> TestServer::requests_by_path() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return by_path_;
}

void TestServer::Loop() {
  prctl(PR_SET_TIMERSLACK, 1000);
  while (!stop_) {
    const int64_t pause = pause_from_;
    if (pause >= 0 && first_request_ns_ > 0 && Now() >= first_request_ns_ + pause) {
      SleepUntil(first_request_ns_ + pause + pause_length_);
      pause_from_ = -1;
    }
    int64_t wait = 20'000'000;
    if (!due_.empty()) wait = std::clamp<int64_t>(due_.begin()->first - Now(), 0, wait);
    epoll_event events[64];
    const timespec limit = {0, wait};
    const int n = epoll_pwait2(epoll_, events, 64, &limit, nullptr);
    for (int i = 0; i < n; ++i) {
      const int fd = events[i].data.fd;
      if (fd == listener_) {
        Accept();
      } else if (open_.count(fd) > 0) {
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) Read(fd);
        if (open_.count(fd) > 0 && (events[i].events & EPOLLOUT)) Flush(fd);
      }
    }
    while (!due_.empty() && due_.begin()->first <= Now()) {
      const Due due = due_.begin()->second;
      due_.erase(due_.begin());
      if (open_.count(due.fd) > 0 && generations_[due.fd] == due.generation) {
        Answer(due.fd, due.response);
      }
    }
  }
}

void TestServer::Accept() {
  while (true) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    epoll_event event = {EPOLLIN, {}};
    event.data.fd = fd;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    open_[fd] = {};
    ++generations_[fd];
    ++connections_;
  }
}

void TestServer::Read(int fd) {
  char buffer[16384];
  const ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
  if (n <= 0) {
    if (n == 0 || errno != EAGAIN) Close(fd);
    return;
  }
  std::string& in = open_[fd].in;
  in.append(buffer, n);
  const size_t head_end = in.find("\r\n\r\n");
  if (head_end == std::string::npos) return;
  const std::string head = in.substr(0, head_end + 2);
  const size_t length = std::atol(HeaderValue(head, "Content-Length").c_str());
  if (in.size() < head_end + 4 + length) return;
  TestRequest request;
  const size_t space = head.find(' ');
  request.method = head.substr(0, space);
  request.path = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
  request.authorization = HeaderValue(head, "Authorization");
  request.body = in.substr(head_end + 4, length);
  in.erase(0, head_end + 4 + length);
  const int64_t now = Now();
  if (first_request_ns_ == 0) first_request_ns_ = now;
  request.number = requests_++;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    ++by_path_[request.path];
  }
  const TestResponse response = handle_(request);
  if (response.drop) {
    Close(fd);
  } else if (response.delay_ns > 0) {
    due_.emplace(now + response.delay_ns, Due{fd, generations_[fd], response});
  } else {
    Answer(fd, response);
  }
}

void TestServer::Answer(int fd, const TestResponse& response) {
  Connection& connection = open_[fd];
  std::string text = absl::StrCat("HTTP/1.1 ", response.status, " Status\r\n");
  if (response.close) text += "Connection: close\r\n";
  if (response.chunked) {
    const size_t half = response.body.size() / 2;
    absl::StrAppend(&text, "Transfer-Encoding: chunked\r\n\r\n", absl::Hex(half), "\r\n",
                    response.body.substr(0, half), "\r\n", absl::Hex(response.body.size() - half),
                    ";x=y\r\n", response.body.substr(half), "\r\n0\r\nTrailer: t\r\n\r\n");
  } else {
    absl::StrAppend(&text, "Content-Length: ", response.body.size(), "\r\n\r\n", response.body);
  }
  ++responses_;
  connection.close_after = response.close;
  if (response.byte_by_byte) {
    for (const char c : text) {
      if (send(fd, &c, 1, MSG_NOSIGNAL) != 1) break;
    }
    if (response.close) Close(fd);
    return;
  }
  connection.out += text;
  Flush(fd);
}

void TestServer::Flush(int fd) {
  Connection& connection = open_[fd];
  if (!connection.out.empty()) {
    const ssize_t n = send(fd, connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
    if (n > 0) connection.out.erase(0, n);
  }
  epoll_event event = {EPOLLIN, {}};
  if (!connection.out.empty()) event.events |= EPOLLOUT;
  event.data.fd = fd;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
  if (connection.out.empty() && connection.close_after) Close(fd);
}

void TestServer::Close(int fd) {
  close(fd);
  open_.erase(fd);
  ++generations_[fd];
}

}  // namespace loadgen
