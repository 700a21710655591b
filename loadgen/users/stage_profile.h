#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "model/result.pb.h"
#include "model/scenario.pb.h"

// How many users are active when: stages one after the other, linear within a stage, from 0 users.
// Times in ns from the start. User n (from 0) is active while UsersAt(t) > n.
namespace loadgen {

class StageProfile {
 public:
  static constexpr int64_t kNever = INT64_MAX;

  // Expects at least one stage, users in some stage, and a total time above 0.
  static absl::StatusOr<StageProfile> Create(const std::vector<model::Stage>& stages);

  double UsersAt(int64_t t_ns) const;
  // The first time at or after `from_ns` at which user n is active; kNever when none.
  int64_t NextActivation(uint64_t n, int64_t from_ns) const;

  // A "stage" event at the start of each stage.
  std::vector<model::Event> Events() const;

  uint64_t most_users() const { return most_; }
  int64_t total_ns() const { return total_; }
  // The longest stretch at the most users: what a result is measured over. A profile that never
  // holds is measured from its last peak to the end.
  int64_t window_from_ns() const { return window_from_; }
  int64_t window_to_ns() const { return window_to_; }

 private:
  struct Segment {
    int64_t from_ns, to_ns;
    double from_users, to_users;
  };
  std::vector<Segment> segments_;
  uint64_t most_ = 0;
  int64_t total_ = 0, window_from_ = 0, window_to_ = 0;
};

}  // namespace loadgen
