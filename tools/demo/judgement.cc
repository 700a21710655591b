#include "tools/demo/judgement.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/paths.h"
#include "model/io.h"
#include "report/claims.h"
#include "report/console.h"
#include "report/evidence.h"
#include "report/html/page.h"
#include "report/judge.h"
#include "report/ladder.h"

namespace demo {
namespace {

constexpr double kHeadlineUsers = 1e6;
constexpr double kHeadlineThinkSeconds = 10;

// Names (without folder) of the folder's JSON files that begin with `prefix`, sorted.
std::vector<std::string> FilesWith(const std::string& folder, const std::string& prefix) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (absl::StartsWith(name, prefix) && absl::EndsWith(name, ".json")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status Collect(const std::string& folder, report::Evidence* evidence) {
  for (const std::string& name : FilesWith(folder, "check-")) {
    auto check = model::ReadJson<model::CheckReport>(absl::StrCat(folder, "/", name));
    if (!check.ok()) return check.status();
    evidence->AddCheck(*std::move(check), name);
  }
  for (const char* prefix : {"predicted-", "measured"}) {
    for (const std::string& name : FilesWith(folder, prefix)) {
      auto result = model::ReadJson<model::Result>(absl::StrCat(folder, "/", name));
      if (!result.ok()) return result.status();
      evidence->AddResult(*std::move(result), name);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> JudgeAndWrite(const JudgementInputs& inputs) {
  report::Evidence evidence;
  if (inputs.quick) evidence.SetMissingSimulationReason("not simulated in a quick run");
  if (absl::Status status = Collect(inputs.out_dir, &evidence); !status.ok()) return status;
  auto claims = report::LoadClaims(inputs.claims_path);
  if (!claims.ok()) return claims.status();
  auto verdicts = report::Judge(*claims, evidence);
  if (!verdicts.ok()) return verdicts.status();
  const std::string folder = inputs.out_dir + "/";
  if (auto status = model::WriteJson(*verdicts, folder + "verdict.json"); !status.ok()) {
    return status;
  }
  auto profile = model::ReadJson<model::Profile>(folder + "profile.json");
  if (!profile.ok()) return profile.status();

  report::PageInputs page;
  page.verdicts = &*verdicts;
  page.profile = &*profile;
  page.headline = evidence.Predicted("production", {kHeadlineUsers, kHeadlineThinkSeconds});
  page.measured = evidence.Measured();
  for (const auto& [path, result] : evidence.results()) {
    if (path == "predicted-this-host.json") page.predicted = &result;
  }
  page.ladder = report::LadderOf({&*profile, page.measured, page.predicted, page.headline});
  if (auto status = base::WriteFile(folder + "index.html", report::RenderPage(page));
      !status.ok()) {
    return status;
  }
  return report::RenderVerdictTable(*verdicts, isatty(STDOUT_FILENO) != 0);
}

}  // namespace demo
