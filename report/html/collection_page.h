#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "model/result.pb.h"
#include "report/storm_map.h"
#include "report/sweep_points.h"

// One page from any files that the tools write.

namespace report {

class Collection {
 public:
  // Tells by the content what it is: a Result (`simulator run --out`, `loadgen --out`, a file of
  // `validate`), the points.jsonl of a sweep, the file of `simulator map --out`. InvalidArgument:
  // none of them, or malformed.
  absl::Status Add(const std::string& name, const std::string& text);

  // One Result alone: the page of that run; else everything side by side. FailedPrecondition when
  // nothing was added.
  absl::StatusOr<std::string> Render() const;

 private:
  std::vector<std::pair<std::string, model::Result>> results_;
  std::vector<std::pair<std::string, std::vector<SweepPoint>>> sweeps_;
  std::vector<std::pair<std::string, StormMap>> storms_;
};

}  // namespace report
