#include "loadgen/engine/target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace loadgen {
namespace {

constexpr size_t kMostTargets = 64;
constexpr uint32_t kMostSourceAddresses = 4096;

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

absl::StatusOr<in_addr> Resolve(const std::string& host) {
  in_addr address;
  if (inet_pton(AF_INET, host.c_str(), &address) == 1) return address;
  addrinfo hints = {};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot resolve host \"", host, "\": ", gai_strerror(error)));
  }
  address = reinterpret_cast<sockaddr_in*>(found->ai_addr)->sin_addr;
  freeaddrinfo(found);
  return address;
}

bool IsLoopback(const in_addr& address) { return (ntohl(address.s_addr) >> 24) == 127; }

}  // namespace

absl::StatusOr<Target> ParseTarget(std::string_view url) {
  Target target;
  target.url = std::string(url);
  absl::string_view rest = View(url);
  if (!absl::ConsumePrefix(&rest, "http://")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "target \"", View(url), "\": expected http://HOST[:PORT][/PATH] (TLS and other ",
        "schemes are not supported)"));
  }
  const size_t slash = rest.find_first_of("/?");
  absl::string_view authority = rest.substr(0, slash);
  target.path = slash == absl::string_view::npos ? "/" : std::string(rest.substr(slash));
  if (target.path[0] == '?') target.path = absl::StrCat("/", target.path);
  for (const char c : target.path) {
    if (c <= ' ' || c == 0x7f) {
      return absl::InvalidArgumentError(
          absl::StrCat("target \"", View(url), "\": expected no blanks or control characters"));
    }
  }
  uint32_t port = 80;
  const size_t colon = authority.find(':');
  if (colon != absl::string_view::npos &&
      (!absl::SimpleAtoi(authority.substr(colon + 1), &port) || port == 0 || port > 65535)) {
    return absl::InvalidArgumentError(
        absl::StrCat("target \"", View(url), "\": expected a port from 1 to 65535"));
  }
  target.host = std::string(authority.substr(0, colon));
  if (target.host.empty() || target.host.find('@') != std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("target \"", View(url), "\": expected http://HOST[:PORT][/PATH]"));
  }
  target.host_header = std::string(authority);
  absl::StatusOr<in_addr> address = Resolve(target.host);
  if (!address.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("target \"", View(url), "\": ", address.status().message()));
  }
  target.address.sin_family = AF_INET;
  target.address.sin_port = htons(static_cast<uint16_t>(port));
  target.address.sin_addr = *address;
  return target;
}

absl::StatusOr<std::vector<Target>> ParseTargets(std::string_view urls) {
  std::vector<Target> targets;
  for (absl::string_view url : absl::StrSplit(View(urls), ',')) {
    absl::StatusOr<Target> target = ParseTarget({url.data(), url.size()});
    if (!target.ok()) return target.status();
    targets.push_back(*std::move(target));
  }
  if (targets.size() > kMostTargets) {
    return absl::InvalidArgumentError(
        absl::StrCat("target: expected at most ", kMostTargets, " URLs, found ", targets.size()));
  }
  return targets;
}

absl::Status CheckTargetAllowed(const Target& target, std::string_view allowed) {
  if (IsLoopback(target.address.sin_addr)) return absl::OkStatus();
  for (absl::string_view host : absl::StrSplit(View(allowed), ',', absl::SkipWhitespace())) {
    if (absl::StripAsciiWhitespace(host) == target.host) return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      absl::StrCat("target ", target.url, " is not this machine; load on another one needs its ",
                   "owner's consent: repeat with --allow-target ", target.host));
}

absl::StatusOr<std::vector<in_addr>> ParseSourceAddresses(std::string_view text) {
  std::vector<in_addr> addresses;
  for (absl::string_view part : absl::StrSplit(View(text), ',', absl::SkipWhitespace())) {
    const std::vector<std::string> ends = absl::StrSplit(absl::StripAsciiWhitespace(part), '-');
    in_addr first, last;
    if (ends.size() > 2 || inet_pton(AF_INET, ends.front().c_str(), &first) != 1 ||
        inet_pton(AF_INET, ends.back().c_str(), &last) != 1 ||
        ntohl(last.s_addr) < ntohl(first.s_addr) ||
        ntohl(last.s_addr) - ntohl(first.s_addr) >= kMostSourceAddresses) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--source_addresses \"", part, "\": expected ADDRESS or FIRST-LAST (IPv4, at most ",
          kMostSourceAddresses, " addresses)"));
    }
    for (uint32_t a = ntohl(first.s_addr); a <= ntohl(last.s_addr); ++a) {
      addresses.push_back({htonl(a)});
    }
  }
  return addresses;
}

int OpenConnection(const Target& target, const in_addr* source) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (source != nullptr) {
    // Without this option bind() picks a port that is free for every target, which runs out at
    // 28,000 connections an address.
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    sockaddr_in local = {};
    local.sin_family = AF_INET;
    local.sin_addr = *source;
    if (bind(fd, reinterpret_cast<sockaddr*>(&local), sizeof(local)) != 0) {
      const int error = errno;
      close(fd);
      return -error;
    }
  }
  if (connect(fd, reinterpret_cast<const sockaddr*>(&target.address), sizeof(target.address)) !=
          0 &&
      errno != EINPROGRESS) {
    const int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}

absl::Status ProbeTarget(const Target& target) {
  const int fd = OpenConnection(target, nullptr);
  int error = fd < 0 ? -fd : 0;
  if (fd >= 0) {
    pollfd wait = {fd, POLLOUT, 0};
    if (poll(&wait, 1, 2000) == 0) {
      error = ETIMEDOUT;
    } else {
      socklen_t size = sizeof(error);
      getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    close(fd);
  }
  if (error == 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("cannot reach ", target.url, ": ", strerror(error),
                                             "; is the server running on that port?"));
}

}  // namespace loadgen
