#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/cpu_limit.h"
#include "model/profile.pb.h"
#include "tests/conformance/limited_host.h"
#include "tests/conformance/measured_point.h"

// The steps that every blind check is made of: start a limited host, calibrate it, warm it up,
// measure a number of users.

namespace conformance {

struct CalibrationSettings {
  std::vector<double> levels = {0.05, 0.15, 0.3};  // of saturation
  absl::Duration window = absl::Seconds(1);
  int windows_per_run = 6;
  absl::Duration saturation_run = absl::Seconds(5);
  bool fit_saturation = true;
};

// One measured run.
struct RunRequest {
  int restart = 1;
  uint64_t users = 1;
  double think_time_seconds = 0.5;
  absl::Duration duration = absl::Seconds(8);  // after the ramp
  uint64_t seed = 1;
  std::string scenario_path;  // empty: the scenario that was calibrated
  std::string out;            // the Result
};

// Requests/s without think time of the calibrated host: the profile's highest load over its share
// of it. InvalidArgument when the profile has no loads.
absl::StatusOr<double> SaturationOf(const model::Profile& profile);

class HostRuns {
 public:
  // `out_dir`: absolute; work/ and logs/ are made in it. `say`: one line for people.
  // `stop`: true ends every wait; Cancelled.
  HostRuns(std::string out_dir, std::function<bool()> stop,
           std::function<void(const std::string&)> say)
      : out_dir_(std::move(out_dir)), stop_(std::move(stop)), say_(std::move(say)) {}

  // Finds programs and CPU controller and makes the folders. FailedPrecondition where CPU limits
  // are not allowed.
  absl::Status Prepare();
  const Programs& programs() const { return programs_; }

  absl::StatusOr<std::unique_ptr<LimitedHost>> Start(const HostLimits& limits) const;
  // Starts a host of these limits as it usually is (one pod, no cache lost, all its connections),
  // calibrates and stops it.
  absl::StatusOr<model::Profile> Calibrate(HostLimits limits,
                                           const CalibrationSettings& settings) const;
  // A run without think time, so that caches are filled and plans prepared as they were when
  // calibration began its levels. Returns its requests/s.
  absl::StatusOr<double> WarmUp(const LimitedHost& host, absl::Duration duration) const;
  absl::StatusOr<MeasuredPoint> Measure(const LimitedHost& host, const RunRequest& request) const;

 private:
  std::string Path(const std::string& name) const { return out_dir_ + "/" + name; }

  const std::string out_dir_;
  const std::function<bool()> stop_;
  const std::function<void(const std::string&)> say_;
  base::CpuController controller_;
  Programs programs_;
};

}  // namespace conformance
