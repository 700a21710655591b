#include "model/kubernetes/postgres_settings.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace model::kubernetes {

Settings ParsePostgresConf(const std::string& text) {
  Settings settings;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    const size_t end = line.find_first_of(" \t=");
    if (end == absl::string_view::npos) continue;
    absl::string_view value = line.substr(end);
    value = absl::StripAsciiWhitespace(value);
    if (!value.empty() && value[0] == '=') value = absl::StripAsciiWhitespace(value.substr(1));
    if (!value.empty() && value[0] == '\'') {
      value = value.substr(1, value.find('\'', 1) - 1);
    } else {
      value = absl::StripAsciiWhitespace(value.substr(0, value.find('#')));
    }
    settings[absl::AsciiStrToLower(line.substr(0, end))] = std::string(value);
  }
  return settings;
}

std::optional<uint64_t> PostgresMemory(const std::string& value, uint64_t unit_bytes) {
  const size_t end = value.find_first_not_of("0123456789");
  uint64_t number = 0;
  if (!absl::SimpleAtoi(value.substr(0, end), &number)) return std::nullopt;
  const std::string unit =
      end == std::string::npos
          ? ""
          : std::string(absl::StripAsciiWhitespace(absl::string_view(value).substr(end)));
  if (unit == "B") {
    unit_bytes = 1;
  } else if (unit == "kB") {
    unit_bytes = 1ull << 10;
  } else if (unit == "MB") {
    unit_bytes = 1ull << 20;
  } else if (unit == "GB") {
    unit_bytes = 1ull << 30;
  } else if (unit == "TB") {
    unit_bytes = 1ull << 40;
  } else if (!unit.empty()) {
    return std::nullopt;
  }
  if (number > (1ull << 62) / unit_bytes) return std::nullopt;
  return number * unit_bytes;
}

bool PostgresOn(const std::string& value) {
  const std::string lower = absl::AsciiStrToLower(value);
  return lower != "off" && lower != "false" && lower != "no" && lower != "0";
}

}  // namespace model::kubernetes
