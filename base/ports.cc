#include "base/ports.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "base/listener.h"

namespace base {
namespace {

// Ports for private services. With an offset of 10000 added they still lie below the usual
// ephemeral range (from 32768), so outgoing connections do not take them.
constexpr int kFirstFree = 12000;
constexpr int kLastFree = 21999;

// The lock of a port is an abstract Unix socket: its name lives in the network namespace (as the
// port does) and as long as some process holds it; no file stays behind.
sockaddr_un LockName(int port, socklen_t& size) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string text = absl::StrCat("praxis-port-", port);
  std::copy(text.begin(), text.end(), name.sun_path + 1);
  size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  return name;
}

UniqueFd LockSocket() {
  return UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

// The process that took the lock, asked of the kernel; "unknown" when it is just going away.
std::string Holder(const sockaddr_un& name, socklen_t size) {
  const UniqueFd fd = LockSocket();
  ucred holder{};
  socklen_t length = sizeof(holder);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), size) != 0 ||
      getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &holder, &length) != 0) {
    return "unknown";
  }
  return absl::StrCat(holder.pid);
}

absl::StatusOr<UniqueFd> LockPort(int port) {
  socklen_t size = 0;
  const sockaddr_un name = LockName(port, size);
  UniqueFd lock = LockSocket();
  if (!lock.valid()) return absl::ErrnoToStatus(errno, "socket");
  if (bind(lock.get(), reinterpret_cast<const sockaddr*>(&name), size) != 0) {
    if (errno != EADDRINUSE) return absl::ErrnoToStatus(errno, absl::StrCat("lock port ", port));
    return absl::AlreadyExistsError(
        absl::StrCat("port ", port, " is in use by another server of ours (pid ",
                     Holder(name, size), "); stop it or choose another port"));
  }
  // Listening only makes the holder's pid available.
  if (listen(lock.get(), 64) != 0) return absl::ErrnoToStatus(errno, "listen");
  return lock;
}

}  // namespace

absl::StatusOr<PortClaim> ClaimPort(const std::string& host, int port) {
  if (port < 1 || port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat("port ", port, " is not within 1..65535"));
  }
  absl::StatusOr<UniqueFd> lock = LockPort(port);
  if (!lock.ok()) return lock.status();
  ListenerOptions probe;
  probe.host = host;
  probe.port = port;
  if (absl::StatusOr<UniqueFd> bound = CreateListener(probe); !bound.ok()) {
    if (absl::IsAlreadyExists(bound.status())) {
      return absl::AlreadyExistsError(
          absl::StrCat(bound.status().message(), "; stop it or choose another port"));
    }
    return bound.status();
  }
  return PortClaim(port, *std::move(lock));
}

absl::StatusOr<std::vector<PortClaim>> ClaimFreePorts(int count, const std::vector<int>& offsets) {
  constexpr int kRange = kLastFree - kFirstFree + 1;
  // Start somewhere else in each process, so that parallel starts seldom meet.
  const int start = static_cast<int>(getpid() * 97L % kRange);
  std::vector<PortClaim> claims;
  for (int i = 0; i < kRange && static_cast<int>(claims.size()) < count; ++i) {
    const int port = kFirstFree + (start + i) % kRange;
    absl::StatusOr<PortClaim> claim = ClaimPort("127.0.0.1", port);
    if (!claim.ok()) {
      if (absl::IsAlreadyExists(claim.status())) continue;
      return claim.status();
    }
    const bool others_free = std::all_of(offsets.begin(), offsets.end(), [&](int offset) {
      ListenerOptions probe;
      probe.port = port + offset;
      return CreateListener(probe).ok();
    });
    if (others_free) claims.push_back(*std::move(claim));
  }
  if (static_cast<int>(claims.size()) < count) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no ", count, " free ports between ", kFirstFree, " and ", kLastFree));
  }
  return claims;
}

}  // namespace base
