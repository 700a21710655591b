#include "model/catalogue.h"

#include <set>

#include "absl/strings/ascii.h"
#include "gtest/gtest.h"

namespace model {
namespace {

constexpr CatalogueSizes kSizes{.clinics = 7,
                                .doctors_per_clinic = 3,
                                .patients_per_clinic = 40,
                                .receptionists_per_clinic = 2,
                                .admins_per_clinic = 1};
constexpr EntityKind kAll[] = {EntityKind::kClinic, EntityKind::kDoctor, EntityKind::kPatient,
                               EntityKind::kReceptionist, EntityKind::kClinicAdmin};

TEST(Catalogue, IdsAreUniqueUuidsAndLeadBack) {
  const Catalogue catalogue(kSizes);
  std::set<std::string> ids;
  size_t n = 0;
  for (const EntityKind kind : kAll) {
    for (uint64_t i = 0; i < catalogue.Count(kind); ++i, ++n) {
      const Entity entity = catalogue.Get(kind, i);
      ids.insert(entity.id);
      ASSERT_EQ(entity.id.size(), kUuidLength);
      EXPECT_EQ(entity.id[14], '8');
      EXPECT_NE(std::string("89ab").find(entity.id[19]), std::string::npos);
      const auto found = catalogue.FindId(absl::AsciiStrToUpper(entity.id));
      ASSERT_TRUE(found.has_value());
      EXPECT_EQ(found->kind, kind);
      EXPECT_EQ(found->index, i);
      if (kind == EntityKind::kClinic) continue;
      const auto by_mail = catalogue.FindEmail(entity.email);
      ASSERT_TRUE(by_mail.has_value()) << entity.email;
      EXPECT_EQ(by_mail->kind, kind);
      EXPECT_EQ(by_mail->index, i);
    }
  }
  EXPECT_EQ(ids.size(), n);
}

// Databases hold these ids: a change of the mixing function is a migration.
TEST(Catalogue, IdsNeverChange) {
  EXPECT_EQ(EntityId(EntityKind::kClinic, 0), "abbd4d05-3669-8ada-b467-3896aa2bd31e");
  EXPECT_EQ(EntityId(EntityKind::kPatient, 123456), "4dfe79c4-d228-80a0-b27c-10ee5094875b");
}

TEST(Catalogue, UsersAreDealtToClinicsInTurn) {
  const Catalogue catalogue(kSizes);
  EXPECT_EQ(catalogue.patient(8).clinic_index, 1u);
  EXPECT_EQ(catalogue.patient(8).clinic_id, catalogue.clinic(1).id);
  EXPECT_EQ(catalogue.InClinic(1, 1), 8u);
  EXPECT_EQ(catalogue.Count(EntityKind::kPatient), 280u);
  EXPECT_EQ(catalogue.doctor(0).role, "DOCTOR");
}

TEST(Catalogue, ForeignIdsAndAddressesAreNotFound) {
  const Catalogue catalogue(kSizes);
  EXPECT_FALSE(catalogue.FindId(EntityId(EntityKind::kPatient, 280)).has_value());
  std::string changed = catalogue.patient(3).id;
  changed.back() = changed.back() == '0' ? '1' : '0';
  EXPECT_FALSE(catalogue.FindId(changed).has_value());
  EXPECT_FALSE(catalogue.FindId("00000000-0000-0000-0000-000000000000").has_value());
  EXPECT_FALSE(catalogue.FindId("short").has_value());
  for (const char* mail :
       {"patient-280@praxis.example", "patient-07@praxis.example", "patient--1@praxis.example",
        "clinic-1@praxis.example", "patient-@praxis.example", "-@praxis.example", "@praxis.example",
        "patient-1@other.example"}) {
    EXPECT_FALSE(catalogue.FindEmail(mail).has_value()) << mail;
  }
}

TEST(Catalogue, SizesAreChecked) {
  EXPECT_TRUE(Catalogue::Validate(kSizes).ok());
  CatalogueSizes none = kSizes;
  none.doctors_per_clinic = 0;
  EXPECT_FALSE(Catalogue::Validate(none).ok());
}

TEST(Catalogue, DaysAndSlots) {
  EXPECT_EQ(Day(absl::CivilDay(2030, 12, 31), 1), "2031-01-01");
  EXPECT_EQ(SlotTime(0), "09:00");
  EXPECT_EQ(SlotTime(17), "17:30");
}

}  // namespace
}  // namespace model
