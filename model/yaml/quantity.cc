#include "model/yaml/quantity.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace model {
namespace {

absl::Status Unexpected(std::string_view expected, std::string_view found) {
  return absl::InvalidArgumentError(
      absl::StrCat("expected ", std::string(expected), ", found \"", std::string(found), "\""));
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// 012, -07, 00: another number to a YAML 1.1 reader than to a person.
bool HasLeadingZero(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return text.size() > 1 && text[0] == '0' && IsDigit(text[1]);
}

template <typename Number>
absl::StatusOr<Number> ParseWhole(std::string_view text, std::string_view expected) {
  if (HasLeadingZero(text)) {
    return Unexpected(
        absl::StrCat(std::string(expected), " without a leading zero (which would make it octal)"),
        text);
  }
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    return Unexpected(
        absl::StrCat(std::string(expected), " of at most ", std::numeric_limits<Number>::max()),
        text);
  }
  if (error != std::errc() || end != text.data() + text.size()) return Unexpected(expected, text);
  return value;
}

// Splits "16Gi" into 16 and "Gi". False when there is no number in front.
bool SplitUnit(std::string_view text, double* number, std::string_view* unit) {
  if (text.empty() || !IsDigit(text[0]) || HasLeadingZero(text)) return false;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), *number, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(*number)) return false;
  *unit = text.substr(static_cast<size_t>(end - text.data()));
  return true;
}

}  // namespace

absl::StatusOr<double> ParseSeconds(std::string_view text) {
  constexpr std::string_view kExpected = "a duration such as 250ms, 60s, 1m30s or 2h";
  absl::Duration duration;
  if (text.empty() || text[0] == '+' || text[0] == '-' ||
      !absl::ParseDuration(std::string(text), &duration)) {
    return Unexpected(kExpected, text);
  }
  if (duration == absl::InfiniteDuration()) return Unexpected(kExpected, text);
  return absl::ToDoubleSeconds(duration);
}

absl::StatusOr<uint64_t> ParseCount(std::string_view text) {
  return ParseWhole<uint64_t>(text, "a whole number of 0 or more");
}

absl::StatusOr<int64_t> ParseInteger(std::string_view text) {
  return ParseWhole<int64_t>(text, "a whole number");
}

absl::StatusOr<double> ParseNumber(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool number_like = !text.empty() && (IsDigit(text[0]) || text[0] == '-');
  if (error != std::errc() || end != text.data() + text.size() || !number_like ||
      !std::isfinite(value)) {
    return Unexpected("a number", text);
  }
  if (HasLeadingZero(text)) {
    return Unexpected("a number without a leading zero (which would make it octal)", text);
  }
  return value;
}

absl::StatusOr<bool> ParseBool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return Unexpected("true or false", text);
}

absl::StatusOr<uint64_t> ParseBytes(std::string_view text) {
  constexpr std::string_view kExpected = "a size such as 16Gi, 512Mi, 500M or 1024";
  struct Unit {
    std::string_view name;
    double bytes;
  };
  constexpr Unit kUnits[] = {{"", 1},           {"k", 1e3},           {"M", 1e6},
                             {"G", 1e9},        {"T", 1e12},          {"Ki", 1024.0},
                             {"Mi", 1048576.0}, {"Gi", 1073741824.0}, {"Ti", 1099511627776.0}};
  double number = 0;
  std::string_view unit;
  if (!SplitUnit(text, &number, &unit)) return Unexpected(kExpected, text);
  for (const Unit& candidate : kUnits) {
    if (candidate.name != unit) continue;
    const double bytes = number * candidate.bytes;
    if (bytes >= 9.2e18) return Unexpected(kExpected, text);
    return static_cast<uint64_t>(std::llround(bytes));
  }
  return Unexpected(kExpected, text);
}

absl::StatusOr<uint32_t> ParseMillicores(std::string_view text) {
  constexpr std::string_view kExpected = "CPU cores such as 500m, 2 or 0.5";
  double number = 0;
  std::string_view unit;
  if (!SplitUnit(text, &number, &unit)) return Unexpected(kExpected, text);
  if (unit != "" && unit != "m") return Unexpected(kExpected, text);
  const double milli = unit == "m" ? number : number * 1000;
  if (milli > std::numeric_limits<uint32_t>::max() || milli != std::floor(milli)) {
    return Unexpected("CPU cores in whole millicores", text);
  }
  return static_cast<uint32_t>(milli);
}

}  // namespace model
