#include "report/expression.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <initializer_list>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace report {
namespace {

Interval FromCorners(double value, std::initializer_list<double> corners) {
  return {value, std::min(corners), std::max(corners)};
}

Interval Apply(char op, const Interval& a, const Interval& b) {
  switch (op) {
    case '+':
      return {a.value + b.value, a.low + b.low, a.high + b.high};
    case '-':
      return {a.value - b.value, a.low - b.high, a.high - b.low};
    case '*':
      return FromCorners(a.value * b.value,
                         {a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high});
    default:
      return FromCorners(a.value / b.value,
                         {a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high});
  }
}

Truth Compare(std::string_view op, const Interval& left, const Interval& right) {
  const bool strict = op == "<" || op == ">";
  const bool less = op[0] == '<';
  const Interval& small = less ? left : right;
  const Interval& large = less ? right : left;
  const bool surely = strict ? small.high < large.low : small.high <= large.low;
  const bool surely_not = strict ? small.low >= large.high : small.low > large.high;
  if (surely) return Truth::kTrue;
  if (surely_not) return Truth::kFalse;
  return Truth::kStraddles;
}

// Recursive descent over one expression. `missing_` remembers the first name without evidence; its
// value counts as 0 and the term becomes unknown.
class Parser {
 public:
  Parser(std::string_view text, const Lookup& lookup, const FindingLookup& findings)
      : text_(text), lookup_(lookup), findings_(findings) {}

  absl::StatusOr<std::vector<TermOutcome>> Run() {
    std::vector<TermOutcome> terms;
    do {
      auto term = Term();
      if (!term.ok()) return term.status();
      terms.push_back(*std::move(term));
    } while (TakeWord("and"));
    SkipSpace();
    if (at_ != text_.size()) return Error("`and` or the end");
    return terms;
  }

 private:
  absl::StatusOr<TermOutcome> Term() {
    SkipSpace();
    const size_t begin = at_;
    missing_.clear();
    auto term = TakeWord("absent(") ? Absent() : Comparison();
    if (!term.ok()) return term;
    term->text = Trimmed(begin);
    return term;
  }

  absl::StatusOr<TermOutcome> Absent() {
    TermOutcome term;
    do {
      SkipSpace();
      const std::string rule =
          TakeWhile([](char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
      if (rule.empty()) return Error("the id of a rule of `simulator check`");
      auto fired = findings_(rule);
      if (absl::IsNotFound(fired.status())) {
        if (term.missing.empty()) term.missing = rule;
      } else if (!fired.ok()) {
        return fired.status();
      } else if (*fired) {
        term.found.push_back(rule);
      }
    } while (TakeChar(','));
    if (!TakeChar(')')) return Error("`,` or `)`");
    term.truth = !term.found.empty()     ? Truth::kFalse
                 : !term.missing.empty() ? Truth::kUnknown
                                         : Truth::kTrue;
    return term;
  }

  absl::StatusOr<TermOutcome> Comparison() {
    TermOutcome term;
    SkipSpace();
    const size_t begin = at_;
    auto left = Sum();
    if (!left.ok()) return left.status();
    term.quantity = Trimmed(begin);
    term.op = TakeOperator();
    if (term.op.empty()) return Error("one of < <= > >=");
    auto right = Sum();
    if (!right.ok()) return right.status();
    term.left = *left;
    term.right = *right;
    term.missing = missing_;
    term.truth = missing_.empty() ? Compare(term.op, *left, *right) : Truth::kUnknown;
    return term;
  }

  absl::StatusOr<Interval> Sum() {
    return Chain("+-", [this] { return Product(); });
  }
  absl::StatusOr<Interval> Product() {
    return Chain("*/", [this] { return Factor(); });
  }

  template <typename Operand>
  absl::StatusOr<Interval> Chain(std::string_view operators, Operand operand) {
    auto result = operand();
    while (result.ok()) {
      SkipSpace();
      if (at_ == text_.size() || operators.find(text_[at_]) == std::string_view::npos) break;
      const char op = text_[at_++];
      auto next = operand();
      if (!next.ok()) return next;
      result = Apply(op, *result, *next);
    }
    return result;
  }

  absl::StatusOr<Interval> Factor() {
    SkipSpace();
    if (TakeChar('(')) {
      auto inner = Sum();
      if (inner.ok() && !TakeChar(')')) return Error("`)`");
      return inner;
    }
    if (at_ < text_.size() && (std::isdigit(text_[at_]) != 0 || text_[at_] == '-')) {
      return Number();
    }
    const std::string name =
        TakeWhile([](char c) { return std::isalnum(c) != 0 || c == '_' || c == '.' || c == ':'; });
    if (name.empty()) return Error("a number, a name or `(`");
    auto value = lookup_(name);
    if (absl::IsNotFound(value.status())) {
      if (missing_.empty()) missing_ = name;
      return Interval{};
    }
    return value;
  }

  absl::StatusOr<Interval> Number() {
    const std::string digits =
        TakeWhile([](char c) { return std::isdigit(c) != 0 || c == '.' || c == 'e' || c == '-'; });
    double value = 0;
    if (!absl::SimpleAtod(digits, &value)) return Error("a number");
    return Interval::Point(value);
  }

  std::string TakeOperator() {
    SkipSpace();
    for (std::string_view op : {"<=", ">=", "<", ">"}) {
      if (text_.substr(at_, op.size()) == op) {
        at_ += op.size();
        return std::string(op);
      }
    }
    return "";
  }

  template <typename Predicate>
  std::string TakeWhile(Predicate predicate) {
    const size_t begin = at_;
    while (at_ < text_.size() && predicate(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  bool TakeChar(char c) {
    SkipSpace();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool TakeWord(std::string_view word) {
    SkipSpace();
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  void SkipSpace() {
    while (at_ < text_.size() && std::isspace(text_[at_]) != 0) ++at_;
  }

  std::string Trimmed(size_t begin) const {
    const std::string part(text_.substr(begin, at_ - begin));
    return std::string(absl::StripAsciiWhitespace(part));
  }

  absl::Status Error(std::string_view expected) const {
    return absl::InvalidArgumentError(absl::StrCat("expression `", std::string(text_), "`, column ",
                                                   at_ + 1, ": expected ", std::string(expected)));
  }

  std::string_view text_;
  const Lookup& lookup_;
  const FindingLookup& findings_;
  size_t at_ = 0;
  std::string missing_;
};

}  // namespace

absl::StatusOr<std::vector<TermOutcome>> Evaluate(std::string_view expression, const Lookup& lookup,
                                                  const FindingLookup& findings) {
  return Parser(expression, lookup, findings).Run();
}

Truth Combine(const std::vector<TermOutcome>& terms) {
  Truth all = Truth::kTrue;
  for (const TermOutcome& term : terms) {
    if (term.truth == Truth::kFalse) return Truth::kFalse;
    if (term.truth == Truth::kUnknown) all = Truth::kUnknown;
    if (term.truth == Truth::kStraddles && all == Truth::kTrue) all = Truth::kStraddles;
  }
  return all;
}

}  // namespace report
