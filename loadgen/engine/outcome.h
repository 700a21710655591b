#pragma once

#include <cstdint>
#include <string_view>

// How one request ended. The names are those of model::OperationResult.outcomes.
namespace loadgen {

enum class Outcome : uint8_t {
  kOk,             // answered, checks passed
  kCheckFailed,    // answered below 400, but not as the check demands
  kHttp4xx,        // answered 4xx and no check allows that status
  kHttp5xx,        // answered 5xx and no check allows that status
  kTimeout,        // no complete answer within the timeout; the connection was closed
  kRefused,        // the server refused the connection
  kReset,          // the connection broke, or the answer was not HTTP
  kConnectFailed,  // no connection for another reason (ports or descriptors used up, unreachable)
  kUnfinished,     // still under way when the run ended; its time so far is recorded
};
inline constexpr int kOutcomes = 9;

constexpr std::string_view OutcomeName(Outcome outcome) {
  constexpr std::string_view kNames[kOutcomes] = {"ok",       "check_failed",   "http_4xx",
                                                  "http_5xx", "timeout",        "refused",
                                                  "reset",    "connect_failed", "unfinished"};
  return kNames[static_cast<int>(outcome)];
}

// The server sent a complete answer: such a request is in its metrics too.
constexpr bool IsAnswered(Outcome outcome) { return outcome <= Outcome::kHttp5xx; }

// The outcome of an answer for which no check asked.
constexpr Outcome OutcomeOfStatus(int status) {
  if (status >= 500) return Outcome::kHttp5xx;
  return status >= 400 ? Outcome::kHttp4xx : Outcome::kOk;
}

}  // namespace loadgen
