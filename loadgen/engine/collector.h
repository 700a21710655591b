#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/result.pb.h"

// Joins the workers' partial Results (loadgen/engine/recorder.h) into one. Adding is exact,
// commutative and associative: the result of N workers is bucket-identical to that of one.
// Memory: a few numbers a second of the run, and the histograms of the seconds not yet complete.
namespace loadgen {

// What the live line shows of one second.
struct SecondLine {
  int64_t second = 0;
  uint64_t users = 0;
  uint64_t started = 0;
  uint64_t finished = 0;
  uint64_t failed = 0;  // every outcome but ok
  double p95_ms = 0;    // NaN when nothing finished
};

class Collector {
 public:
  // `seconds`: how many seconds the series cover; later reports (of the drain) are not in them.
  Collector(int workers, int64_t seconds) : workers_(workers), seconds_(seconds) {}

  absl::Status AddSecond(const model::Result& report);
  absl::Status AddFinal(const model::Result& report);

  // The next second that all workers have reported, in order.
  std::optional<SecondLine> TakeLine();
  int finals() const { return finals_; }

  // operations, total, series, resources, quantities; the caller adds provenance, window, users.
  absl::StatusOr<model::Result> Finish();

 private:
  struct Pending {
    int reports = 0;
    model::Result sum;
    double started = 0, connections = 0;
  };
  void Close(const Pending& pending);
  model::Series& SeriesNamed(const std::string& name);

  const int workers_;
  const int64_t seconds_;
  int finals_ = 0;
  int64_t next_second_ = 0;
  std::map<int64_t, Pending> pending_;
  std::map<std::string, model::Series> series_;
  std::map<std::string, double> quantities_;
  std::vector<SecondLine> lines_;
  size_t next_line_ = 0;
  model::Result result_;
};

// Adds counts, bytes and buckets of `from` to `into`; the name of `into` stays.
absl::Status MergeOperation(const model::OperationResult& from, model::OperationResult* into);

// Requests whose outcome is not ok.
uint64_t Failures(const model::OperationResult& operation);

}  // namespace loadgen
