#include "loadgen/users/answer.h"

#include <algorithm>
#include <boost/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"

namespace loadgen {
namespace {

namespace json = boost::json;

const json::value* Find(const json::value& document, std::string_view pointer) {
  json::error_code error;
  return document.find_pointer(json::string_view(pointer.data(), pointer.size()), error);
}

bool IsEmpty(const json::value& value) {
  if (value.is_null()) return true;
  if (value.is_string()) return value.get_string().empty();
  if (value.is_array()) return value.get_array().empty();
  if (value.is_object()) return value.get_object().empty();
  return false;
}

std::string Text(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  return json::serialize(value);
}

Outcome JudgeStatus(const StepPlan& step, int status) {
  const std::vector<uint32_t>& accepted = step.accepted_statuses;
  const bool ok = accepted.empty()
                      ? status >= 200 && status < 300
                      : std::find(accepted.begin(), accepted.end(), status) != accepted.end();
  if (ok) return Outcome::kOk;
  const Outcome plain = OutcomeOfStatus(status);
  return plain == Outcome::kOk ? Outcome::kCheckFailed : plain;
}

}  // namespace

Judgement JudgeAnswer(const StepPlan& step, int status, std::string_view body) {
  Judgement judgement;
  judgement.outcome = JudgeStatus(step, status);
  // The checks of the body belong to the wanted answer; an accepted refusal has another one.
  if (!step.needs_body() || judgement.outcome != Outcome::kOk || status >= 300) return judgement;
  json::error_code error;
  const json::value document = json::parse(json::string_view(body.data(), body.size()), error);
  if (error) {
    judgement.outcome = Outcome::kCheckFailed;
    return judgement;
  }
  for (const auto& [pointer, expected] : step.json_checks) {
    const json::value* value = Find(document, pointer);
    const bool passed =
        value != nullptr && (expected == "not_empty" ? !IsEmpty(*value) : Text(*value) == expected);
    if (!passed) judgement.outcome = Outcome::kCheckFailed;
  }
  for (const auto& [variable, pointer] : step.extracts) {
    const json::value* value = Find(document, pointer);
    if (value != nullptr && !value->is_null()) {
      judgement.extracted.emplace_back(variable, Text(*value));
    }
  }
  return judgement;
}

SessionTokens ReadSessionTokens(std::string_view body) {
  SessionTokens tokens;
  json::error_code error;
  const json::value document = json::parse(json::string_view(body.data(), body.size()), error);
  if (error) return tokens;
  const json::value* access = Find(document, "/data/accessToken");
  const json::value* refresh = Find(document, "/data/refreshToken");
  if (access != nullptr && access->is_string()) tokens.access = Text(*access);
  if (refresh != nullptr && refresh->is_string()) tokens.refresh = Text(*refresh);
  const std::vector<std::string> parts = absl::StrSplit(tokens.access, '.');
  std::string claims;
  if (parts.size() == 3 && absl::WebSafeBase64Unescape(parts[1], &claims)) {
    const json::value parsed = json::parse(claims, error);
    const json::value* expires = error ? nullptr : Find(parsed, "/exp");
    if (expires != nullptr && expires->is_number()) {
      tokens.expires_unix_seconds = expires->to_number<int64_t>(error);
    }
  }
  return tokens;
}

}  // namespace loadgen
