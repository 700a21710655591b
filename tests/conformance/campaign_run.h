#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/conformance/campaign_score.h"
#include "tests/conformance/campaign_store.h"
#include "tests/conformance/host_runs.h"

// The steps of a campaign (campaign_plan.h). Each does nothing that is done already, so that they
// can be run one by one or again after an interruption.

namespace conformance {

struct CampaignRunOptions {
  std::string out_dir;  // absolute; everything goes there
  CampaignSettings settings;
  CalibrationSettings calibration;
  int restarts = 5;          // 1 to 100
  std::string variants;      // of Choose(); restricts measuring and scoring, never sealing
  absl::Duration time_left;  // measuring starts no host that does not fit into it; 0: no limit
};

class CampaignRun {
 public:
  // `stop`: true ends every wait, what was started is stopped; Cancelled.
  CampaignRun(const CampaignRunOptions& options, std::function<bool()> stop);

  // Writes profile.json and profile-uncached.json unless they are there.
  absl::Status Calibrate();
  // Predicts every point there is and appends it to predictions.jsonl, flushed to the disk; then
  // writes campaign.json. FailedPrecondition when nothing was calibrated.
  absl::Status Seal();
  // Measures what is missing, restart by restart. OK too when time_left is used up: then a line
  // says what is left. FailedPrecondition when nothing was sealed.
  absl::Status Measure();
  // Scores what was measured so far: score.json, score.md and the same table on standard output.
  absl::StatusOr<CampaignScore> Score();

 private:
  absl::Status Prepare();
  absl::Status PredictPoint(double saturation, PlannedPoint* point);
  absl::StatusOr<Figures> PredictUsers(const PlannedPoint& point, uint64_t users);
  absl::Status SealPoint(const PlannedPoint& point);
  absl::Status MeasureUnit(const Unit& unit);
  absl::StatusOr<Record> MeasurePoint(const LimitedHost& host, const PlannedPoint& point,
                                      int restart);
  absl::StatusOr<MeasuredPoint> MeasureUsers(const LimitedHost& host, const PlannedPoint& point,
                                             int restart, uint64_t users);
  absl::StatusOr<std::vector<PlannedPoint>> Sealed(SealedCampaign* sealed) const;
  bool Late(absl::Duration needed) const;
  std::string Path(const std::string& name) const { return options_.out_dir + "/" + name; }
  std::string DeploymentPath(const PlannedPoint& point) const;
  std::string ScenarioPath(const PlannedPoint& point) const;
  std::string ProfilePath(const PlannedPoint& point) const;
  std::string FaultsPath() const { return Path("predicted/faults-cache-lost.yaml"); }
  void Say(const std::string& line) const;

  CampaignRunOptions options_;
  const std::function<bool()> stop_;
  const absl::Time begin_;
  const CampaignStore store_;
  HostRuns runs_;
};

}  // namespace conformance
