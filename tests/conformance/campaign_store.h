#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/conformance/campaign_plan.h"
#include "tests/conformance/crossing.h"
#include "tests/conformance/measured_point.h"

// What a campaign keeps in its folder, so that it can be interrupted and taken up again:
// campaign.json (settings and every sealed figure) and records/ID-RESTART.json (one for each point
// measured in one restart, each written at once and whole).

namespace conformance {

struct SealedCampaign {
  CampaignSettings settings;
  double saturation_per_second = 0;   // of the calibrated pod, without think time
  std::vector<double> calibrated_at;  // requests/s
  std::vector<PlannedPoint> points;   // with users and predicted figures
};

// A point measured in one restart. Of the crossing: the last run of its search.
struct Record {
  MeasuredPoint point;
  std::optional<MeasuredCrossing> crossing;
};

class CampaignStore {
 public:
  explicit CampaignStore(std::string folder) : folder_(std::move(folder)) {}

  absl::Status WriteSealed(const SealedCampaign& sealed) const;
  // NotFound before anything was sealed; InvalidArgument, naming the file, when it does not fit the
  // points that this program plans (then it is another version's).
  absl::StatusOr<SealedCampaign> ReadSealed() const;

  absl::Status Write(const std::string& id, const Record& record) const;
  // Of restarts 1 to 100, in their order. Errors name the file.
  absl::StatusOr<std::vector<Record>> Read(const std::string& id) const;
  absl::StatusOr<Done> Finished(const std::vector<PlannedPoint>& points) const;

 private:
  std::string folder_;
};

}  // namespace conformance
