#include "server/auth/revocations.h"

#include "absl/strings/string_view.h"

namespace server {
namespace {

constexpr int64_t kSweepEvery = 60'000'000'000;

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

void Revocations::Add(std::string_view session_id, int64_t now) {
  if (ended_.size() <= kMostEntries) ended_.try_emplace(View(session_id), now);
}

void Revocations::Refreshed(int64_t now) {
  refreshed_ = now;
  if (now - swept_ < kSweepEvery) return;
  swept_ = now;
  absl::erase_if(ended_, [&](const auto& entry) { return now - entry.second > keep_; });
}

absl::Status Revocations::Check(std::string_view session_id, int64_t now) const {
  if (ended_.contains(View(session_id))) return absl::UnauthenticatedError("the session has ended");
  if (refreshed_ < 0 || now - refreshed_ > kMostStaleness || ended_.size() > kMostEntries) {
    return absl::UnavailableError("ended sessions are not known");
  }
  return absl::OkStatus();
}

}  // namespace server
