#include "loadgen/users/plan.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace loadgen {
namespace {

model::Step MakeStep(const std::string& operation, const std::string& path) {
  model::Step step;
  step.set_name(operation);
  step.set_operation(operation);
  step.mutable_request()->set_method("GET");
  step.mutable_request()->set_path(path);
  return step;
}

model::Scenario TwoRoles() {
  model::Scenario scenario;
  scenario.set_name("two");
  scenario.mutable_users()->set_model(model::Users::CLOSED);
  scenario.mutable_think_time()->mutable_exponential()->set_mean_seconds(10);
  model::Journey* patient = scenario.add_journeys();
  patient->set_name("p");
  patient->set_role("PATIENT");
  patient->set_weight(60);
  *patient->add_steps() = MakeStep("a", "/a");
  model::Journey* doctor = scenario.add_journeys();
  doctor->set_name("d");
  doctor->set_role("DOCTOR");
  doctor->set_weight(30);
  *doctor->add_steps() = MakeStep("b", "/b");
  *doctor->add_steps() = MakeStep("c", "/c");
  doctor->mutable_steps(1)->set_probability(0.5);
  return scenario;
}

const model::Catalogue kCatalogue{model::CatalogueSizes{}};

TEST(Plan, UsersOfARoleAreInProportionToWeightTimesLength) {
  const auto plan = MakePlan(TwoRoles(), &kCatalogue, PlanOptions());
  ASSERT_TRUE(plan.ok()) << plan.status();
  // Patients 60 x 10 s, doctors 30 x 15 s.
  const std::vector<uint64_t> counts = CountRoles(*plan, 10'000);
  ASSERT_EQ(plan->roles[0].role, "DOCTOR");
  EXPECT_NEAR(static_cast<double>(counts[0]), 10'000 * 450.0 / 1050, 3);
  EXPECT_EQ(counts[0] + counts[1], 10'000u);
  EXPECT_DOUBLE_EQ(plan->mean_think_seconds, 10);
  // Any range of users has both, not only the whole.
  uint64_t doctors = 0;
  for (uint64_t n = 500; n < 600; ++n) doctors += plan->RoleOfUser(n) == 0;
  EXPECT_NEAR(static_cast<double>(doctors), 43, 2);
}

TEST(Plan, ThinkTimeScaleZeroCountsSteps) {
  PlanOptions options;
  options.think_time_scale = 0;
  const auto plan = MakePlan(TwoRoles(), &kCatalogue, options);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->mean_think_seconds, 0);
  EXPECT_NEAR(plan->roles[0].share_of_users, 45.0 / 105, 1e-9);
}

TEST(Plan, MistakesNameJourneyAndStep) {
  model::Scenario scenario = TwoRoles();
  scenario.mutable_journeys(1)->mutable_steps(0)->mutable_request()->set_path("/x/${nobody.id}");
  const auto plan = MakePlan(scenario, &kCatalogue, PlanOptions());
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.status().message(),
            "two: journey d, step b: ${nobody.id}: neither a feeder nor extracted by an earlier "
            "step");
  scenario = TwoRoles();
  scenario.mutable_users()->set_model(model::Users::OPEN);
  EXPECT_FALSE(MakePlan(scenario, &kCatalogue, PlanOptions()).ok());
}

TEST(Plan, IdentitiesMustExist) {
  const auto plan = MakePlan(TwoRoles(), &kCatalogue, PlanOptions());
  ASSERT_TRUE(plan.ok());
  const model::Entity doctor = kCatalogue.doctor(0);
  const model::Entity patient = kCatalogue.patient(0);
  const std::string doctors = "DOCTOR 0 " + doctor.id + " " + doctor.clinic_id + " t\n";
  const std::string patients = "PATIENT 0 " + patient.id + " " + patient.clinic_id + " t\n";
  std::vector<std::string> warnings;
  const auto none = Tokens::Parse(doctors, "tokens.txt");
  ASSERT_TRUE(none.ok());
  const absl::Status missing = CheckIdentities(*plan, *none, 100, &warnings);
  EXPECT_EQ(missing.message(),
            "tokens.txt: no token of role PATIENT, but 57 users need one; mint them with "
            "//tools/mint");
  const auto both = Tokens::Parse(doctors + patients, "tokens.txt");
  ASSERT_TRUE(both.ok());
  EXPECT_TRUE(both->CheckAgainst(kCatalogue).ok());
  warnings.clear();
  EXPECT_TRUE(CheckIdentities(*plan, *both, 100, &warnings).ok());
  EXPECT_EQ(warnings.size(), 2u);
  model::CatalogueSizes others;
  others.clinics = 7;
  const auto foreign =
      Tokens::Parse("DOCTOR 9 " + doctor.id + " " + doctor.clinic_id + " t\n", "f");
  ASSERT_TRUE(foreign.ok());
  EXPECT_FALSE(foreign->CheckAgainst(model::Catalogue(others)).ok());
}

TEST(Tokens, MistakesNameTheLine) {
  const auto tokens = Tokens::Parse("# minted\nPATIENT x u c t\n", "tokens.txt");
  EXPECT_EQ(tokens.status().message(), "tokens.txt:2: expected ROLE index userId clinicId token");
  EXPECT_FALSE(Tokens::Parse("PATIENT 1 u c\n", "t").ok());
}

model::Feeder MakeFeeder(const std::string& entity, model::Feeder::Pick pick) {
  model::Feeder feeder;
  feeder.set_source("seed");
  feeder.set_entity(entity);
  feeder.set_pick(pick);
  feeder.set_zipf_exponent(1.0);
  return feeder;
}

TEST(Feeder, ChoosesWithinTheUsersClinic) {
  base::RandomStream random(1, 0, "test", "feeder");
  FeederUser user;
  user.has_entry = true;
  user.kind = model::EntityKind::kPatient;
  user.index = 47;  // clinic 7 of 20
  const auto feeder = Feeder::Create("doctor", MakeFeeder("doctor", model::Feeder::UNIFORM),
                                     &kCatalogue, absl::CivilDay(2026, 1, 1));
  ASSERT_TRUE(feeder.ok());
  std::vector<int> seen(100, 0);
  for (int i = 0; i < 1000; ++i) {
    const uint32_t pick = feeder->Pick(user, random);
    EXPECT_EQ(kCatalogue.ClinicOf(model::EntityKind::kDoctor, pick), 7u);
    ++seen[pick];
  }
  EXPECT_EQ(std::count_if(seen.begin(), seen.end(), [](int n) { return n > 100; }), 5);
}

TEST(Feeder, ZipfFollowsItsLaw) {
  base::RandomStream random(1, 0, "test", "zipf");
  FeederUser user;
  user.has_entry = true;
  user.kind = model::EntityKind::kDoctor;
  user.index = 3;
  const auto feeder = Feeder::Create("patient", MakeFeeder("patient", model::Feeder::ZIPF),
                                     &kCatalogue, absl::CivilDay(2026, 1, 1));
  ASSERT_TRUE(feeder.ok());
  double harmonic = 0;
  for (int r = 1; r <= 500; ++r) harmonic += 1.0 / r;
  const int draws = 100'000;
  int first = 0, second = 0;
  for (int i = 0; i < draws; ++i) {
    const uint32_t pick = feeder->Pick(user, random);
    first += pick == kCatalogue.InClinic(3, 0);
    second += pick == kCatalogue.InClinic(3, 1);
  }
  EXPECT_NEAR(first / static_cast<double>(draws), 1 / harmonic, 0.005);
  EXPECT_NEAR(second / static_cast<double>(draws), 0.5 / harmonic, 0.004);
}

TEST(Feeder, UniqueUsersGetThemselvesOrDistinctOnes) {
  base::RandomStream random(1, 0, "test", "unique");
  const auto patient = Feeder::Create("p", MakeFeeder("patient", model::Feeder::UNIQUE_PER_USER),
                                      &kCatalogue, absl::CivilDay(2026, 1, 1));
  ASSERT_TRUE(patient.ok());
  FeederUser user;
  user.has_entry = true;
  user.kind = model::EntityKind::kPatient;
  user.index = 123;
  EXPECT_EQ(patient->Pick(user, random), 123u);
  user.kind = model::EntityKind::kDoctor;
  std::set<uint32_t> picks;
  for (user.index = 0; user.index < 100; ++user.index) picks.insert(patient->Pick(user, random));
  EXPECT_EQ(picks.size(), 100u);
}

TEST(Feeder, DaysAndSlotsAreBookable) {
  base::RandomStream random(1, 0, "test", "day");
  const auto day = Feeder::Create("day", MakeFeeder("day", model::Feeder::UNIFORM), &kCatalogue,
                                  absl::CivilDay(2026, 12, 31));
  ASSERT_TRUE(day.ok());
  std::string text;
  day->Append(0, Feeder::kId, &text);
  EXPECT_EQ(text, "2027-01-01");
  EXPECT_LT(day->Pick(FeederUser(), random), 365u);
  EXPECT_FALSE(day->FieldNamed("email").ok());
  EXPECT_FALSE(Feeder::Create("x", MakeFeeder("nurse", model::Feeder::UNIFORM), &kCatalogue,
                              absl::CivilDay(2026, 1, 1))
                   .ok());
}

model::Stage MakeStage(uint64_t users, double seconds) {
  model::Stage stage;
  stage.set_users(users);
  stage.set_duration_seconds(seconds);
  return stage;
}

constexpr int64_t kSecond = 1'000'000'000;

TEST(StageProfile, RampsHoldsAndMeasuresTheHold) {
  const auto profile =
      StageProfile::Create({MakeStage(100, 10), MakeStage(100, 20), MakeStage(0, 5)});
  ASSERT_TRUE(profile.ok());
  EXPECT_EQ(profile->most_users(), 100u);
  EXPECT_EQ(profile->window_from_ns(), 10 * kSecond);
  EXPECT_EQ(profile->window_to_ns(), 30 * kSecond);
  EXPECT_EQ(profile->total_ns(), 35 * kSecond);
  EXPECT_NEAR(profile->UsersAt(5 * kSecond), 50, 1e-9);
  EXPECT_NEAR(profile->UsersAt(32 * kSecond + kSecond / 2), 50, 1e-9);
  for (const uint64_t n : {0, 1, 50, 99}) {
    const int64_t at = profile->NextActivation(n, 0);
    EXPECT_GE(profile->UsersAt(at), n + 0.5 - 1e-6);
    EXPECT_LT(profile->UsersAt(at - 1'000'000), n + 0.5);
  }
  EXPECT_EQ(profile->NextActivation(100, 0), StageProfile::kNever);
  EXPECT_EQ(profile->NextActivation(99, 34 * kSecond), StageProfile::kNever);
}

TEST(StageProfile, ASecondPeakBringsUsersBack) {
  const auto profile = StageProfile::Create(
      {MakeStage(10, 0), MakeStage(10, 5), MakeStage(2, 5), MakeStage(10, 5), MakeStage(10, 9)});
  ASSERT_TRUE(profile.ok());
  EXPECT_EQ(profile->NextActivation(9, 0), 0);
  const int64_t again = profile->NextActivation(9, 8 * kSecond);
  EXPECT_GT(again, 14 * kSecond);
  EXPECT_LE(again, 15 * kSecond);
  EXPECT_EQ(profile->window_from_ns(), 15 * kSecond);  // the longer of two holds
  EXPECT_EQ(profile->window_to_ns(), 24 * kSecond);
}

TEST(StageProfile, RefusesNothing) {
  EXPECT_FALSE(StageProfile::Create({}).ok());
  EXPECT_FALSE(StageProfile::Create({MakeStage(0, 5)}).ok());
  EXPECT_FALSE(StageProfile::Create({MakeStage(5, 0)}).ok());
}

}  // namespace
}  // namespace loadgen
