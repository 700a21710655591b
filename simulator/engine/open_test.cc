#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "simulator/engine/arrivals.h"
#include "simulator/engine/test_inputs.h"
#include "simulator/statistics/interval.h"

// Open and partly open models against closed forms, through the whole engine.
namespace simulator {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Poisson arrivals of single requests.
TestInputs Open(double rate, double server, double database) {
  TestInputs inputs = TestInputs::Bare(1000, 1.0, server, database);
  inputs.options.users = 0;
  model::Users& users = *inputs.scenario.mutable_users();
  users.set_model(model::Users::OPEN);
  users.set_arrivals(model::Users::JOURNEYS);
  model::Stage& stage = *users.add_stages();
  stage.set_rate_per_second(rate);
  inputs.scenario.mutable_retry()->set_timeout_seconds(0);
  inputs.options.worker_queue_limit = 1u << 20;
  inputs.options.duration_seconds = 4000;
  return inputs;
}

void ExpectMeanResponse(const TestInputs& inputs, double seconds) {
  const auto replications = inputs.Run();
  ASSERT_TRUE(replications.ok()) << replications.status();
  std::vector<double> response;
  for (const ReplicationResult& replication : *replications) {
    response.push_back(replication.operations[0].response.mean() * 1e-9);
  }
  const Interval simulated = MeanInterval(response);
  // 1.8 half-widths of a 95 % interval with 3 degrees of freedom is about a 99 % interval.
  EXPECT_NEAR(simulated.mean, seconds, 1.8 * simulated.half_width);
  EXPECT_NEAR(simulated.mean, seconds, 0.02 * seconds);
}

// Pollaczek and Khinchine: W = S + lambda S^2 (1 + scv) / (2 (1 - rho)).
double PollaczekKhinchine(double rate, double service, double scv) {
  return service + rate * service * service * (1 + scv) / (2 * (1 - rate * service));
}

TEST(OpenTest, AWorkerIsMG1) {
  for (const double scv : {0.0, 1.0, 2.5}) {
    TestInputs inputs = Open(70, 0.01, 0);
    inputs.profile.mutable_operations(0)->mutable_server_cpu_seconds()->set_scv(scv);
    ExpectMeanResponse(inputs, PollaczekKhinchine(70, 0.01, scv));
  }
}

TEST(OpenTest, ResponsesOfMM1AreExponential) {
  const auto result = Open(60, 0.01, 0).Predict();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_NEAR(QuantityOf(*result, "p50_ms"), 25 * std::log(2.0), 0.5);
  EXPECT_NEAR(QuantityOf(*result, "p95_ms"), 25 * std::log(20.0), 1.5);
  EXPECT_NEAR(QuantityOf(*result, "throughput_per_second"), 60, 0.5);
  EXPECT_NEAR(ResourceOf(*result, "server_cpu").utilisation(), 0.6, 0.006);
  EXPECT_EQ(result->provenance().load_model(), "open");
  EXPECT_DOUBLE_EQ(result->arrival_rate_per_second(), 60);
  EXPECT_NEAR(static_cast<double>(result->users()), 60 * 0.025, 0.6);  // Little
}

// Exponential work shared by c cores has as many jobs present as M/M/c. Erlang C by recursion.
TEST(OpenTest, DatabaseCoresAreMMc) {
  constexpr int kCores = 4;
  constexpr double kLoad = 3.2;
  double blocking = 1;
  for (int k = 1; k <= kCores; ++k) blocking = kLoad * blocking / (k + kLoad * blocking);
  const double wait = blocking / (1 - kLoad / kCores * (1 - blocking));
  TestInputs inputs = Open(kLoad / 0.02, 0, 0.02);
  inputs.deployment.mutable_database()->set_cores_millicores(kCores * 1000);
  ExpectMeanResponse(inputs, 0.02 + wait * 0.02 / (kCores - kLoad));
}

// Processor sharing does not see the law of the work: S / (1 - rho).
TEST(OpenTest, OneDatabaseCoreIsMG1PS) {
  for (const double scv : {0.0, 4.0}) {
    TestInputs inputs = Open(35, 0, 0.02);
    inputs.profile.mutable_operations(0)->mutable_database_cpu_seconds()->set_scv(scv);
    ExpectMeanResponse(inputs, 0.02 / (1 - 0.7));
  }
}

// A worker before a shared database, both exponential: a tandem of Jackson.
TEST(OpenTest, WorkerAndDatabaseAreATandem) {
  TestInputs inputs = Open(50, 0.008, 0.012);
  inputs.profile.mutable_operations(0)->mutable_server_cpu_seconds()->set_scv(1);
  const auto result = inputs.Predict();
  ASSERT_TRUE(result.ok()) << result.status();
  // The worker is visited twice with half of one demand: its load is exact, its wait is not
  // Jackson's; the database's utilisation and the throughput are.
  EXPECT_NEAR(ResourceOf(*result, "server_cpu").utilisation(), 0.4, 0.006);
  EXPECT_NEAR(ResourceOf(*result, "database_cpu").utilisation(), 0.6, 0.006);
}

// Counts of a rising and a falling rate: the area under it, with Poisson deviation.
TEST(ArrivalProcessTest, CountsFollowTheRate) {
  const std::vector<RateStage> stages = {{0, 100 * kSecond, 0, 200},
                                         {100 * kSecond, 100 * kSecond, 200, 200},
                                         {200 * kSecond, 0, 200, 50},
                                         {200 * kSecond, 100 * kSecond, 50, 0}};
  const double expected[] = {2500, 7500, 20000, 1875, 625};  // of 50, 50, 100, 50, 50 s
  double counts[5] = {};
  constexpr int kRuns = 40;
  for (int run = 0; run < kRuns; ++run) {
    ArrivalProcess arrivals(&stages, base::RandomStream(3, static_cast<uint64_t>(run), "t", "a"));
    Nanos last = 0;
    while (arrivals.NextTime() != kNever) {
      const Nanos now = arrivals.NextTime();
      ASSERT_GE(now, last);
      last = now;
      const auto part = now / (50 * kSecond);
      counts[part < 2 ? part : part < 4 ? 2 : part - 1] += 1;
      arrivals.Pop();
    }
    ASSERT_LE(last, 300 * kSecond);
  }
  for (int i = 0; i < 5; ++i) {
    const double all = expected[i] * kRuns;
    EXPECT_NEAR(counts[i], all, 3.5 * std::sqrt(all)) << i;
  }
}

// The variance of the counts is their mean: a Poisson process, not an even spread.
TEST(ArrivalProcessTest, CountsArePoisson) {
  const std::vector<RateStage> stages = {{0, 20000 * kSecond, 5, 5}};
  ArrivalProcess arrivals(&stages, base::RandomStream(4, 0, "t", "a"));
  std::vector<double> counts(20000, 0);
  for (; arrivals.NextTime() != kNever; arrivals.Pop()) {
    counts[static_cast<size_t>(std::min<Nanos>(19999, arrivals.NextTime() / kSecond))] += 1;
  }
  double sum = 0, squares = 0;
  for (const double count : counts) {
    sum += count;
    squares += count * count;
  }
  const double mean = sum / 20000;
  EXPECT_NEAR(mean, 5, 0.06);
  EXPECT_NEAR(squares / 20000 - mean * mean, 5, 0.25);
}

// Journeys of the file: rate x visits requests, operations by their mix, and the think times
// between steps are kept: Little gives the users present.
TEST(OpenTest, JourneysWalkTheirStepsAndLeave) {
  TestInputs inputs = TestInputs::FromFiles();
  inputs.scenario.mutable_users()->set_model(model::Users::OPEN);
  inputs.options.rate_per_second = 100;
  inputs.options.duration_seconds = 600;
  inputs.options.settle_seconds = 60;
  const auto result = inputs.Predict();
  ASSERT_TRUE(result.ok()) << result.status();
  // 60 of 90 journeys have 2.05 requests and think 1.05 times (10 s), 30 have one.
  const double requests = 100 * (60 * 2.05 + 30) / 90;
  EXPECT_NEAR(QuantityOf(*result, "throughput_per_second"), requests, 0.02 * requests);
  EXPECT_NEAR(static_cast<double>(result->users()), 100 * 60.0 / 90 * 1.05 * 10, 25);
  EXPECT_EQ(QuantityOf(*result, "error_rate"), 0);
  inputs.scenario.mutable_users()->set_arrivals(model::Users::REQUESTS);
  const auto single = inputs.Predict();
  ASSERT_TRUE(single.ok()) << single.status();
  EXPECT_NEAR(QuantityOf(*single, "throughput_per_second"), 100, 2);
  for (int i = 0; i < result->operations_size(); ++i) {
    const auto share = [i](const model::Result& r) {
      return static_cast<double>(r.operations(i).requests()) /
             static_cast<double>(r.total().requests());
    };
    EXPECT_NEAR(share(*single), share(*result), 0.01);
  }
}

TEST(PartlyOpenTest, SessionsDoTheirNumberAndLeave) {
  TestInputs inputs = TestInputs::FromFiles();
  model::Users& users = *inputs.scenario.mutable_users();
  users.set_model(model::Users::PARTLY_OPEN);
  inputs.options.rate_per_second = 40;
  inputs.options.think_time_seconds = 2;
  inputs.options.ramp_seconds = 0;
  inputs.options.duration_seconds = 500;
  inputs.options.settle_seconds = 100;
  const double per_journey = (60 * 2.05 + 30) / 90;
  for (const bool geometric : {false, true}) {
    users.mutable_session()->set_geometric(geometric);
    for (const auto unit : {model::Session::JOURNEYS, model::Session::REQUESTS}) {
      users.mutable_session()->set_unit(unit);
      users.mutable_session()->set_mean(6);
      const auto result = inputs.Predict();
      ASSERT_TRUE(result.ok()) << result.status();
      const double requests = 40 * 6 * (unit == model::Session::JOURNEYS ? per_journey : 1);
      EXPECT_NEAR(QuantityOf(*result, "throughput_per_second"), requests, 0.03 * requests);
      // All requests of a session but the first are thought about.
      EXPECT_NEAR(static_cast<double>(result->users()), (requests - 40) * 2, 0.05 * requests * 2);
      EXPECT_EQ(result->provenance().load_model(), "partly_open");
    }
  }
}

TEST(SessionModelTest, GeometricNumbersHaveTheirMeanAndBeginAtOne) {
  base::RandomStream random(1, 0, "test", "sessions");
  const SessionModel session{true, true, 3};
  double sum = 0;
  int ones = 0;
  for (int i = 0; i < 100000; ++i) {
    const uint32_t n = session.Draw(random);
    ASSERT_GE(n, 1u);
    sum += n;
    ones += n == 1;
  }
  EXPECT_NEAR(sum / 100000, 3, 0.03);
  EXPECT_NEAR(ones / 100000.0, 1 / 3.0, 0.006);
}

TEST(OpenTest, MoreThanCanBeDoneEndsTheRunAsUnstable) {
  TestInputs inputs = Open(150, 0.01, 0);
  inputs.options.waiting_limit = 5000;
  const auto result = inputs.Predict();
  EXPECT_EQ(result.status().code(), absl::StatusCode::kFailedPrecondition);
  // 50/s more than are done: 5,000 after 100 s.
  EXPECT_THAT(std::string(result.status().message()), StartsWith("unstable: after "));
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("5000 requests wait"));
}

TEST(OpenTest, UsersAndRatesAreNotMixedUp) {
  TestInputs inputs = Open(10, 0.01, 0);
  inputs.options.users = 5;
  EXPECT_THAT(std::string(inputs.Predict().status().message()), HasSubstr("give --rate"));
  inputs = TestInputs::FromFiles();
  inputs.options.rate_per_second = 5;
  EXPECT_THAT(std::string(inputs.Predict().status().message()), HasSubstr("give --users"));
}

// Renewal: a user refreshes each time its token has expired and it comes again, so every
// lifetime + residual think time (all of it, as it is exponential) + response time.
TEST(TokenTest, RefreshesComeOncePerLifetimeAndThinkTime) {
  TestInputs inputs = TestInputs::FromFiles();
  model::RefreshToken& refresh = *inputs.scenario.mutable_refresh_token();
  refresh.set_operation("auth.refresh");
  refresh.set_when_expired(true);
  refresh.set_lifetime_seconds(100);
  inputs.options.duration_seconds = 400;
  inputs.options.settle_seconds = 0;
  const auto result = inputs.Predict();
  ASSERT_TRUE(result.ok()) << result.status();
  double refreshes = 0;
  for (const model::OperationResult& operation : result->operations()) {
    if (operation.operation() == "auth.refresh") {
      refreshes = static_cast<double>(operation.requests()) / result->measured_seconds();
    }
  }
  EXPECT_NEAR(refreshes, 10000 / (100.0 + 10 + QuantityOf(*result, "mean_ms") * 1e-3), 1.5);
  EXPECT_EQ(QuantityOf(*result, "error_rate"), 0);
  for (const std::string& omission : result->not_modelled()) EXPECT_NE(omission, "token refresh");
}

// Users who sign in at the same time refresh at the same time: a wave a lifetime later.
TEST(TokenTest, ALoginWaveComesBackAsARefreshWave) {
  TestInputs inputs = TestInputs::FromFiles();
  inputs.scenario.mutable_users()->set_signed_in(model::Users::LOGIN);
  model::RefreshToken& refresh = *inputs.scenario.mutable_refresh_token();
  refresh.set_when_expired(true);
  refresh.set_lifetime_seconds(200);
  for (model::OperationDemand& demand : *inputs.profile.mutable_operations()) {
    demand.clear_blocking_cpu_seconds();  // logins that all succeed
  }
  inputs.options.duration_seconds = 290;
  inputs.options.settle_seconds = 0;
  inputs.options.think_time_seconds = 5;
  const auto replications = inputs.Run();
  ASSERT_TRUE(replications.ok()) << replications.status();
  // Every user signs in once and, after its 200 s, refreshes once within the 300 s.
  const ReplicationResult& first = replications->front();
  const size_t operations = first.operations.size();
  EXPECT_NEAR(static_cast<double>(first.operations[operations - 1].response.count()), 10000, 5);
}

TEST(TokenTest, WithoutAMeasuredCostRefreshesAreLeftOutAndSaidSo) {
  TestInputs inputs = TestInputs::FromFiles();
  inputs.scenario.mutable_refresh_token()->set_when_expired(true);
  for (model::OperationDemand& demand : *inputs.profile.mutable_operations()) {
    if (demand.operation() == "auth.refresh") demand.set_operation("another");
  }
  const auto result = inputs.Predict();
  ASSERT_TRUE(result.ok()) << result.status();
  bool warned = false;
  for (const std::string& warning : result->provenance().warnings()) {
    warned |= warning.find("no demand for auth.refresh") != std::string::npos;
  }
  EXPECT_TRUE(warned);
  bool listed = false;
  for (const std::string& omission : result->not_modelled()) listed |= omission == "token refresh";
  EXPECT_TRUE(listed);
}

}  // namespace
}  // namespace simulator
