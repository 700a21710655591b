#include "server/http/stamp.h"

#include <cstring>

#include "absl/time/time.h"

namespace server {

void Stamp::Set(int64_t wall_nanos) {
  const int64_t millisecond = wall_nanos / 1'000'000;
  if (millisecond == millisecond_) return;
  millisecond_ = millisecond;
  const int64_t second = millisecond / 1000;
  if (second != second_) {
    second_ = second;
    const absl::Time time = absl::FromUnixSeconds(second);
    const std::string iso = absl::FormatTime("%Y-%m-%dT%H:%M:%S.000Z", time, absl::UTCTimeZone());
    std::memcpy(iso_, iso.data(), sizeof(iso_));
    http_date_ = absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", time, absl::UTCTimeZone());
  }
  const int within = static_cast<int>(millisecond % 1000);
  iso_[20] = static_cast<char>('0' + within / 100);
  iso_[21] = static_cast<char>('0' + within / 10 % 10);
  iso_[22] = static_cast<char>('0' + within % 10);
}

}  // namespace server
