#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"

// Revocations: which sessions have ended although their access tokens have not expired yet.
//
// A signed token is good until it expires (15 minutes), so a logout must be remembered for that
// long. Asking the database on each request would cost a statement each; instead every worker keeps
// the list in memory and fetches what is new once a second (RevocationFeed in server/sessions).
//
// What that means, exactly:
// - The worker that handled the logout refuses the session from the moment it answers.
// - All other workers and pods refuse it once they have fetched: normally within kRefreshEvery. In
//   that second a token that was signed out elsewhere still works: the price of no look-up.
// - A worker that could not fetch for kMostStaleness refuses all tokens (Unavailable, 503), so that
//   the window is bounded: it fails closed.
//
// Memory: some 40 bytes a session for 15 minutes plus a margin; past kMostEntries the list is no
// longer complete and everything is refused rather than guessed.
//
// Thread: the loop's.

namespace server {

class Revocations {
 public:
  static constexpr int64_t kRefreshEvery = 1'000'000'000;   // ns
  static constexpr int64_t kMostStaleness = 5'000'000'000;  // ns
  static constexpr size_t kMostEntries = 1'000'000;

  // `keep` in nanoseconds: the lifetime of access tokens.
  explicit Revocations(int64_t keep) : keep_(keep) {}

  // `now`: monotonic nanoseconds.
  void Add(std::string_view session_id, int64_t now);
  // A fetch that was begun at `now` has succeeded; forgets what is older than the tokens' lifetime.
  void Refreshed(int64_t now);

  // Ok, Unauthenticated (the session has ended) or Unavailable (not known).
  absl::Status Check(std::string_view session_id, int64_t now) const;
  size_t size() const { return ended_.size(); }

 private:
  int64_t keep_;
  int64_t refreshed_ = -1;
  int64_t swept_ = 0;
  absl::flat_hash_map<std::string, int64_t> ended_;  // when it was added
};

}  // namespace server
