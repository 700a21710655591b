#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Edge-triggered readiness of many sockets with waits in nanoseconds.
//
// Each descriptor is registered once, for reading and writing together; no epoll_ctl follows until
// it is closed (closing removes it). A wait costs one system call whatever the number of ready
// sockets, so a keep-alive request costs one write, one read and a share of one wait.
// One thread. The tag comes back unchanged with every event.
namespace loadgen {

class Poller {
 public:
  static constexpr int kBatch = 512;  // most events per wait

  static absl::StatusOr<Poller> Create();
  Poller(Poller&& other) noexcept;
  Poller& operator=(Poller&& other) noexcept;
  ~Poller();

  // 0 or an errno value.
  int Add(int fd, uint64_t tag);

  // Waits at most `timeout_ns` (0: only looks; negative: for ever). The events stay valid until the
  // next call. Empty when the time is up or a signal arrived.
  std::span<const epoll_event> Wait(int64_t timeout_ns);

 private:
  explicit Poller(int fd) : fd_(fd) {}
  int fd_ = -1;
  bool has_pwait2_ = true;
  epoll_event events_[kBatch];
};

}  // namespace loadgen
