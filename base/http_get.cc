#include "base/http_get.h"

#include <boost/asio.hpp>
#include <chrono>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace base {
namespace {

constexpr size_t kLargestAnswer = 16 * 1024 * 1024;

absl::StatusOr<HttpAnswer> ParseAnswer(const std::string& raw, const std::string& peer) {
  const size_t head_end = raw.find("\r\n\r\n");
  HttpAnswer answer;
  const bool plausible = raw.size() > 12 && raw.compare(0, 5, "HTTP/") == 0 &&
                         absl::SimpleAtoi(raw.substr(9, 3), &answer.status);
  if (head_end == std::string::npos || !plausible) {
    return absl::UnavailableError(absl::StrCat(peer, " did not answer with HTTP"));
  }
  answer.body = raw.substr(head_end + 4);
  return answer;
}

}  // namespace

absl::StatusOr<HttpAnswer> HttpGet(const std::string& host, uint16_t port, std::string_view path,
                                   absl::Duration timeout) {
  namespace asio = boost::asio;
  const std::string peer = absl::StrCat(host, ":", port);
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error) return absl::InvalidArgumentError(absl::StrCat(host, " is not a numeric address"));

  asio::io_context loop;
  asio::ip::tcp::socket socket(loop);
  const std::string request =
      absl::StrCat("GET ", absl::string_view(path.data(), path.size()), " HTTP/1.0\r\nHost: ", peer,
                   "\r\nConnection: close\r\n\r\n");
  std::string raw;
  bool done = false;
  boost::system::error_code result;
  auto finish = [&](boost::system::error_code code) {
    result = code == asio::error::eof ? boost::system::error_code() : code;
    done = true;
  };
  socket.async_connect({address, port}, [&](boost::system::error_code connect_error) {
    if (connect_error) return finish(connect_error);
    asio::async_write(
        socket, asio::buffer(request), [&](boost::system::error_code write_error, size_t) {
          if (write_error) return finish(write_error);
          asio::async_read(socket, asio::dynamic_buffer(raw, kLargestAnswer),
                           [&](boost::system::error_code code, size_t) { finish(code); });
        });
  });
  loop.run_for(std::chrono::nanoseconds(absl::ToInt64Nanoseconds(timeout)));
  if (!done) {
    return absl::DeadlineExceededError(
        absl::StrCat(peer, " did not answer within ", absl::FormatDuration(timeout)));
  }
  if (result) return absl::UnavailableError(absl::StrCat(peer, ": ", result.message()));
  return ParseAnswer(raw, peer);
}

}  // namespace base
