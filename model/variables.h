#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/catalogue.h"

// What ${...} may name in a scenario, defined once for the loader's check and for both engines.
//
//   ${user.FIELD}     the virtual user's own seeded entity, of its journey's role
//   ${FEEDER.FIELD}   the entity that the feeder picked when the journey began
//   ${FEEDER}         a feeder of days or slots: "2030-01-31", "09:30"
//   ${day} ${slot}    a random bookable day and half-hour, unless a feeder or a step has that name;
//                     drawn when the journey begins
//   ${today} ${now}   the run's date, and the moment of sending as RFC 3339 in UTC
//   ${password}       every seeded user's password
//   ${VARIABLE}       what an earlier step of the same journey extracted
namespace model {

// Fields of a user are id, email, role, clinicId, firstName, lastName, index; of a clinic id, name,
// index.
enum class EntityField : uint8_t {
  kId,
  kEmail,
  kRole,
  kClinicId,
  kFirstName,
  kLastName,
  kIndex,
  kName,
};

std::optional<EntityField> EntityFieldFromName(std::string_view name);
// The names that an entity of this kind has, for messages and checks.
std::span<const std::string_view> EntityFieldNames(EntityKind kind);
// Appends the field's text. The entity must have such a field and exist in the catalogue.
void AppendEntityField(const Catalogue& catalogue, EntityKind kind, uint64_t index,
                       EntityField field, std::string* out);

// Variables without a feeder: day, slot, today, now, password.
std::span<const std::string_view> BuiltinVariables();

// The password of every seeded user.
inline constexpr char kSeedPassword[] = "Praxis-Demo-1";

// Feeders' entities that are not in the catalogue: they have no fields.
inline constexpr char kDayEntity[] = "day";    // 1..kBookableDays after today
inline constexpr char kSlotEntity[] = "slot";  // 0..kSlotsPerDay-1

}  // namespace model
