#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "model/result.pb.h"

// The figures of a Result, each defined once for both engines, thresholds and reports.
namespace model {

// An answer that all checks accepted. Every other outcome is an error.
inline constexpr char kOutcomeOk[] = "ok";
// Answered with an accepted status, but the body failed a check.
inline constexpr char kOutcomeCheckFailed[] = "check_failed";

uint64_t OkCount(const OperationResult& result);

// Requests that did not end `ok`, per request; 0 without requests.
double ErrorRate(const OperationResult& result);

// Requests that did what the user wanted, per request: answered 2xx and accepted by the checks. An
// accepted refusal (a 409 that the scenario expects) is an answer, not work. Without recorded
// statuses (simulated results) every `ok` counts. 0 without requests.
double UsefulWork(const OperationResult& result);

// Response time (from the intended start) and service time (from sending) in milliseconds, q in
// 0..1; 0 without requests.
double ResponseQuantileMs(const OperationResult& result, double q);
double ServiceQuantileMs(const OperationResult& result, double q);

// Finished requests per second over the measured window; 0 without a window.
double Throughput(const Result& result);
double Throughput(const Result& result, const OperationResult& operation);

// nullptr: the result has no such operation. "" finds the total.
const OperationResult* FindOperation(const Result& result, std::string_view operation);

// Adds counts, bytes and histograms; exact and in any order. `into` keeps its operation's name.
absl::Status MergeInto(const OperationResult& from, OperationResult* into);

// total = the merge of all operations; what `total` held before is dropped.
absl::Status FillTotal(Result* result);

}  // namespace model
