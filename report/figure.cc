#include "report/figure.h"

#include <cmath>

#include "absl/strings/str_format.h"

namespace report {

std::string ShortFigure(double value) {
  if (std::isnan(value)) return "\u2013";
  if (std::abs(value) < 1e4) {
    return value == std::floor(value) ? absl::StrFormat("%.0f", value)
                                      : absl::StrFormat("%.4g", value);
  }
  // 111111.1 as 111,111: an exponent is not a figure that people read.
  std::string digits = absl::StrFormat("%.0f", value);
  for (int at = static_cast<int>(digits.size()) - 3; at > (value < 0 ? 1 : 0); at -= 3) {
    digits.insert(static_cast<size_t>(at), 1, ',');
  }
  return digits;
}

}  // namespace report
