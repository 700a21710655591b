// What a peer must not send, and how it is told.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/http/http_server_fixture.h"

namespace server {
namespace {

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

}  // namespace
}  // namespace server
