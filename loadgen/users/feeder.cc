#include "loadgen/users/feeder.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace loadgen {
namespace {

constexpr uint64_t kMostZipfRanks = 4'000'000;  // a table of 32 MB, shared by the workers

std::vector<double> ZipfShares(uint64_t ranks, double exponent) {
  std::vector<double> shares(ranks);
  double sum = 0;
  for (uint64_t r = 0; r < ranks; ++r) {
    sum += std::pow(static_cast<double>(r + 1), -exponent);
    shares[r] = sum;
  }
  for (double& share : shares) share /= sum;
  return shares;
}

}  // namespace

absl::StatusOr<Feeder> Feeder::Create(const std::string& name, const model::Feeder& feeder,
                                      const model::Catalogue* catalogue, absl::CivilDay today) {
  Feeder result;
  result.catalogue_ = catalogue;
  if (!feeder.source().empty() && feeder.source() != "seed") {
    return absl::InvalidArgumentError(
        absl::StrCat("feeder ", name, ": source \"", feeder.source(), "\": expected seed"));
  }
  if (feeder.entity() == "day") {
    result.source_ = Source::kDay;
    for (int i = 1; i <= model::kBookableDays; ++i) result.days_.push_back(model::Day(today, i));
  } else if (feeder.entity() == "slot") {
    result.source_ = Source::kSlot;
  } else if (const auto kind = model::EntityFromName(feeder.entity()); kind.has_value()) {
    result.kind_ = *kind;
  } else {
    return absl::InvalidArgumentError(absl::StrCat(
        "feeder ", name, ": entity \"", feeder.entity(),
        "\": expected clinic, doctor, patient, receptionist, clinic_admin, day or slot"));
  }
  result.pick_ =
      feeder.pick() == model::Feeder::PICK_UNSPECIFIED ? model::Feeder::UNIFORM : feeder.pick();
  if (result.pick_ == model::Feeder::ZIPF) {
    const double exponent = feeder.zipf_exponent() > 0 ? feeder.zipf_exponent() : 1.0;
    if (result.Choices(false) > kMostZipfRanks) {
      return absl::InvalidArgumentError(absl::StrCat("feeder ", name, ": zipf over more than ",
                                                     kMostZipfRanks, " entities is not supported"));
    }
    result.all_shares_ = ZipfShares(result.Choices(false), exponent);
    result.clinic_shares_ = ZipfShares(result.Choices(true), exponent);
  }
  return result;
}

uint64_t Feeder::Choices(bool in_clinic) const {
  if (source_ == Source::kDay) return model::kBookableDays;
  if (source_ == Source::kSlot) return model::kSlotsPerDay;
  if (!in_clinic || kind_ == model::EntityKind::kClinic) return catalogue_->Count(kind_);
  return catalogue_->PerClinic(kind_);
}

uint64_t Feeder::PickRank(uint64_t choices, const FeederUser& user,
                          base::RandomStream& random) const {
  if (pick_ == model::Feeder::UNIQUE_PER_USER) {
    // Users of one clinic have numbers that are a multiple of the clinics apart, more or less; the
    // entry's place within its clinic is dense.
    const uint64_t dense = user.has_entry ? user.index / catalogue_->sizes().clinics : user.number;
    return dense % choices;
  }
  if (pick_ == model::Feeder::ZIPF) {
    const std::vector<double>& shares =
        choices == clinic_shares_.size() ? clinic_shares_ : all_shares_;
    const auto at = std::upper_bound(shares.begin(), shares.end(), random.Uniform01());
    return std::min<uint64_t>(at - shares.begin(), choices - 1);
  }
  return random.UniformInt(choices);
}

uint32_t Feeder::Pick(const FeederUser& user, base::RandomStream& random) const {
  if (source_ != Source::kEntity) {
    return static_cast<uint32_t>(PickRank(Choices(false), user, random));
  }
  if (!user.has_entry) return static_cast<uint32_t>(PickRank(Choices(false), user, random));
  if (pick_ == model::Feeder::UNIQUE_PER_USER && user.kind == kind_) {
    return static_cast<uint32_t>(user.index);
  }
  const uint64_t clinic = catalogue_->ClinicOf(user.kind, user.index);
  if (kind_ == model::EntityKind::kClinic) return static_cast<uint32_t>(clinic);
  const uint64_t rank = PickRank(Choices(true), user, random);
  return static_cast<uint32_t>(catalogue_->InClinic(clinic, rank));
}

absl::StatusOr<uint8_t> Feeder::FieldNamed(std::string_view field) const {
  if (field.empty()) return kId;
  if (source_ == Source::kEntity) {
    if (field == "id") return kId;
    if (field == "email" && kind_ != model::EntityKind::kClinic) return kEmail;
    if (field == "clinic_id" || field == "clinicId") return kClinicId;
    if (field == "index") return kIndex;
    return absl::InvalidArgumentError("expected id, email, clinic_id or index");
  }
  return absl::InvalidArgumentError("expected no field");
}

void Feeder::Append(uint32_t pick, uint8_t field, std::string* out) const {
  if (source_ == Source::kDay) {
    out->append(days_[pick]);
  } else if (source_ == Source::kSlot) {
    out->append(model::SlotTime(static_cast<int>(pick)));
  } else if (field == kIndex) {
    absl::StrAppend(out, pick);
  } else if (field == kEmail) {
    out->append(catalogue_->Get(kind_, pick).email);
  } else {
    const size_t from = out->size();
    out->resize(from + model::kUuidLength);
    if (field == kId) {
      model::WriteEntityId(kind_, pick, out->data() + from);
    } else {
      model::WriteEntityId(model::EntityKind::kClinic, catalogue_->ClinicOf(kind_, pick),
                           out->data() + from);
    }
  }
}

}  // namespace loadgen
