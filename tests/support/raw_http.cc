#include "tests/support/raw_http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/time/clock.h"

namespace tests {
namespace {

bool IsWhole(const std::string& answer) {
  const size_t head = answer.find("\r\n\r\n");
  const size_t field = answer.find("Content-Length:");
  if (head == std::string::npos || field == std::string::npos) return false;
  size_t length = 0;
  const std::string value = answer.substr(field + 15, answer.find("\r\n", field) - field - 15);
  return absl::SimpleAtoi(value, &length) && answer.size() >= head + 4 + length;
}

}  // namespace

RawConnection::RawConnection(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    close(fd_);
    fd_ = -1;
  }
}

RawConnection::~RawConnection() {
  if (fd_ >= 0) close(fd_);
}

bool RawConnection::Send(const std::string& bytes) {
  return send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

std::string RawConnection::ReadAnswer(absl::Duration timeout) {
  const absl::Time until = absl::Now() + timeout;
  std::string answer;
  while (!IsWhole(answer)) {
    pollfd poller{fd_, POLLIN, 0};
    const int64_t left = absl::ToInt64Milliseconds(until - absl::Now());
    if (left <= 0 || poll(&poller, 1, static_cast<int>(left)) != 1) break;
    char buffer[16384];
    const ssize_t got = recv(fd_, buffer, sizeof(buffer), 0);
    if (got <= 0) break;
    answer.append(buffer, static_cast<size_t>(got));
  }
  return answer;
}

int StatusOf(const std::string& answer) {
  int status = 0;
  if (!absl::StartsWith(answer, "HTTP/1.1 ") || !absl::SimpleAtoi(answer.substr(9, 3), &status)) {
    return 0;
  }
  return status;
}

std::string RawExchange(uint16_t port, const std::string& bytes) {
  RawConnection connection(port);
  if (!connection.Send(bytes)) return "";
  return connection.ReadAnswer();
}

}  // namespace tests
