#include "loadgen/users/tokens.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "model/io.h"

namespace loadgen {
namespace {

std::string_view Std(absl::string_view text) { return {text.data(), text.size()}; }
absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

// What would end the header it is put into.
bool IsHeaderSafe(absl::string_view token) {
  return std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

absl::StatusOr<Tokens> Tokens::Load(const std::string& path) {
  if (path.empty()) return Parse("", "no --tokens file");
  absl::StatusOr<std::string> text = model::ReadFile(path);
  if (!text.ok()) return text.status();
  return Parse(*std::move(text), path);
}

absl::StatusOr<Tokens> Tokens::Parse(std::string text, std::string_view name) {
  Tokens tokens;
  tokens.name_ = std::string(name);
  tokens.text_ = std::make_unique<std::string>(std::move(text));
  int line_number = 0;
  for (absl::string_view line : absl::StrSplit(*tokens.text_, '\n')) {
    ++line_number;
    if (line.empty() || line[0] == '#') continue;
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipWhitespace());
    if (words.empty()) continue;
    Credential credential;
    if (words.size() != 5 || !absl::SimpleAtoi(words[1], &credential.index) ||
        !IsHeaderSafe(words[4])) {
      return absl::InvalidArgumentError(absl::StrCat(
          tokens.name_, ":", line_number, ": expected ROLE index userId clinicId token"));
    }
    credential.user_id = Std(words[2]);
    credential.clinic_id = Std(words[3]);
    credential.token = Std(words[4]);
    tokens.by_role_[std::string(words[0])].push_back(credential);
  }
  return tokens;
}

const std::vector<Credential>& Tokens::OfRole(std::string_view role) const {
  static const std::vector<Credential> kNone;
  const auto found = by_role_.find(role);
  return found == by_role_.end() ? kNone : found->second;
}

absl::Status Tokens::CheckAgainst(const model::Catalogue& catalogue) const {
  for (const auto& [role, credentials] : by_role_) {
    const auto kind = model::EntityFromRole(role);
    if (!kind.has_value()) continue;
    for (const Credential* c : {&credentials.front(), &credentials.back()}) {
      if (c->index < catalogue.Count(*kind)) {
        const model::Entity entity = catalogue.Get(*kind, c->index);
        if (entity.id == c->user_id && entity.clinic_id == c->clinic_id) continue;
      }
      return absl::FailedPreconditionError(absl::StrCat(
          name_, ": the token of ", role, " ", c->index, " (", Absl(c->user_id),
          ") is not of the seed catalogue; give the server's sizes (--seed_clinics, ",
          "--seed_doctors_per_clinic, --seed_patients_per_clinic) and mint with the same"));
    }
  }
  return absl::OkStatus();
}

}  // namespace loadgen
