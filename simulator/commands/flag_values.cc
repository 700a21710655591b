#include "simulator/commands/flag_values.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"

namespace simulator {
namespace {

absl::Status Bad(const std::string& name, const std::string& value, const std::string& expected) {
  return absl::InvalidArgumentError(
      absl::StrCat("--", name, ": expected ", expected, ", found '", value, "'"));
}

absl::StatusOr<double> ParseSeconds(const std::string& name, const std::string& text) {
  double seconds = 0;
  if (absl::SimpleAtod(text, &seconds) && seconds >= 0 && seconds < 1e8) return seconds;
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration < absl::ZeroDuration() ||
      duration > absl::Hours(24 * 365)) {
    return Bad(name, text, "a time such as 10s or 5m");
  }
  return absl::ToDoubleSeconds(duration);
}

}  // namespace

absl::Status ReadSeconds(const FlagMap& flags, const std::string& name, double* seconds) {
  const auto flag = flags.find(name);
  if (flag == flags.end()) return absl::OkStatus();
  const absl::StatusOr<double> value = ParseSeconds(name, flag->second);
  if (!value.ok()) return value.status();
  *seconds = *value;
  return absl::OkStatus();
}

absl::Status ReadCount(const FlagMap& flags, const std::string& name, uint64_t low, uint64_t high,
                       uint64_t* count) {
  const auto flag = flags.find(name);
  if (flag == flags.end()) return absl::OkStatus();
  uint64_t value = 0;
  if (!absl::SimpleAtoi(flag->second, &value) || value < low || value > high) {
    return Bad(name, flag->second, absl::StrCat("a whole number in ", low, "..", high));
  }
  *count = value;
  return absl::OkStatus();
}

absl::Status ReadCount(const FlagMap& flags, const std::string& name, uint64_t low, uint64_t high,
                       uint32_t* count) {
  uint64_t value = *count;
  absl::Status status = ReadCount(flags, name, low, high, &value);
  if (status.ok()) *count = static_cast<uint32_t>(value);
  return status;
}

absl::Status ReadError(const FlagMap& flags, const std::string& name, double* error) {
  const auto flag = flags.find(name);
  if (flag == flags.end()) return absl::OkStatus();
  double value = 0;
  if (!absl::SimpleAtod(flag->second, &value) || !(value >= 0 && value <= 10)) {
    return Bad(name, flag->second, "a fraction such as 0.2");
  }
  *error = value;
  return absl::OkStatus();
}

absl::Status ReadRate(const FlagMap& flags, const std::string& name, double* per_second) {
  const auto flag = flags.find(name);
  if (flag == flags.end()) return absl::OkStatus();
  double value = 0;
  if (!absl::SimpleAtod(absl::StripSuffix(flag->second, "/s"), &value) ||
      !(value > 0 && value <= 1e9)) {
    return Bad(name, flag->second, "arrivals per second above 0, such as 500 or 500/s");
  }
  *per_second = value;
  return absl::OkStatus();
}

absl::Status ReadSwitch(const FlagMap& flags, const std::string& name, bool* on) {
  const auto flag = flags.find(name);
  if (flag == flags.end()) return absl::OkStatus();
  if (flag->second == "on" || flag->second == "true") {
    *on = true;
  } else if (flag->second == "off" || flag->second == "false") {
    *on = false;
  } else {
    return Bad(name, flag->second, "on or off");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<double>> ParseSecondsList(const std::string& name,
                                                     const std::string& text) {
  std::vector<double> list;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    const absl::StatusOr<double> seconds = ParseSeconds(name, std::string(part));
    if (!seconds.ok()) return seconds.status();
    list.push_back(*seconds);
  }
  return list;
}

absl::Status RequireFlags(const FlagMap& flags, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!flags.contains(name)) {
      return absl::InvalidArgumentError(absl::StrCat("--", name, " is missing"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> TakeRepeated(const std::string& name,
                                                      std::vector<std::string>* args) {
  const std::string flag = "--" + name;
  std::vector<std::string> values;
  std::vector<std::string> rest;
  for (size_t i = 0; i < args->size(); ++i) {
    const std::string& word = (*args)[i];
    if (absl::StartsWith(word, flag + "=")) {
      values.push_back(word.substr(flag.size() + 1));
    } else if (word == flag) {
      if (i + 1 == args->size()) {
        return absl::InvalidArgumentError(absl::StrCat(flag, " needs a value"));
      }
      values.push_back((*args)[++i]);
    } else {
      rest.push_back(word);
    }
  }
  *args = std::move(rest);
  return values;
}

std::vector<std::string> TakePositional(std::vector<std::string>* args) {
  size_t count = 0;
  while (count < args->size() && !absl::StartsWith((*args)[count], "--")) ++count;
  const auto end = args->begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<std::string> words(args->begin(), end);
  args->erase(args->begin(), end);
  return words;
}

}  // namespace simulator
