#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loadgen/engine/outcome.h"
#include "loadgen/users/plan.h"

// What a step's checks say of an answer, and what it extracts from it. The body is parsed (at most
// once) only for steps that look into it.
namespace loadgen {

struct Judgement {
  Outcome outcome = Outcome::kOk;
  std::vector<std::pair<uint16_t, std::string>> extracted;  // variable, value; only those found
};

Judgement JudgeAnswer(const StepPlan& step, int status, std::string_view body);

// The tokens of an answer to auth.login or auth.refresh. Empty strings when they are not there.
struct SessionTokens {
  std::string access, refresh;
  int64_t expires_unix_seconds = 0;  // `exp` of the access token; 0: unknown
};
SessionTokens ReadSessionTokens(std::string_view body);

}  // namespace loadgen
