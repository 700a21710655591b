#include "server/auth/revocations.h"

#include <algorithm>

#include "absl/strings/string_view.h"

namespace server {
namespace {

constexpr int64_t kSweepEvery = 60'000'000'000;

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

void Revocations::Add(std::string_view session_id, int64_t forget_at) {
  if (ended_.size() > kMostEntries) return;
  int64_t& known = ended_[View(session_id)];
  known = std::max(known, forget_at);
}

void Revocations::Refreshed(int64_t now, int64_t wall_seconds) {
  refreshed_ = now;
  if (now - swept_ < kSweepEvery) return;
  swept_ = now;
  absl::erase_if(ended_, [&](const auto& entry) { return entry.second < wall_seconds; });
}

bool Revocations::Known(int64_t now) const {
  return refreshed_ >= 0 && now - refreshed_ <= kMostStaleness && ended_.size() <= kMostEntries;
}

absl::Status Revocations::Check(std::string_view session_id, int64_t now) const {
  if (!ended_.empty() && ended_.contains(View(session_id))) {
    return absl::UnauthenticatedError("the session has ended");
  }
  if (!Known(now)) return absl::UnavailableError("ended sessions are not known");
  return absl::OkStatus();
}

}  // namespace server
