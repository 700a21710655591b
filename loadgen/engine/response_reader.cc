#include "loadgen/engine/response_reader.h"

#include <string.h>
#include <strings.h>

#include <algorithm>

namespace loadgen {
namespace {

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool ContainsIgnoringCase(std::string_view text, std::string_view word) {
  for (size_t i = 0; i + word.size() <= text.size(); ++i) {
    if (strncasecmp(text.data() + i, word.data(), word.size()) == 0) return true;
  }
  return false;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void ResponseReader::Start(bool keep_body) {
  spill_.reset();
  body_ = {};
  remaining_ = 0;
  trailer_line_ = 0;
  status_ = 0;
  phase_ = Phase::kHead;
  keep_body_ = keep_body;
  keep_alive_ = true;
  started_ = false;
}

ResponseReader::State ResponseReader::Feed(std::string_view data) {
  if (data.empty()) return State::kNeedMore;
  started_ = true;
  return phase_ == Phase::kHead ? FeedHead(data) : FeedBody(data);
}

ResponseReader::State ResponseReader::End() {
  if (phase_ != Phase::kUntilEnd) return State::kError;
  keep_alive_ = false;
  return Complete({});
}

ResponseReader::State ResponseReader::FeedHead(std::string_view data) {
  if (spill_) {
    spill_->append(data);
    data = *spill_;
  }
  const void* end = memmem(data.data(), data.size(), "\r\n\r\n", 4);
  if (end == nullptr) {
    if (data.size() > kMaxHead) return State::kError;
    if (!spill_) spill_ = std::make_unique<std::string>(data);
    return State::kNeedMore;
  }
  const size_t head_size = static_cast<const char*>(end) - data.data() + 4;
  if (head_size > kMaxHead || !ParseHead(data.substr(0, head_size))) return State::kError;
  // The rest may lie in the spill, which the body reuses: take it out first.
  std::string moved;
  std::string_view rest = data.substr(head_size);
  if (spill_) {
    moved.assign(rest);
    rest = moved;
    spill_.reset();
    if (keep_body_) spill_ = std::make_unique<std::string>();
  }
  if (status_ < 200) {
    phase_ = Phase::kHead;
    return rest.empty() ? State::kNeedMore : FeedHead(rest);
  }
  if (phase_ == Phase::kDone) return Complete(rest);
  if (rest.empty()) return State::kNeedMore;
  return FeedBody(rest);
}

bool ResponseReader::ParseHead(std::string_view head) {
  // "HTTP/1.1 200 ..."
  if (head.size() < 15 || head.compare(0, 7, "HTTP/1.") != 0 || head[8] != ' ') return false;
  keep_alive_ = head[7] == '1';
  status_ = 0;
  for (int i = 9; i < 12; ++i) {
    if (head[i] < '0' || head[i] > '9') return false;
    status_ = status_ * 10 + (head[i] - '0');
  }
  if (status_ < 100) return false;
  phase_ = Phase::kUntilEnd;
  size_t at = head.find("\r\n") + 2;
  while (at + 2 < head.size()) {
    const size_t end = head.find("\r\n", at);
    const std::string_view line = head.substr(at, end - at);
    at = end + 2;
    if (line.empty()) break;
    const char first = line[0] | 0x20;
    if (first != 'c' && first != 't') continue;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    if (!ParseHeader(line.substr(0, colon), Trim(line.substr(colon + 1)))) return false;
  }
  if (status_ == 204 || status_ == 304) phase_ = Phase::kDone;
  return true;
}

bool ResponseReader::ParseHeader(std::string_view name, std::string_view value) {
  if (EqualsIgnoringCase(name, "content-length")) {
    if (value.empty() || value.size() > 18) return false;
    uint64_t length = 0;
    for (const char c : value) {
      if (c < '0' || c > '9') return false;
      length = length * 10 + (c - '0');
    }
    if (phase_ != Phase::kChunkSize) {
      remaining_ = length;
      phase_ = length == 0 ? Phase::kDone : Phase::kLength;
    }
  } else if (EqualsIgnoringCase(name, "transfer-encoding")) {
    if (!ContainsIgnoringCase(value, "chunked")) return false;
    phase_ = Phase::kChunkSize;
    remaining_ = 0;
    chunk_digit_ = false;
  } else if (EqualsIgnoringCase(name, "connection")) {
    if (ContainsIgnoringCase(value, "close")) keep_alive_ = false;
    if (ContainsIgnoringCase(value, "keep-alive")) keep_alive_ = true;
  }
  return true;
}

ResponseReader::State ResponseReader::FeedBody(std::string_view data) {
  if (phase_ == Phase::kDone) return State::kError;
  if (phase_ == Phase::kUntilEnd) return Keep(data) ? State::kNeedMore : State::kError;
  if (phase_ != Phase::kLength) return FeedChunked(data);
  const size_t take = std::min<uint64_t>(remaining_, data.size());
  remaining_ -= take;
  if (remaining_ > 0) return Keep(data.substr(0, take)) ? State::kNeedMore : State::kError;
  if (keep_body_ && !spill_) {
    body_ = data.substr(0, take);  // whole in one piece: no copy
  } else if (!Keep(data.substr(0, take))) {
    return State::kError;
  }
  return Complete(data.substr(take));
}

bool ResponseReader::Keep(std::string_view part) {
  if (!keep_body_) return true;
  if (!spill_) spill_ = std::make_unique<std::string>();
  if (spill_->size() + part.size() > kMaxKeptBody) return false;
  spill_->append(part);
  return true;
}

bool ResponseReader::FeedChunkSize(char c) {
  if (phase_ == Phase::kChunkSize) {
    const int digit = HexDigit(c);
    if (digit >= 0) {
      if (remaining_ >> 40) return false;
      remaining_ = remaining_ * 16 + digit;
      chunk_digit_ = true;
      return true;
    }
    if (!chunk_digit_) return false;
    phase_ = Phase::kChunkExtension;
  }
  if (c == '\n') {
    phase_ = remaining_ == 0 ? Phase::kTrailer : Phase::kChunkData;
    trailer_line_ = 0;
  }
  return true;
}

ResponseReader::State ResponseReader::FeedChunked(std::string_view data) {
  while (!data.empty()) {
    if (phase_ == Phase::kChunkData) {
      const size_t take = std::min<uint64_t>(remaining_, data.size());
      if (!Keep(data.substr(0, take))) return State::kError;
      remaining_ -= take;
      data.remove_prefix(take);
      if (remaining_ == 0) phase_ = Phase::kChunkEnd;
      continue;
    }
    const char c = data.front();
    data.remove_prefix(1);
    if (phase_ == Phase::kChunkEnd) {
      if (c == '\n') {
        phase_ = Phase::kChunkSize;
        chunk_digit_ = false;
      } else if (c != '\r') {
        return State::kError;
      }
    } else if (phase_ == Phase::kTrailer) {
      if (c == '\n' && trailer_line_ == 0) return Complete(data);
      if (c == '\n') {
        trailer_line_ = 0;
      } else if (c != '\r' && ++trailer_line_ > kMaxHead) {
        return State::kError;
      }
    } else if (!FeedChunkSize(c)) {
      return State::kError;
    }
  }
  return State::kNeedMore;
}

ResponseReader::State ResponseReader::Complete(std::string_view rest) {
  phase_ = Phase::kDone;
  if (!rest.empty()) return State::kError;
  if (spill_ && keep_body_) body_ = *spill_;
  return State::kComplete;
}

}  // namespace loadgen
