#include "loadgen/commands/flags.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"

DEFINE_int32(workers, 1, "worker processes; one fills one core");
DEFINE_string(out, "", "file for the result (JSON, model::Result)");
DEFINE_string(allow_target, "",
              "hosts besides this machine that may be loaded (comma-separated); needs their "
              "owner's consent");
DEFINE_string(source_addresses, "",
              "local addresses to connect from, e.g. 127.0.0.1-127.0.0.20; needed beyond 28,000 "
              "connections to one target");
DEFINE_bool(progress, true, "a line a second on stderr");

namespace loadgen {

absl::StatusOr<std::vector<std::string>> ParseFlags(const std::vector<std::string>& args) {
  std::vector<std::string> words;
  for (size_t i = 0; i < args.size(); ++i) {
    absl::string_view text = args[i];
    if (!absl::ConsumePrefix(&text, "-") || text.empty()) {
      words.push_back(args[i]);
      continue;
    }
    absl::ConsumePrefix(&text, "-");
    const size_t equals = text.find('=');
    std::string name(text.substr(0, equals));
    std::replace(name.begin(), name.end(), '-', '_');
    std::string value;
    bool has_value = equals != absl::string_view::npos;
    if (has_value) value = std::string(text.substr(equals + 1));
    gflags::CommandLineFlagInfo info;
    if (!gflags::GetCommandLineFlagInfo(name.c_str(), &info)) {
      absl::string_view positive = name;
      if (!has_value && absl::ConsumePrefix(&positive, "no") &&
          gflags::GetCommandLineFlagInfo(std::string(positive).c_str(), &info) &&
          info.type == "bool") {
        name = std::string(positive);
        value = "false";
        has_value = true;
      } else {
        return absl::InvalidArgumentError(
            absl::StrCat("unknown flag ", args[i], "; `loadgen help` lists them"));
      }
    }
    if (!has_value && info.type == "bool") {
      value = "true";
    } else if (!has_value) {
      if (i + 1 == args.size()) {
        return absl::InvalidArgumentError(absl::StrCat(args[i], ": expected a value"));
      }
      value = args[++i];
    }
    if (gflags::SetCommandLineOption(name.c_str(), value.c_str()).empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", name, " \"", value, "\": expected a value of type ", info.type));
    }
  }
  return words;
}

absl::StatusOr<int64_t> ParseDurationNanos(absl::string_view text, absl::string_view flag) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration <= absl::ZeroDuration() ||
      duration > absl::Hours(24 * 30)) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, " \"", text, "\": expected a time such as 500ms, 30s or 2m"));
  }
  return absl::ToInt64Nanoseconds(duration);
}

std::string UserPath(const std::string& path) {
  const char* folder = std::getenv("BUILD_WORKING_DIRECTORY");
  if (folder == nullptr || path.empty() || path[0] == '/') return path;
  return absl::StrCat(folder, "/", path);
}

}  // namespace loadgen
