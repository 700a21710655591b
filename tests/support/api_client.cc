#include "tests/support/api_client.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace tests {
namespace asio = boost::asio;

// Runs the loop until the started operation is done or the time is over.
boost::system::error_code ApiClient::Run() {
  loop_.restart();
  done_ = false;
  loop_.run_for(std::chrono::nanoseconds(absl::ToInt64Nanoseconds(timeout_)));
  if (!loop_.stopped()) {
    socket_.close();
    loop_.restart();
    loop_.run_for(std::chrono::seconds(1));
    return asio::error::timed_out;
  }
  return result_;
}

boost::system::error_code ApiClient::Connect() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  socket_ = asio::ip::tcp::socket(loop_);
  buffer_.consume(buffer_.size());
  socket_.async_connect({asio::ip::make_address("127.0.0.1"), port_},
                        [this](boost::system::error_code error) { result_ = error; });
  return Run();
}

absl::StatusOr<ApiAnswer> ApiClient::Send(const std::string& method, const std::string& path,
                                          const std::string& json_body,
                                          const std::string& extra_headers) {
  std::string request = absl::StrCat(method, " ", path, " HTTP/1.1\r\nHost: test\r\n");
  if (!token_.empty()) absl::StrAppend(&request, "Authorization: Bearer ", token_, "\r\n");
  if (!json_body.empty()) {
    absl::StrAppend(&request,
                    "Content-Type: application/json\r\nContent-Length: ", json_body.size(), "\r\n");
  }
  absl::StrAppend(&request, extra_headers, "\r\n", json_body);
  if (!socket_.is_open()) {
    if (auto error = Connect()) return absl::UnavailableError(error.message());
  }
  auto answer = Exchange(request);
  if (!answer.ok()) {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }
  return answer;
}

absl::StatusOr<ApiAnswer> ApiClient::Exchange(const std::string& request) {
  asio::async_write(socket_, asio::buffer(request),
                    [this](boost::system::error_code error, size_t) { result_ = error; });
  if (auto error = Run()) return absl::UnavailableError(error.message());

  asio::async_read_until(socket_, buffer_, "\r\n\r\n",
                         [this](boost::system::error_code error, size_t) { result_ = error; });
  if (auto error = Run()) return absl::UnavailableError(error.message());
  std::string text(asio::buffers_begin(buffer_.data()), asio::buffers_end(buffer_.data()));
  ApiAnswer answer;
  const size_t head = text.find("\r\n\r\n") + 4;
  answer.headers = text.substr(0, head);
  if (!absl::SimpleAtoi(answer.headers.substr(9, 3), &answer.status)) {
    return absl::UnavailableError("not an HTTP answer");
  }
  const std::string lower = absl::AsciiStrToLower(answer.headers);
  size_t length = 0;
  if (const size_t at = lower.find("content-length:"); at != std::string::npos) {
    const size_t end = lower.find("\r\n", at);
    if (!absl::SimpleAtoi(lower.substr(at + 15, end - at - 15), &length)) {
      return absl::UnavailableError("bad Content-Length");
    }
  }
  if (text.size() - head < length) {
    asio::async_read(socket_, buffer_, asio::transfer_exactly(length - (text.size() - head)),
                     [this](boost::system::error_code error, size_t) { result_ = error; });
    if (auto error = Run()) return absl::UnavailableError(error.message());
    text.assign(asio::buffers_begin(buffer_.data()), asio::buffers_end(buffer_.data()));
  }
  answer.body = text.substr(head, length);
  buffer_.consume(head + length);
  boost::system::error_code parse_error;
  answer.json = boost::json::parse(answer.body, parse_error);
  if (parse_error) answer.json = nullptr;
  if (lower.find("connection: close") != std::string::npos) socket_.close();
  return answer;
}

}  // namespace tests
