#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

// Reads one HTTP/1.1 response at a time from the bytes of one connection.
//
// Bodies by Content-Length, chunked, or up to the end of the connection. Idle it holds no buffer: a
// response that arrives in one piece is parsed where it lies, and only a part that must wait for
// more bytes (a head cut in the middle, a body that the caller wants) is copied to the heap.
// Bounds: a head of at most kMaxHead bytes, a kept body of at most kMaxKeptBody; a body that nobody
// wants may have any length and is only counted. Informational answers (1xx) are skipped.
// Requests are not pipelined, so bytes behind a response are a mistake of the server.
namespace loadgen {

class ResponseReader {
 public:
  static constexpr size_t kMaxHead = 16 * 1024;
  static constexpr size_t kMaxKeptBody = 1024 * 1024;

  enum class State : uint8_t { kNeedMore, kComplete, kError };

  // Forgets the last response; the next one's body is kept when `keep_body`.
  void Start(bool keep_body);

  // Takes all of `data`. After kComplete or kError call Start before the next Feed.
  State Feed(std::string_view data);

  // The connection ended: kComplete when that is how the body was to end, else kError.
  State End();

  int status() const { return status_; }
  bool keep_alive() const { return keep_alive_; }
  bool started() const { return started_; }  // a byte of the response has arrived

  // Valid after kComplete with keep_body, until the data of the last Feed goes or Start.
  std::string_view body() const { return body_; }

 private:
  enum class Phase : uint8_t {
    kHead,
    kLength,
    kChunkSize,
    kChunkExtension,
    kChunkData,
    kChunkEnd,
    kTrailer,
    kUntilEnd,
    kDone
  };

  bool ParseHead(std::string_view head);
  bool ParseHeader(std::string_view name, std::string_view value);
  State FeedHead(std::string_view data);
  State FeedBody(std::string_view data);
  State FeedChunked(std::string_view data);
  bool FeedChunkSize(char c);
  bool Keep(std::string_view part);
  State Complete(std::string_view rest);

  std::unique_ptr<std::string> spill_;
  std::string_view body_;
  uint64_t remaining_ = 0;     // of the body, or of the chunk
  uint32_t trailer_line_ = 0;  // length of the trailer's line so far
  uint16_t status_ = 0;
  Phase phase_ = Phase::kHead;
  bool keep_body_ = false;
  bool keep_alive_ = true;
  bool started_ = false;
  bool chunk_digit_ = false;
};

}  // namespace loadgen
