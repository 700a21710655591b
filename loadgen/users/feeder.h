#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "base/random.h"
#include "model/catalogue.h"
#include "model/scenario.pb.h"

// Feeders choose entities of the seed catalogue for a user's requests.
//
// Entities of a clinic (doctor, patient, receptionist, clinic_admin) are chosen within the user's
// clinic, as the server shows no other; users without a clinic choose among all. `day` is a date
// from tomorrow on to 365 days ahead, `slot` a bookable time of day.
//
// pick: uniform; zipf (rank r with a share of r^-s, ranks in the order of the catalogue);
// unique_per_user: always the same one for a user, distinct between users as far as there are
// enough; for the entity of the user's own role it is the user's own entry.
namespace loadgen {

// Who chooses.
struct FeederUser {
  uint64_t number = 0;     // of the virtual user
  uint64_t index = 0;      // in the catalogue, within `kind`
  bool has_entry = false;  // index and kind are known
  model::EntityKind kind = model::EntityKind::kPatient;
};

class Feeder {
 public:
  enum Field : uint8_t { kId, kEmail, kClinicId, kIndex };

  // `name` stands in errors. `catalogue` must outlive the feeder.
  static absl::StatusOr<Feeder> Create(const std::string& name, const model::Feeder& feeder,
                                       const model::Catalogue* catalogue, absl::CivilDay today);

  // The number of the chosen entity: what Append writes fields of.
  uint32_t Pick(const FeederUser& user, base::RandomStream& random) const;

  // "" (the value of day and slot, the id of entities), id, email, clinic_id, clinicId, index.
  absl::StatusOr<uint8_t> FieldNamed(std::string_view field) const;
  void Append(uint32_t pick, uint8_t field, std::string* out) const;

 private:
  enum class Source : uint8_t { kEntity, kDay, kSlot };

  uint64_t Choices(bool in_clinic) const;
  uint64_t PickRank(uint64_t choices, const FeederUser& user, base::RandomStream& random) const;

  Source source_ = Source::kEntity;
  model::EntityKind kind_ = model::EntityKind::kPatient;
  model::Feeder::Pick pick_ = model::Feeder::UNIFORM;
  const model::Catalogue* catalogue_ = nullptr;
  // Zipf: shares added up, for choices within a clinic and among all.
  std::vector<double> clinic_shares_, all_shares_;
  std::vector<std::string> days_;
};

}  // namespace loadgen
