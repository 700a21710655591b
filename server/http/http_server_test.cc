#include "server/http/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace server {
namespace {

uint32_t Limit(Method method, std::string_view path) { return path == "/none" ? 0 : 1000; }

// Echoes method, path, query and body; "/later" waits until Release().
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

constexpr char kEnd[] = "\"timestamp\":\"";

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

TEST_F(HttpServerTest, AnswersWithEnvelopeAndExactLength) {
  Begin();
  Client client(port_);
  client.Send("GET /a?x=1 HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string answer = client.ReadUntil("Z\"}");
  EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(absl::StrContains(answer, "X-Request-ID: test-id\r\n"));
  const size_t body = answer.find("\r\n\r\n") + 4;
  EXPECT_TRUE(absl::StartsWith(answer.substr(body), R"({"success":true,"data":"GET /a?x=1 ",)"))
      << answer;
  const size_t length = answer.find("Content-Length:") + 15;
  EXPECT_EQ(std::stoul(answer.substr(length)), answer.size() - body);
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  Begin();
  Client client(port_);
  std::string requests;
  for (int i = 0; i < 500; ++i) {
    absl::StrAppend(&requests, "POST /p", i, " HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nb",
                    i % 10, "b");
  }
  client.Send(requests);
  const std::string answers = client.ReadUntil(kEnd, 500);
  size_t at = 0;
  for (int i = 0; i < 500; ++i) {
    at = answers.find(absl::StrCat("\"POST /p", i, "? b", i % 10, "b\""), at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

TEST_F(HttpServerTest, APipelinedRequestWaitsForTheOneBeforeIt) {
  Begin();
  Client client(port_);
  client.Send(
      "GET /first HTTP/1.1\r\nHost: h\r\n\r\nGET /later HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /last HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string first = client.ReadUntil(kEnd);
  EXPECT_TRUE(absl::StrContains(first, "GET /first"));
  EXPECT_FALSE(absl::StrContains(first, "GET /last"));
  OnLoop([&] { sink_.Answer(*sink_.waiting_.at(0)); });
  const std::string rest = client.ReadUntil(kEnd, 2);
  EXPECT_LT(rest.find("GET /later"), rest.find("GET /last"));
}

TEST_F(HttpServerTest, RequestsMayArriveByteByByte) {
  Begin();
  Client client(port_);
  for (const char c : std::string("POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody")) {
    client.Send(std::string(1, c));
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  EXPECT_TRUE(absl::StrContains(client.ReadUntil(kEnd), "\"POST /b? body\""));
}

TEST_F(HttpServerTest, ChunkedBodies) {
  Begin();
  Client client(port_);
  client.Send(
      "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\nGET /d HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string answers = client.ReadUntil(kEnd, 2);
  EXPECT_TRUE(absl::StrContains(answers, "\"POST /c? abcdefg\"")) << answers;
  EXPECT_TRUE(absl::StrContains(answers, "\"GET /d? \""));
}

TEST_F(HttpServerTest, ConnectionCloseAndHttp10) {
  Begin();
  for (const char* request :
       {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"}) {
    Client client(port_);
    client.Send(request);
    EXPECT_TRUE(absl::StrContains(client.ReadUntil(kEnd), "Connection: close\r\n"));
    EXPECT_TRUE(client.Closed());
  }
}

TEST_F(HttpServerTest, HeadHasNoBodyButItsLength) {
  Begin();
  Client client(port_);
  client.Send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string answers = client.ReadUntil(kEnd);
  EXPECT_EQ(Client::Count(answers, "{\"success\""), 1) << answers;
}

TEST_F(HttpServerTest, ExpectContinue) {
  Begin();
  Client client(port_);
  client.Send("POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("ok");
  EXPECT_TRUE(absl::StrContains(client.ReadUntil(kEnd), "\"POST /e? ok\""));
}

struct BadCase {
  const char* name;
  std::string request;
  int status;
};

class HttpServerBadInputTest : public HttpServerTest,
                               public ::testing::WithParamInterface<BadCase> {};

TEST_P(HttpServerBadInputTest, IsAnsweredAndClosed) {
  Begin();
  Client client(port_);
  client.Send(GetParam().request);
  const std::string answer = client.ReadUntil(kEnd);
  EXPECT_TRUE(absl::StartsWith(answer, absl::StrCat("HTTP/1.1 ", GetParam().status, " ")))
      << answer;
  EXPECT_TRUE(absl::StrContains(answer, "\"success\":false"));
  EXPECT_TRUE(absl::StrContains(answer, "Connection: close"));
  EXPECT_TRUE(client.Closed());
  OnLoop([&] { EXPECT_EQ(sink_.errors_, std::vector<int>{GetParam().status}); });
}

INSTANTIATE_TEST_SUITE_P(
    All, HttpServerBadInputTest,
    ::testing::Values(
        BadCase{"garbage", "\x16\x03\x01 tls?\r\n\r\n", 400},
        BadCase{"no_host", "GET / HTTP/1.1\r\n\r\n", 400},
        BadCase{"two_hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        BadCase{"no_slash", "GET nowhere HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        BadCase{"bad_length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", 400},
        BadCase{"two_lengths",
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
                400},
        BadCase{"folded", "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\n b\r\n\r\n", 400},
        BadCase{"large_header",
                absl::StrCat("GET / HTTP/1.1\r\nHost: h\r\nX: ", std::string(9000, 'x')), 431},
        BadCase{"large_body", "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n", 413},
        BadCase{"large_chunks",
                absl::StrCat("POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
                             "7d0\r\n", std::string(2000, 'x'), "\r\n0\r\n\r\n"),
                413},
        BadCase{"body_for_get", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", 413}),
    [](const auto& info) { return info.param.name; });

TEST_F(HttpServerTest, TwoIdentitiesAreNone) {
  Begin();
  for (const char* name : {"Authorization", "X-Clinic-ID", "x-clinic-id"}) {
    for (const char* first : {"", "a"}) {
      Client client(port_);
      client.Send(absl::StrCat("GET /x HTTP/1.1\r\nHost: h\r\n", name, ": ", first, "\r\n", name,
                               ": b\r\n\r\n"));
      EXPECT_TRUE(absl::StartsWith(client.ReadUntil(kEnd), "HTTP/1.1 400")) << name << first;
    }
  }
}

TEST_F(HttpServerTest, AnUnreadLargeBodyDoesNotResetTheAnswer) {
  Begin();
  Client client(port_);
  client.Send(absl::StrCat("POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n",
                           std::string(1000000, 'x')));
  EXPECT_TRUE(absl::StartsWith(client.ReadUntil(kEnd), "HTTP/1.1 413 "));
  EXPECT_TRUE(client.Closed());
}

TEST_F(HttpServerTest, ASlowRequestIs408) {
  Begin({.request_timeout = 100 * base::kNanosPerMillisecond});
  Client client(port_);
  client.Send("GET / HTTP/1.1\r\nHo");
  EXPECT_TRUE(absl::StartsWith(client.ReadUntil(kEnd), "HTTP/1.1 408 "));
  EXPECT_TRUE(client.Closed());
}

TEST_F(HttpServerTest, IdleConnectionsAreClosed) {
  Begin({.idle_timeout = 100 * base::kNanosPerMillisecond});
  Client silent(port_);
  Client client(port_);
  client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  client.ReadUntil(kEnd);
  EXPECT_TRUE(silent.Closed());
  EXPECT_TRUE(client.Closed());
}

TEST_F(HttpServerTest, AboveTheConnectionLimitIs503) {
  Begin({.max_connections = 2});
  Client first(port_);
  Client second(port_);
  first.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  first.ReadUntil(kEnd);
  Client third(port_);
  const std::string answer = third.ReadUntil(kEnd);
  EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 503 ")) << answer;
  EXPECT_TRUE(absl::StrContains(answer, "Retry-After: 1\r\n"));
  second.Send("GET /ok HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(absl::StrContains(second.ReadUntil(kEnd), "GET /ok"));
}

TEST_F(HttpServerTest, ASlowReaderGetsAllOfALargeResponse) {
  Begin();
  Client client(port_);
  client.Send("GET /large HTTP/1.1\r\nHost: h\r\n\r\nGET /after HTTP/1.1\r\nHost: h\r\n\r\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const std::string answers = client.ReadUntil(kEnd, 2);
  EXPECT_GT(answers.size(), size_t{4} << 20);
  EXPECT_TRUE(absl::StrContains(answers, "GET /after"));
}

TEST_F(HttpServerTest, DrainFinishesWhatIsUnderWayAndClosesIdleOnes) {
  Begin();
  Client idle(port_);
  Client busy(port_);
  busy.Send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  for (bool arrived = false; !arrived;) OnLoop([&] { arrived = !sink_.waiting_.empty(); });
  OnLoop([&] { server_->StopAccepting(); });
  EXPECT_TRUE(idle.Closed());
  OnLoop([&] {
    EXPECT_EQ(server_->in_flight(), 1);
    sink_.Answer(*sink_.waiting_.at(0));
  });
  const std::string answer = busy.ReadUntil(kEnd);
  EXPECT_TRUE(absl::StrContains(answer, "Connection: close\r\n")) << answer;
  EXPECT_TRUE(busy.Closed());
  OnLoop([&] { EXPECT_EQ(server_->in_flight(), 0); });
}

TEST_F(HttpServerTest, AClientThatLeavesWhileItsRequestIsHandled) {
  Begin();
  {
    Client client(port_);
    client.Send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    for (bool arrived = false; !arrived;) OnLoop([&] { arrived = !sink_.waiting_.empty(); });
  }
  OnLoop([&] { sink_.Answer(*sink_.waiting_.at(0)); });
  for (int left = 1; left != 0;) OnLoop([&] { left = server_->connections(); });
  Client next(port_);
  next.Send("GET /ok HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(absl::StrContains(next.ReadUntil(kEnd), "GET /ok"));
}

}  // namespace
}  // namespace server
