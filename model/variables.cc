#include "model/variables.h"

#include <array>

#include "absl/strings/str_cat.h"

namespace model {
namespace {

constexpr std::array<std::string_view, 7> kUserFields = {
    "id", "email", "role", "clinicId", "firstName", "lastName", "index"};
constexpr std::array<std::string_view, 3> kClinicFields = {"id", "name", "index"};
constexpr std::array<std::string_view, 5> kBuiltins = {"day", "slot", "today", "now", "password"};

}  // namespace

std::optional<EntityField> EntityFieldFromName(std::string_view name) {
  constexpr std::pair<std::string_view, EntityField> kFields[] = {
      {"id", EntityField::kId},
      {"email", EntityField::kEmail},
      {"role", EntityField::kRole},
      {"clinicId", EntityField::kClinicId},
      {"firstName", EntityField::kFirstName},
      {"lastName", EntityField::kLastName},
      {"index", EntityField::kIndex},
      {"name", EntityField::kName}};
  for (const auto& [text, field] : kFields) {
    if (text == name) return field;
  }
  return std::nullopt;
}

std::span<const std::string_view> EntityFieldNames(EntityKind kind) {
  if (kind == EntityKind::kClinic) return kClinicFields;
  return kUserFields;
}

void AppendEntityField(const Catalogue& catalogue, EntityKind kind, uint64_t index,
                       EntityField field, std::string* out) {
  switch (field) {
    // Ids are in nearly every request: no allocation.
    case EntityField::kId:
    case EntityField::kClinicId: {
      char id[kUuidLength];
      if (field == EntityField::kId) {
        WriteEntityId(kind, index, id);
      } else {
        WriteEntityId(EntityKind::kClinic, catalogue.ClinicOf(kind, index), id);
      }
      out->append(id, kUuidLength);
      return;
    }
    case EntityField::kIndex:
      absl::StrAppend(out, index);
      return;
    case EntityField::kRole:
      out->append(RoleOf(kind));
      return;
    case EntityField::kEmail:
      out->append(catalogue.Get(kind, index).email);
      return;
    case EntityField::kName:
    case EntityField::kFirstName:
      out->append(catalogue.Get(kind, index).first_name);
      return;
    case EntityField::kLastName:
      out->append(catalogue.Get(kind, index).last_name);
      return;
  }
}

std::span<const std::string_view> BuiltinVariables() { return kBuiltins; }

}  // namespace model
