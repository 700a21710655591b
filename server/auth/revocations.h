#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"

// Revocations: which sessions have ended although access tokens of theirs have not expired yet.
//
// A signed token is good until it expires (15 minutes), so a logout must be remembered for that
// long. Asking the database on each request would cost a statement each; instead every worker keeps
// the list in memory and fetches what is new once a second (server/sessions/revocation_feed.h).
//
// What that means, exactly:
// - The worker that handled the logout refuses the session from the moment it answers.
// - All other workers and pods refuse it once they have fetched: normally within kRefreshEvery. In
//   that second a token that was signed out elsewhere still works: the price of no look-up.
// - A worker that could not fetch for kMostStaleness refuses all tokens (Unavailable, 503), so that
//   the window is bounded: it fails closed.
//
// Memory: about 80 bytes a session until its tokens have expired; past kMostEntries the list is no
// longer complete and everything is refused rather than guessed.
//
// Thread: the loop's.

namespace server {

class Revocations {
 public:
  static constexpr int64_t kRefreshEvery = 1'000'000'000;   // ns
  static constexpr int64_t kMostStaleness = 5'000'000'000;  // ns
  static constexpr size_t kMostEntries = 1'000'000;

  // `forget_at`: seconds since 1970; no token of the session is valid after it.
  void Add(std::string_view session_id, int64_t forget_at);
  // A fetch that was begun at `now` (monotonic ns) has succeeded. Forgets what is over by
  // `wall_seconds`.
  void Refreshed(int64_t now, int64_t wall_seconds);

  // Whether the list is fresh and complete at `now`.
  bool Known(int64_t now) const;
  // Ok, Unauthenticated (the session has ended) or Unavailable (not known).
  absl::Status Check(std::string_view session_id, int64_t now) const;
  size_t size() const { return ended_.size(); }

 private:
  int64_t refreshed_ = -1;
  int64_t swept_ = 0;
  absl::flat_hash_map<std::string, int64_t> ended_;  // to forget_at
};

}  // namespace server
