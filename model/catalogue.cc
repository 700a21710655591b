#include "model/catalogue.h"

#include <array>
#include <cstdio>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace model {
namespace {

constexpr int kIndexBits = 52;
constexpr uint64_t kMask60 = (uint64_t{1} << 60) - 1;
constexpr uint64_t kMask62 = (uint64_t{1} << 62) - 1;
constexpr uint64_t kMultiplier1 = 0xBF58476D1CE4E5B9;
constexpr uint64_t kMultiplier2 = 0x94D049BB133111EB;

// Inverse of an odd number modulo 2^64, by Newton's iteration; it holds modulo 2^60 too.
constexpr uint64_t Inverse(uint64_t odd) {
  uint64_t x = odd;
  for (int i = 0; i < 6; ++i) x *= 2 - odd * x;
  return x;
}

constexpr uint64_t Permute(uint64_t x) {
  x ^= x >> 31;
  x = (x * kMultiplier1) & kMask60;
  x ^= x >> 27;
  x = (x * kMultiplier2) & kMask60;
  return x ^ (x >> 33);
}

// x ^= x >> s undoes itself for s >= 30 (of 60 bits); for 27 the second power is needed as well.
constexpr uint64_t Unpermute(uint64_t x) {
  x ^= x >> 33;
  x = (x * Inverse(kMultiplier2)) & kMask60;
  x ^= (x >> 27) ^ (x >> 54);
  x = (x * Inverse(kMultiplier1)) & kMask60;
  return x ^ (x >> 31);
}
static_assert(Unpermute(Permute(0x123456789ABCDEF)) == 0x123456789ABCDEF);

constexpr uint64_t SplitMix64(uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * kMultiplier1;
  x = (x ^ (x >> 27)) * kMultiplier2;
  return x ^ (x >> 31);
}

struct Halves {
  uint64_t high;
  uint64_t low;
};

Halves IdOf(EntityKind kind, uint64_t index) {
  const uint64_t mixed = Permute((static_cast<uint64_t>(kind) << kIndexBits) | index);
  // custom_a (48 bits), version 8, custom_b (12 bits); variant 10, custom_c (62 bits).
  const uint64_t high = (mixed >> 12 << 16) | 0x8000 | (mixed & 0xFFF);
  const uint64_t low = (uint64_t{0b10} << 62) | (SplitMix64(mixed) & kMask62);
  return {high, low};
}

// Parses 8-4-4-4-12 in lower or upper case.
std::optional<Halves> ParseUuid(std::string_view text) {
  if (text.size() != kUuidLength) return std::nullopt;
  uint64_t halves[2] = {0, 0};
  int digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return std::nullopt;
      continue;
    }
    int value = 0;
    if (c >= '0' && c <= '9') {
      value = c - '0';
    } else if (c >= 'a' && c <= 'f') {
      value = c - 'a' + 10;
    } else if (c >= 'A' && c <= 'F') {
      value = c - 'A' + 10;
    } else {
      return std::nullopt;
    }
    uint64_t& half = halves[digits++ / 16];
    half = half << 4 | static_cast<uint64_t>(value);
  }
  return Halves{halves[0], halves[1]};
}

constexpr std::array<EntityKind, 5> kKinds = {EntityKind::kClinic, EntityKind::kDoctor,
                                              EntityKind::kPatient, EntityKind::kReceptionist,
                                              EntityKind::kClinicAdmin};

constexpr std::array<std::string_view, 24> kFirstNames = {
    "Ada",   "Amir",  "Anna", "Ben",  "Chiara", "Daniel", "Elif",  "Emil",
    "Fatou", "Greta", "Hana", "Hugo", "Ines",   "Jonas",  "Kofi",  "Lena",
    "Luca",  "Maya",  "Nils", "Olga", "Priya",  "Rosa",   "Samir", "Yuki"};
constexpr std::array<std::string_view, 24> kLastNames = {
    "Adler", "Bauer",  "Costa",  "Demir",  "Eriksen", "Fischer", "Garcia", "Haddad",
    "Ito",   "Jansen", "Khan",   "Lopez",  "Meyer",   "Novak",   "Okafor", "Petrov",
    "Quist", "Rossi",  "Schmid", "Tanaka", "Usman",   "Vogel",   "Weber",  "Zhang"};

constexpr std::string_view kMailDomain = "@praxis.example";  // reserved: reaches nobody

}  // namespace

std::string_view EntityName(EntityKind kind) {
  switch (kind) {
    case EntityKind::kClinic:
      return "clinic";
    case EntityKind::kDoctor:
      return "doctor";
    case EntityKind::kPatient:
      return "patient";
    case EntityKind::kReceptionist:
      return "receptionist";
    case EntityKind::kClinicAdmin:
      return "clinic_admin";
  }
  return "";
}

std::string_view RoleOf(EntityKind kind) {
  switch (kind) {
    case EntityKind::kClinic:
      return "";
    case EntityKind::kDoctor:
      return "DOCTOR";
    case EntityKind::kPatient:
      return "PATIENT";
    case EntityKind::kReceptionist:
      return "RECEPTIONIST";
    case EntityKind::kClinicAdmin:
      return "CLINIC_ADMIN";
  }
  return "";
}

std::optional<EntityKind> EntityFromName(std::string_view name) {
  for (const EntityKind kind : kKinds) {
    if (EntityName(kind) == name) return kind;
  }
  return std::nullopt;
}

std::optional<EntityKind> EntityFromRole(std::string_view role) {
  if (role.empty()) return std::nullopt;
  for (const EntityKind kind : kKinds) {
    if (RoleOf(kind) == role) return kind;
  }
  return std::nullopt;
}

absl::Status Catalogue::Validate(const CatalogueSizes& sizes) {
  constexpr uint64_t kLargest = uint64_t{1} << 40;
  const std::pair<std::string_view, uint64_t> fields[] = {
      {"clinics", sizes.clinics},
      {"doctors_per_clinic", sizes.doctors_per_clinic},
      {"patients_per_clinic", sizes.patients_per_clinic},
      {"receptionists_per_clinic", sizes.receptionists_per_clinic},
      {"admins_per_clinic", sizes.admins_per_clinic}};
  for (const auto& [name, value] : fields) {
    if (value < 1 || value > kLargest / (name == "clinics" ? 1 : sizes.clinics)) {
      return absl::InvalidArgumentError(
          absl::StrFormat("catalogue: %s: expected at least 1 and at most 2^40 in all clinics, "
                          "found %d",
                          name.data(), value));
    }
  }
  return absl::OkStatus();
}

uint64_t Catalogue::PerClinic(EntityKind kind) const {
  switch (kind) {
    case EntityKind::kClinic:
      return 1;
    case EntityKind::kDoctor:
      return sizes_.doctors_per_clinic;
    case EntityKind::kPatient:
      return sizes_.patients_per_clinic;
    case EntityKind::kReceptionist:
      return sizes_.receptionists_per_clinic;
    case EntityKind::kClinicAdmin:
      return sizes_.admins_per_clinic;
  }
  return 0;
}

uint64_t Catalogue::Count(EntityKind kind) const { return PerClinic(kind) * sizes_.clinics; }

Entity Catalogue::Get(EntityKind kind, uint64_t index) const {
  Entity entity;
  entity.kind = kind;
  entity.index = index;
  entity.id = EntityId(kind, index);
  entity.role = RoleOf(kind);
  entity.clinic_index = ClinicOf(kind, index);
  entity.clinic_id = EntityId(EntityKind::kClinic, entity.clinic_index);
  if (kind == EntityKind::kClinic) {
    entity.first_name = absl::StrCat("Clinic ", index + 1);
    return entity;
  }
  const std::string_view name = EntityName(kind);
  entity.email = absl::StrFormat("%s-%d%s", name.data(), index, kMailDomain.data());
  const uint64_t dice = SplitMix64(IdOf(kind, index).high);
  entity.first_name = std::string(kFirstNames[dice % kFirstNames.size()]);
  entity.last_name = std::string(kLastNames[(dice >> 32) % kLastNames.size()]);
  return entity;
}

std::optional<Catalogue::Reference> Catalogue::FindId(std::string_view uuid) const {
  const std::optional<Halves> halves = ParseUuid(uuid);
  if (!halves.has_value()) return std::nullopt;
  const uint64_t mixed = (halves->high >> 16 << 12) | (halves->high & 0xFFF);
  const uint64_t plain = Unpermute(mixed);
  const Reference found{static_cast<EntityKind>(plain >> kIndexBits),
                        plain & ((uint64_t{1} << kIndexBits) - 1)};
  const Halves expected = IdOf(found.kind, found.index);
  if (expected.high != halves->high || expected.low != halves->low) return std::nullopt;
  if (found.index >= Count(found.kind)) return std::nullopt;
  return found;
}

std::optional<Catalogue::Reference> Catalogue::FindEmail(std::string_view email) const {
  const size_t dash = email.rfind('-');
  if (dash == std::string_view::npos || !email.ends_with(kMailDomain)) return std::nullopt;
  const std::optional<EntityKind> kind = EntityFromName(email.substr(0, dash));
  const std::string digits(email.substr(dash + 1, email.size() - kMailDomain.size() - (dash + 1)));
  uint64_t index = 0;
  if (!kind.has_value() || *kind == EntityKind::kClinic || !absl::SimpleAtoi(digits, &index)) {
    return std::nullopt;
  }
  // One address per user: "patient-07" is nobody's.
  if (index >= Count(*kind) || absl::StrCat(index) != digits) return std::nullopt;
  return Reference{*kind, index};
}

void WriteEntityId(EntityKind kind, uint64_t index, char* out) {
  constexpr char kHex[] = "0123456789abcdef";
  const Halves id = IdOf(kind, index);
  int digit = 0;
  for (size_t i = 0; i < kUuidLength; ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      out[i] = '-';
      continue;
    }
    const uint64_t half = digit < 16 ? id.high : id.low;
    out[i] = kHex[(half >> (60 - 4 * (digit % 16))) & 0xF];
    ++digit;
  }
}

std::string EntityId(EntityKind kind, uint64_t index) {
  std::string id(kUuidLength, '\0');
  WriteEntityId(kind, index, id.data());
  return id;
}

std::string Day(absl::CivilDay today, int64_t days_ahead) {
  return absl::FormatCivilTime(today + days_ahead);
}

std::string SlotTime(int slot) { return absl::StrFormat("%02d:%02d", 9 + slot / 2, slot % 2 * 30); }

}  // namespace model
