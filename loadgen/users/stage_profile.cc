#include "loadgen/users/stage_profile.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"

namespace loadgen {

absl::StatusOr<StageProfile> StageProfile::Create(const std::vector<model::Stage>& stages) {
  StageProfile profile;
  double users = 0;
  for (const model::Stage& stage : stages) {
    Segment segment;
    segment.from_ns = profile.total_;
    segment.to_ns = segment.from_ns + base::SecondsToNanos(stage.duration_seconds());
    segment.from_users = users;
    segment.to_users = static_cast<double>(stage.users());
    users = segment.to_users;
    profile.total_ = segment.to_ns;
    profile.most_ = std::max(profile.most_, stage.users());
    profile.segments_.push_back(segment);
  }
  if (profile.most_ == 0) return absl::InvalidArgumentError("stages: expected at least one user");
  if (profile.total_ <= 0) return absl::InvalidArgumentError("stages: expected a duration above 0");
  const double most = static_cast<double>(profile.most_);
  int64_t hold_from = -1;
  profile.window_to_ = -1;
  for (const Segment& segment : profile.segments_) {
    if (segment.to_users != most) {
      hold_from = -1;
      continue;
    }
    if (segment.from_users != most || hold_from < 0) {
      hold_from = segment.from_users == most ? segment.from_ns : segment.to_ns;
    }
    if (profile.window_to_ < 0 ||
        segment.to_ns - hold_from > profile.window_to_ - profile.window_from_) {
      profile.window_from_ = hold_from;
      profile.window_to_ = segment.to_ns;
    }
  }
  if (profile.window_to_ <= profile.window_from_) profile.window_to_ = profile.total_;
  if (profile.window_to_ <= profile.window_from_) profile.window_from_ = 0;
  return profile;
}

std::vector<model::Event> StageProfile::Events() const {
  std::vector<model::Event> events;
  for (const Segment& segment : segments_) {
    model::Event& event = events.emplace_back();
    event.set_at_seconds(base::NanosToSeconds(segment.from_ns));
    event.set_kind("stage");
    event.set_subject("users");
    event.set_from(segment.from_users);
    event.set_to(segment.to_users);
    const double seconds = base::NanosToSeconds(segment.to_ns - segment.from_ns);
    event.set_text(segment.from_users == segment.to_users
                       ? absl::StrCat("hold ", segment.to_users, " users for ", seconds, " s")
                       : absl::StrCat(segment.from_users, " to ", segment.to_users, " users in ",
                                      seconds, " s"));
  }
  return events;
}

double StageProfile::UsersAt(int64_t t_ns) const {
  for (const Segment& s : segments_) {
    if (t_ns >= s.to_ns) continue;
    const double part = static_cast<double>(t_ns - s.from_ns) / (s.to_ns - s.from_ns);
    return s.from_users + (s.to_users - s.from_users) * part;
  }
  return segments_.back().to_users;
}

int64_t StageProfile::NextActivation(uint64_t n, int64_t from_ns) const {
  const double wanted = static_cast<double>(n) + 0.5;  // halfway: no rounding at the ends
  if (UsersAt(from_ns) >= wanted) return from_ns;
  for (const Segment& s : segments_) {
    if (s.to_ns <= from_ns) continue;
    // After a stage of no length the next one starts with its users.
    if (s.from_ns >= from_ns && s.from_users >= wanted) return s.from_ns;
    if (s.to_users < wanted || s.to_users <= s.from_users) continue;
    const double part = (wanted - s.from_users) / (s.to_users - s.from_users);
    const int64_t at =
        s.from_ns + static_cast<int64_t>(std::ceil(std::max(part, 0.0) * (s.to_ns - s.from_ns)));
    return std::max(at, from_ns);
  }
  return kNever;
}

}  // namespace loadgen
