#include "simulator/check/format.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "simulator/check/check.h"
#include "simulator/check/rule.h"

namespace simulator {
namespace {

using model::Finding;

const char* Name(Finding::Severity severity) {
  switch (severity) {
    case Finding::ERROR:
      return "error";
    case Finding::WARNING:
      return "warning";
    default:
      return "note";
  }
}

std::string Where(const Finding& finding) {
  if (finding.file().empty()) return finding.object();
  return absl::StrCat(finding.file(), ":", finding.line());
}

std::string Counted(int count, const char* noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

std::string EscapeData(const std::string& text) {
  return absl::StrReplaceAll(text, {{"%", "%25"}, {"\r", "%0D"}, {"\n", "%0A"}});
}

std::string EscapeProperty(const std::string& text) {
  return absl::StrReplaceAll(
      text, {{"%", "%25"}, {"\r", "%0D"}, {"\n", "%0A"}, {":", "%3A"}, {",", "%2C"}});
}

}  // namespace

std::string FormatSummary(const model::CheckReport& report, size_t objects) {
  const FindingCounts counts = Count(report);
  return absl::StrCat(Counted(counts.errors, "error"), ", ", Counted(counts.warnings, "warning"),
                      ", ", Counted(counts.notes, "note"), " in ",
                      Counted(static_cast<int>(objects), "object"));
}

std::string FormatTable(const model::CheckReport& report, size_t objects) {
  std::string out;
  for (const Finding& finding : report.findings()) {
    absl::StrAppendFormat(&out, "%-7s %-32s %s\n", absl::AsciiStrToUpper(Name(finding.severity())),
                          finding.rule(), Where(finding));
    absl::StrAppend(&out, "        ", finding.object(),
                    finding.field().empty() ? "" : absl::StrCat("  ", finding.field()), "\n");
    absl::StrAppend(&out, "        ", finding.message(), "\n");
    if (!finding.arithmetic().empty())
      absl::StrAppend(&out, "        = ", finding.arithmetic(), "\n");
    if (!finding.change().empty()) absl::StrAppend(&out, "        > ", finding.change(), "\n");
    absl::StrAppend(&out, "\n");
  }
  if (report.facts_size() > 0) absl::StrAppend(&out, "Figures\n");
  for (const model::Fact& fact : report.facts()) {
    absl::StrAppendFormat(&out, "  %-32s %14.10g %-12s %s\n", fact.name(), fact.value(),
                          fact.unit(), fact.arithmetic());
  }
  if (report.ignored_objects_size() > 0) {
    absl::StrAppend(&out, "\nNot judged (kinds no rule knows): ",
                    absl::StrJoin(report.ignored_objects(), ", "), "\n");
  }
  absl::StrAppend(&out, report.facts_size() > 0 ? "\n" : "", FormatSummary(report, objects), " (",
                  report.rules_run_size(), " rules)\n");
  return out;
}

absl::StatusOr<std::string> FormatJson(const model::CheckReport& report) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(report, &json, options);
  if (!status.ok()) return absl::InternalError(std::string(status.message()));
  return json;
}

std::string FormatGithub(const model::CheckReport& report, size_t objects) {
  std::string out;
  for (const Finding& finding : report.findings()) {
    const char* level = finding.severity() == Finding::NOTE ? "notice" : Name(finding.severity());
    std::string text =
        absl::StrCat(finding.object(), " ", finding.field(), ": ", finding.message());
    if (!finding.arithmetic().empty()) absl::StrAppend(&text, "\n", finding.arithmetic());
    if (!finding.change().empty()) absl::StrAppend(&text, "\nChange: ", finding.change());
    absl::StrAppend(&out, "::", level, " file=", EscapeProperty(finding.file()),
                    ",line=", std::max(finding.line(), 1u), ",title=", finding.rule(),
                    "::", EscapeData(text), "\n");
  }
  absl::StrAppend(&out, FormatSummary(report, objects), "\n");
  return out;
}

std::string FormatRules() {
  std::string out = "| rule | severity | what must hold | documents too |\n|---|---|---|---|\n";
  for (const check::Rule& rule : check::AllRules()) {
    absl::StrAppend(&out, "| `", rule.id, "` | ", Name(rule.severity), " | ", rule.what, " | ",
                    !rule.run            ? "stated only"
                    : rule.needs_objects ? "no"
                                         : "yes",
                    " |\n");
  }
  return out;
}

}  // namespace simulator
