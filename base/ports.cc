#include "base/ports.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/listener.h"
#include "base/paths.h"

namespace base {
namespace {

// Ports for private services. With an offset of 10000 added they still lie below the usual
// ephemeral range (from 32768), so outgoing connections do not take them.
constexpr int kFirstFree = 12000;
constexpr int kLastFree = 21999;

// An existing file is opened without O_CREAT: in a sticky folder the kernel refuses to "create"
// a file that belongs to someone else (fs.protected_regular).
UniqueFd OpenLock(const std::string& path) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    const int existing = open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (existing >= 0 || errno != ENOENT) return UniqueFd(existing);
    const int created =
        open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (created >= 0) {
      fchmod(created, 0666);
      return UniqueFd(created);
    }
  }
  return UniqueFd();
}

std::string LockPath(int port) {
  return absl::StrCat(TemporaryRoot(), "/praxis-port-", port, ".lock");
}

}  // namespace

absl::StatusOr<PortClaim> ClaimPort(const std::string& host, int port) {
  if (port < 1 || port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat("port ", port, " is not within 1..65535"));
  }
  const std::string path = LockPath(port);
  UniqueFd lock = OpenLock(path);
  if (!lock.valid()) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    const std::string holder = ReadFile(path).value_or("");
    return absl::AlreadyExistsError(
        absl::StrCat("port ", port, " is in use by another server of ours (pid ",
                     absl::StripAsciiWhitespace(holder), "); stop it or choose another port"));
  }
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
  // The holder's pid, for the message above. A failed write costs only that.
  const std::string pid = absl::StrCat(getpid(), "\n");
  if (ftruncate(lock.get(), 0) == 0) {
    [[maybe_unused]] const ssize_t n = pwrite(lock.get(), pid.data(), pid.size(), 0);
  }
  return PortClaim(port, std::move(lock));
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
