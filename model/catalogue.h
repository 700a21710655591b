#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"

namespace model {

// Kinds of seeded entities. The values are part of every id: never renumber.
enum class EntityKind : uint8_t {
  kClinic = 1,
  kDoctor = 2,
  kPatient = 3,
  kReceptionist = 4,
  kClinicAdmin = 5,
};

// "clinic" | "doctor" | "patient" | "receptionist" | "clinic_admin".
std::string_view EntityName(EntityKind kind);
std::optional<EntityKind> EntityFromName(std::string_view name);
// The role in a user's token: DOCTOR, PATIENT, RECEPTIONIST, CLINIC_ADMIN; "" for a clinic.
std::string_view RoleOf(EntityKind kind);
std::optional<EntityKind> EntityFromRole(std::string_view role);

struct CatalogueSizes {
  uint64_t clinics = 20;
  uint64_t doctors_per_clinic = 5;
  uint64_t patients_per_clinic = 500;
  uint64_t receptionists_per_clinic = 2;
  uint64_t admins_per_clinic = 1;
};

struct Entity {
  EntityKind kind;
  uint64_t index;         // 0-based within its kind
  std::string id;         // UUID in lower case
  std::string email;      // "" for a clinic
  std::string_view role;  // as in the token; "" for a clinic
  uint64_t clinic_index;
  std::string clinic_id;
  std::string first_name;  // a clinic's name stands here
  std::string last_name;
};

// The seeded world, worked out instead of stored: the server's seeder writes these entities into
// the database, and the load generator names them without ever reading it. Immutable, no memory per
// entity, the same on every machine; safe to share between threads.
//
// Users are dealt to clinics in turn (clinic = index % clinics), so the first N users of a kind are
// spread evenly over all clinics. An entity's id depends on its kind and index only: a bigger
// catalogue keeps the ids of a smaller one (its clinics differ when the number of clinics does).
//
// UUIDs are version 8 (RFC 9562: vendor-specific), variant 10:
//   60 bits (custom_a, custom_b): Permute(kind << 52 | index), a bijection of 60-bit numbers
//   62 bits (custom_c):           SplitMix64 of those 60 bits, a check against foreign ids
// Permute(x), modulo 2^60: x ^= x >> 31; x *= 0xBF58476D1CE4E5B9; x ^= x >> 27;
//                          x *= 0x94D049BB133111EB; x ^= x >> 33.
class Catalogue {
 public:
  // Every size must be at least 1 and fit (index < 2^40); checked by Validate().
  explicit Catalogue(const CatalogueSizes& sizes) : sizes_(sizes) {}
  static absl::Status Validate(const CatalogueSizes& sizes);

  const CatalogueSizes& sizes() const { return sizes_; }
  // How many of a kind there are.
  uint64_t Count(EntityKind kind) const;

  // `index` must be below Count(kind).
  Entity Get(EntityKind kind, uint64_t index) const;
  Entity clinic(uint64_t i) const { return Get(EntityKind::kClinic, i); }
  Entity doctor(uint64_t i) const { return Get(EntityKind::kDoctor, i); }
  Entity patient(uint64_t i) const { return Get(EntityKind::kPatient, i); }
  Entity receptionist(uint64_t i) const { return Get(EntityKind::kReceptionist, i); }
  Entity clinic_admin(uint64_t i) const { return Get(EntityKind::kClinicAdmin, i); }

  uint64_t ClinicOf(EntityKind kind, uint64_t index) const {
    return kind == EntityKind::kClinic ? index : index % sizes_.clinics;
  }
  // The k-th of a kind within one clinic; k below the kind's size per clinic.
  uint64_t InClinic(uint64_t clinic, uint64_t k) const { return k * sizes_.clinics + clinic; }
  // How many of a kind each clinic has.
  uint64_t PerClinic(EntityKind kind) const;

  // The way back. nullopt when the id or address is not of this catalogue.
  struct Reference {
    EntityKind kind;
    uint64_t index;
  };
  std::optional<Reference> FindId(std::string_view uuid) const;
  std::optional<Reference> FindEmail(std::string_view email) const;

 private:
  CatalogueSizes sizes_;
};

inline constexpr size_t kUuidLength = 36;

// An entity's id, without and with allocation. The first writes exactly kUuidLength characters.
void WriteEntityId(EntityKind kind, uint64_t index, char* out);
std::string EntityId(EntityKind kind, uint64_t index);

// Bookable time: 18 half-hour slots a day, every day; days 1..365 after today.
inline constexpr int kSlotsPerDay = 18;
inline constexpr int kBookableDays = 365;

// "2030-01-31", `days_ahead` days after `today`.
std::string Day(absl::CivilDay today, int64_t days_ahead);
// "09:00" for slot 0 to "17:30" for slot 17.
std::string SlotTime(int slot);

}  // namespace model
