#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/http/http_server.h"

// An HttpServer on a thread of its own with a sink that echoes, and a client of raw bytes.

namespace server {

// At most 1000 bytes of body; none for "/none".
inline uint32_t Limit(Method method, std::string_view path) { return path == "/none" ? 0 : 1000; }

// Echoes method, path, query and body; "/later" waits for Answer().
class EchoSink : public RequestSink {
 public:
  void Handle(Exchange& exchange) override {
    if (exchange.request().path == "/later") {
      waiting_.push_back(&exchange);
      return;
    }
    Answer(exchange);
  }
  void OnProtocolError(int status) override { errors_.push_back(status); }
  void Answer(Exchange& exchange) {
    const Request& request = exchange.request();
    Response response = OkJson(
        absl::StrCat("\"", std::string(MethodName(request.method)), " ", std::string(request.path),
                     "?", std::string(request.query), " ", std::string(request.body), "\""));
    if (request.path == "/large") response.data = std::string(4 << 20, '1');
    exchange.Finish(response, "test-id");
  }
  std::vector<Exchange*> waiting_;
  std::vector<int> errors_;
};

// A blocking connection to 127.0.0.1; every wait ends after 2 s.
class Client {
 public:
  explicit Client(int port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~Client() { close(fd_); }

  void Send(const std::string& bytes) {
    EXPECT_EQ(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // Reads until `count` occurrences of `text` have arrived, the end, or 2 s.
  std::string ReadUntil(const std::string& text, int count = 1) {
    std::string got;
    while (Count(got, text) < count && Readable()) {
      char buffer[65536];
      const ssize_t n = recv(fd_, buffer, sizeof(buffer), 0);
      if (n <= 0) break;
      got.append(buffer, static_cast<size_t>(n));
    }
    return got;
  }
  // True when the server closes within 2 s.
  bool Closed() {
    char buffer[65536];
    while (Readable()) {
      if (recv(fd_, buffer, sizeof(buffer), 0) <= 0) return true;
    }
    return false;
  }
  static int Count(const std::string& text, const std::string& what) {
    int count = 0;
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
      ++count;
    }
    return count;
  }

 private:
  bool Readable() const {
    pollfd poller{fd_, POLLIN, 0};
    return poll(&poller, 1, 2000) == 1;
  }
  int fd_;
};

// Every answer holds this once.
inline constexpr char kEnd[] = "\"timestamp\":\"";

// Begin() first; the loop stops in TearDown().
class HttpServerTest : public ::testing::Test {
 protected:
  void Begin(HttpOptions options = {}) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_EQ(listen(listener_, 128), 0);
    socklen_t length = sizeof(address);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    server_ = std::make_unique<HttpServer>(loop_, listener_, sink_, &Limit, base::RealClock::Get(),
                                           options);
    ASSERT_TRUE(server_->Start().ok());
    thread_ = std::thread([this] { loop_.run(); });
  }
  void TearDown() override {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
    server_.reset();
    close(listener_);
  }
  // Runs `work` on the loop and waits for it.
  void OnLoop(std::function<void()> work) {
    std::atomic<bool> done = false;
    boost::asio::post(loop_, [&] {
      work();
      done = true;
    });
    while (!done) std::this_thread::yield();
  }

  boost::asio::io_context loop_{1};
  EchoSink sink_;
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
  int listener_ = -1;
  int port_ = 0;
};

}  // namespace server
