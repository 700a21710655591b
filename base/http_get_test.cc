#include "base/http_get.h"

#include <boost/asio.hpp>
#include <string>
#include <thread>

#include "gtest/gtest.h"

namespace base {
namespace {

namespace asio = boost::asio;

// Answers one connection with `answer`, then closes.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer)
      : acceptor_(loop_, {asio::ip::make_address("127.0.0.1"), 0}),
        thread_([this, text = std::move(answer)] {
          asio::ip::tcp::socket peer(loop_);
          acceptor_.accept(peer);
          asio::streambuf request;
          asio::read_until(peer, request, "\r\n\r\n");
          asio::write(peer, asio::buffer(text));
        }) {}
  ~OneAnswer() { thread_.join(); }
  uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  asio::io_context loop_;
  asio::ip::tcp::acceptor acceptor_;
  std::thread thread_;
};

TEST(HttpGetTest, ReturnsStatusAndBody) {
  OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  auto answer = HttpGet("127.0.0.1", server.port(), "/metrics", absl::Seconds(5));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "hello");
}

TEST(HttpGetTest, SomethingElseThanHttpIsSaid) {
  OneAnswer server("SSH-2.0-whatever\r\n");
  EXPECT_TRUE(
      absl::IsUnavailable(HttpGet("127.0.0.1", server.port(), "/", absl::Seconds(5)).status()));
}

TEST(HttpGetTest, NobodyListens) {
  EXPECT_TRUE(absl::IsUnavailable(HttpGet("127.0.0.1", 1, "/", absl::Seconds(5)).status()));
}

}  // namespace
}  // namespace base
