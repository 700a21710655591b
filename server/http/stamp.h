#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// Stamp: the texts of "now" that every response needs, rendered once a second (the milliseconds on
// each call). One per worker; not thread-safe.

namespace server {

class Stamp {
 public:
  // `wall_nanos` since 1970 (base::Clock::WallNow).
  void Set(int64_t wall_nanos);
  // "2026-01-31T09:30:00.123Z"
  std::string_view iso() const { return {iso_, sizeof(iso_)}; }
  // "Sat, 31 Jan 2026 09:30:00 GMT", the Date header's form.
  std::string_view http_date() const { return http_date_; }

 private:
  int64_t second_ = -1;
  int64_t millisecond_ = -1;
  char iso_[24] = {};
  std::string http_date_;
};

}  // namespace server
