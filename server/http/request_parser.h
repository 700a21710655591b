#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/http/request.h"

// RequestParser: HTTP/1.1 requests out of a buffer, in place, by Beast's parser (hidden in the
// source: Beast's headers cost seconds per file).
//
// The caller owns the buffer and gives all bytes of the message received so far, from the same
// address each time; the Request's views point into it. A body sent in chunks is gathered in the
// parser instead. Nothing is allocated for a message without chunks.
//
// Limits: kMaxHeaderBytes for request line and fields together; the body's limit comes from the
// route, asked for as soon as the request line is known.

namespace server {

enum class ParseResult {
  kNeedMore,
  kComplete,
  kBadRequest,      // 400; the connection's framing is lost: close it
  kHeaderTooLarge,  // 431
  kBodyTooLarge,    // 413
};

class RequestParser {
 public:
  static constexpr uint32_t kMaxHeaderBytes = 8 * 1024;
  // Bytes that a body of this request may have.
  using BodyLimit = uint32_t (*)(Method method, std::string_view path);

  explicit RequestParser(BodyLimit body_limit);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Forgets the message; the next Parse begins a new one.
  void Reset();
  ParseResult Parse(const char* data, size_t size);
  // Bytes of the message (kComplete) or bytes understood so far.
  size_t consumed() const { return consumed_; }
  // Valid after kComplete.
  const Request& request() const;
  // The client waits for "100 Continue" before it sends the body. True at most once a message.
  bool TakeExpectContinue();

 private:
  class Impl;
  static constexpr size_t kImplBytes = 400;

  Impl& impl() { return *reinterpret_cast<Impl*>(storage_); }
  const Impl& impl() const { return *reinterpret_cast<const Impl*>(storage_); }

  BodyLimit body_limit_;
  size_t consumed_ = 0;
  alignas(16) unsigned char storage_[kImplBytes];
};

}  // namespace server
