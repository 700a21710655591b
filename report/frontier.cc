#include "report/frontier.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "report/figure.h"

namespace report {

std::string SecondsText(double seconds) { return absl::StrCat(ShortFigure(seconds), " s"); }

void Frontier::Add(double think_seconds, Truth answer) {
  answers_.emplace_back(think_seconds, answer == Truth::kTrue    ? "holds"
                                       : answer == Truth::kFalse ? "fails"
                                                                 : "open");
}

std::string Frontier::WhereItChanges() const {
  std::vector<std::string> changes;
  for (size_t i = 1; i < answers_.size(); ++i) {
    const auto& [before, answer_before] = answers_[i - 1];
    const auto& [after, answer_after] = answers_[i];
    if (answer_after == answer_before) continue;
    changes.push_back(absl::StrCat("between ", SecondsText(before), " (", answer_before, ") and ",
                                   SecondsText(after), " (", answer_after, ")"));
  }
  if (!changes.empty()) return absl::StrCat("the answer changes ", absl::StrJoin(changes, ", "));
  return absl::StrCat("the same from ", SecondsText(answers_.front().first), " to ",
                      SecondsText(answers_.back().first), " (", answers_.front().second, ")");
}

std::string Frontier::Text() const {
  if (answers_.size() < 2) return "";
  std::vector<std::string> words;
  words.reserve(answers_.size());
  for (const auto& [think, answer] : answers_) {
    words.push_back(absl::StrCat(SecondsText(think), " ", answer));
  }
  return absl::StrCat("think time ", absl::StrJoin(words, ", "), "; ", WhereItChanges());
}

}  // namespace report
