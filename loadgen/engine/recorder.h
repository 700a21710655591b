#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "loadgen/engine/outcome.h"
#include "model/histogram.h"
#include "model/result.pb.h"

// What one worker saw, in fixed memory, handed over as partial model::Results:
//
// - TakeSecond: one second of the run, for the live line and the series. In it
//   `measured_from_seconds` is the second's number, `users` the users active at its end, `total`
//   what finished in it, and the quantities "started" and "connections" say the rest.
// - TakeFinal: per operation everything whose intended start lay in the measured window, and as
//   quantities the counts over the whole run (see kWholeRun below).
//
// Merging partial Results over workers adds counts and histogram buckets, so it is exact whatever
// the number of workers (loadgen/engine/collector.h).
//
// Response time (done - intended), service time (done - sent) and release lateness
// (released - due) are recorded for answered, timed-out and unfinished requests; what never
// reached the server (refused, no connection) and resets count only as outcomes: a refusal within
// microseconds would make the percentiles look good.
namespace loadgen {

inline constexpr char kWholeRun[] = "requests_whole_run";  // answered, from start to end
inline constexpr char kWholeRunUnanswered[] = "requests_whole_run_unanswered";
inline constexpr char kStarted[] = "started";
inline constexpr char kConnections[] = "connections";

struct FinishedRequest {
  uint32_t operation = 0;
  Outcome outcome = Outcome::kOk;
  int status = 0;  // 0: no answer
  int64_t intended_ns = 0;
  int64_t released_ns = 0;  // when the generator turned to it
  int64_t sent_ns = 0;      // 0: never sent
  int64_t done_ns = 0;
  int64_t bytes_sent = 0;
  int64_t bytes_received = 0;
};

class Recorder {
 public:
  // [window_from_ns, window_to_ns): intended starts that the final result covers.
  Recorder(std::vector<std::string> operations, int64_t window_from_ns, int64_t window_to_ns);

  void Started() { ++second_started_; }
  void Finished(const FinishedRequest& request);
  // A count of the whole run that goes into the final result; workers' counts add up.
  void AddQuantity(std::string name, double value);

  model::Result TakeSecond(int64_t second, uint64_t users, uint64_t connections);
  model::Result TakeFinal();

 private:
  static constexpr int kStatuses = 600;

  struct Operation {
    std::string name;
    uint64_t requests = 0;
    std::array<uint64_t, kOutcomes> outcomes = {};
    std::array<uint64_t, kStatuses> statuses = {};
    model::Histogram response, service, lateness;
    uint64_t bytes_sent = 0, bytes_received = 0;
    uint64_t whole_run = 0, whole_run_unanswered = 0;
  };

  std::vector<std::unique_ptr<Operation>> operations_;
  std::vector<std::pair<std::string, double>> quantities_;
  const int64_t window_from_ns_, window_to_ns_;
  uint64_t second_started_ = 0, second_finished_ = 0;
  std::array<uint64_t, kOutcomes> second_outcomes_ = {};
  model::CompactHistogram second_response_, second_lateness_;
};

}  // namespace loadgen
