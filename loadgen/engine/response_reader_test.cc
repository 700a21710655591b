#include "loadgen/engine/response_reader.h"

#include <string>

#include "gtest/gtest.h"

namespace loadgen {
namespace {

using State = ResponseReader::State;

// Feeds `text` in pieces of `size` and returns the last state.
State FeedInPieces(const std::string& text, size_t size, ResponseReader* reader) {
  State state = State::kNeedMore;
  for (size_t at = 0; at < text.size() && state == State::kNeedMore; at += size) {
    state = reader->Feed(std::string_view(text).substr(at, size));
  }
  return state;
}

struct Case {
  std::string name, text, body;
  int status;
  bool keep_alive;
};

const Case kCases[] = {
    {"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello", "hello", 200, true},
    {"lower case", "HTTP/1.1 201 Created\r\ncontent-length:5\r\n\r\nhello", "hello", 201, true},
    {"empty", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "", 404, true},
    {"no content", "HTTP/1.1 204 No Content\r\n\r\n", "", 204, true},
    {"close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", "hi", 200,
     false},
    {"http 1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", "hi", 200, false},
    {"chunked",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n9\r\n, "
     "world.!\r\n0\r\nT: u\r\n\r\n",
     "hello, world.!", 200, true},
    {"continue", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
     "hi", 200, true},
};

TEST(ResponseReader, ReadsWholeAndInPieces) {
  for (const Case& c : kCases) {
    for (size_t size : {size_t{1}, size_t{2}, size_t{7}, c.text.size()}) {
      for (bool keep : {true, false}) {
        ResponseReader reader;
        reader.Start(keep);
        ASSERT_EQ(FeedInPieces(c.text, size, &reader), State::kComplete)
            << c.name << " in pieces of " << size;
        EXPECT_EQ(reader.status(), c.status) << c.name;
        EXPECT_EQ(reader.keep_alive(), c.keep_alive) << c.name;
        EXPECT_EQ(reader.body(), keep ? c.body : "") << c.name << " in pieces of " << size;
      }
    }
  }
}

TEST(ResponseReader, EndOfConnectionEndsABodyWithoutLength) {
  ResponseReader reader;
  reader.Start(true);
  EXPECT_EQ(reader.Feed("HTTP/1.1 200 OK\r\n\r\nab"), State::kNeedMore);
  EXPECT_EQ(reader.Feed("cd"), State::kNeedMore);
  EXPECT_EQ(reader.End(), State::kComplete);
  EXPECT_EQ(reader.body(), "abcd");
  EXPECT_FALSE(reader.keep_alive());
}

TEST(ResponseReader, AnEarlyEndIsAnError) {
  for (const char* text : {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"}) {
    ResponseReader reader;
    reader.Start(false);
    EXPECT_EQ(reader.Feed(text), State::kNeedMore);
    EXPECT_EQ(reader.End(), State::kError) << text;
  }
}

TEST(ResponseReader, RefusesWhatIsNotHttp) {
  const std::string huge = "HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n";
  for (const std::string& text :
       {std::string("SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        std::string("HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi behind"), huge}) {
    ResponseReader reader;
    reader.Start(true);
    EXPECT_EQ(reader.Feed(text), State::kError) << text.substr(0, 60);
  }
}

TEST(ResponseReader, BoundsAKeptBodyButNotAnUnwantedOne) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n";
  const std::string body(3'000'000, 'x');
  ResponseReader reader;
  reader.Start(false);
  EXPECT_EQ(reader.Feed(head), State::kNeedMore);
  EXPECT_EQ(FeedInPieces(body, 65'536, &reader), State::kComplete);
  reader.Start(true);
  EXPECT_EQ(reader.Feed(head), State::kNeedMore);
  EXPECT_EQ(FeedInPieces(body, 65'536, &reader), State::kError);
}

}  // namespace
}  // namespace loadgen
