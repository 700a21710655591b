#include "loadgen/engine/poller.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace loadgen {

absl::StatusOr<Poller> Poller::Create() {
  const int fd = epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) return absl::ResourceExhaustedError(absl::StrCat("epoll_create1: ", strerror(errno)));
  return Poller(fd);
}

Poller::Poller(Poller&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), has_pwait2_(other.has_pwait2_) {}

Poller& Poller::operator=(Poller&& other) noexcept {
  std::swap(fd_, other.fd_);
  has_pwait2_ = other.has_pwait2_;
  return *this;
}

Poller::~Poller() {
  if (fd_ >= 0) close(fd_);
}

int Poller::Add(int fd, uint64_t tag) {
  epoll_event event;
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = tag;
  return epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

std::span<const epoll_event> Poller::Wait(int64_t timeout_ns) {
  int count = -1;
  if (has_pwait2_) {
    timespec limit;
    limit.tv_sec = timeout_ns / 1'000'000'000;
    limit.tv_nsec = timeout_ns % 1'000'000'000;
    count = epoll_pwait2(fd_, events_, kBatch, timeout_ns < 0 ? nullptr : &limit, nullptr);
    // Kernels before 5.11 know whole milliseconds only: lateness shows it.
    if (count < 0 && errno == ENOSYS) has_pwait2_ = false;
  }
  if (!has_pwait2_) {
    const int64_t ms = timeout_ns < 0 ? -1 : std::min<int64_t>(timeout_ns / 1'000'000, 1'000);
    count = epoll_wait(fd_, events_, kBatch, static_cast<int>(ms));
  }
  return {events_, static_cast<size_t>(std::max(count, 0))};
}

}  // namespace loadgen
