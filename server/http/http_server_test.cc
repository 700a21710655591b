#include "server/http/http_server.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/http/http_server_fixture.h"

namespace server {
namespace {

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
