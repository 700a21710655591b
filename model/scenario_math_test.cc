#include "model/scenario_math.h"

#include "gtest/gtest.h"
#include "model/catalogue.h"
#include "model/scenario_loader.h"

namespace model {
namespace {

class ClinicDay : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<Scenario> loaded = LoadScenario("scenarios/clinic_day.yaml");
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    scenario_ = *std::move(loaded);
  }
  Scenario scenario_;
};

// The figures that the file's own comment states.
TEST_F(ClinicDay, IsWhatItsCommentSays) {
  EXPECT_NEAR(ReadShare(scenario_), 0.92, 0.001);
  EXPECT_DOUBLE_EQ(MeanThinkSeconds(scenario_), 10);
  EXPECT_NEAR(RequestsPerJourney(scenario_.journeys(0)), 2.35, 1e-12);
  const std::map<std::string, double> mix = OperationMix(scenario_);
  EXPECT_NEAR(mix.at("appointments.create"), 9.5 / 273.75, 1e-12);
  EXPECT_NEAR(mix.at("appointments.cancel"), 4.75 / 273.75, 1e-12);
  double sum = 0;
  for (const auto& [operation, share] : mix) sum += share;
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_EQ(MostUsers(scenario_), 2000u);
  EXPECT_DOUBLE_EQ(TotalSeconds(scenario_), 70);
}

TEST_F(ClinicDay, CanGoOnForAnHour) {
  const std::map<std::string, double> mix = OperationMix(scenario_);
  const double kept = mix.at("appointments.create") - mix.at("appointments.cancel");
  const double slots_per_doctor = kSlotsPerDay * kBookableDays;
  const CatalogueSizes seed;
  const double small = static_cast<double>(seed.clinics * seed.doctors_per_clinic);
  EXPECT_LT(200 * kept * 3600, 0.025 * small * slots_per_doctor);
  EXPECT_LT(100'000 * kept * 3600, 0.20 * 5000 * slots_per_doctor);
}

}  // namespace
}  // namespace model
