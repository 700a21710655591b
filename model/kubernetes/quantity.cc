#include "model/kubernetes/quantity.h"

#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace model::kubernetes {
namespace {

using Wide = __int128;
constexpr Wide kLimit = static_cast<Wide>(std::numeric_limits<int64_t>::max());
constexpr size_t kMaxDigits = 25;  // mantissa < 1e25; larger figures are no quantities

struct Scale {
  int power_of_ten = 0;
  int power_of_1024 = 0;
};

bool ParseSuffix(absl::string_view suffix, Scale* scale) {
  constexpr absl::string_view kBinary = "KMGTPE";
  constexpr absl::string_view kDecimal = "numkMGTPE";
  constexpr int kPowers[] = {-9, -6, -3, 3, 6, 9, 12, 15, 18};
  if (suffix.empty()) return true;
  if (suffix.size() == 1) {
    const size_t at = kDecimal.find(suffix[0]);
    if (at == absl::string_view::npos) return false;
    scale->power_of_ten = kPowers[at];
    return true;
  }
  if (suffix.size() == 2 && suffix[1] == 'i') {
    const size_t at = kBinary.find(suffix[0]);
    if (at == absl::string_view::npos) return false;
    scale->power_of_1024 = static_cast<int>(at) + 1;
    return true;
  }
  int exponent = 0;
  if ((suffix[0] == 'e' || suffix[0] == 'E') && absl::SimpleAtoi(suffix.substr(1), &exponent) &&
      exponent >= -30 && exponent <= 30) {
    scale->power_of_ten = exponent;
    return true;
  }
  return false;
}

// value x 10^power, rounded away from zero, saturating.
Wide ScaleTen(Wide value, int power) {
  for (; power > 0; --power) {
    if (value > kLimit * 10) return kLimit;
    value *= 10;
  }
  bool rest = false;
  for (; power < 0; ++power) {
    rest = rest || value % 10 != 0;
    value /= 10;
  }
  return value + (rest ? 1 : 0);
}

absl::Status Bad(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("`", std::string(text), "` is no quantity such as 500m, 2, 1.5 or 1Gi"));
}

absl::StatusOr<int64_t> Parse(absl::string_view text, int unit_power) {
  absl::string_view rest = text;
  const bool negative = !rest.empty() && rest[0] == '-';
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) rest.remove_prefix(1);
  Wide mantissa = 0;
  size_t digits = 0;
  int fraction = 0;
  bool point = false;
  while (!rest.empty() &&
         (absl::ascii_isdigit(static_cast<unsigned char>(rest[0])) || (rest[0] == '.' && !point))) {
    if (rest[0] == '.') {
      point = true;
    } else {
      if (++digits > kMaxDigits) return Bad(text);
      mantissa = mantissa * 10 + (rest[0] - '0');
      fraction += point ? 1 : 0;
    }
    rest.remove_prefix(1);
  }
  Scale scale;
  if (digits == 0 || !ParseSuffix(rest, &scale)) return Bad(text);
  for (int i = 0; i < scale.power_of_1024; ++i) {
    mantissa = mantissa > (Wide{1} << 115) ? (Wide{1} << 115) : mantissa * 1024;
  }
  Wide value = ScaleTen(mantissa, scale.power_of_ten + unit_power - fraction);
  if (value > kLimit) value = kLimit;
  return static_cast<int64_t>(negative ? -value : value);
}

}  // namespace

absl::StatusOr<int64_t> ParseQuantityMilli(absl::string_view text) { return Parse(text, 3); }

absl::StatusOr<int64_t> ParseQuantityUnits(absl::string_view text) { return Parse(text, 0); }

}  // namespace model::kubernetes
