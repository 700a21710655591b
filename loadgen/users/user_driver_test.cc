#include "loadgen/users/user_driver.h"

#include <cmath>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "loadgen/testing/test_server.h"
#include "model/histogram.h"

namespace loadgen {
namespace {

constexpr int64_t kMs = 1'000'000;

model::Scenario OneStep(const std::string& path, double think_seconds) {
  model::Scenario scenario;
  scenario.set_name("test");
  scenario.mutable_users()->set_model(model::Users::CLOSED);
  scenario.mutable_think_time()->mutable_constant()->set_value_seconds(think_seconds);
  model::Journey* journey = scenario.add_journeys();
  journey->set_name("visit");
  journey->set_weight(1);
  model::Step* step = journey->add_steps();
  step->set_name("first");
  step->set_operation("op.first");
  step->mutable_request()->set_method("GET");
  step->mutable_request()->set_path(path);
  return scenario;
}

model::Stage MakeStage(uint64_t users, double seconds) {
  model::Stage stage;
  stage.set_users(users);
  stage.set_duration_seconds(seconds);
  return stage;
}

double Quantity(const model::Result& result, const std::string& name) {
  for (const model::Quantity& q : result.quantities()) {
    if (q.name() == name) return q.value();
  }
  return -1;
}

double Ms(const model::HistogramData& data, double q) { return model::QuantileOf(data, q) / 1e6; }

struct RunSetup {
  std::vector<model::Stage> stages = {MakeStage(20, 0), MakeStage(20, 1)};
  int workers = 1;
  std::string tokens;
  double timeout_seconds = 10;
};

model::Result RunOn(const std::string& url, model::Scenario scenario, const RunSetup& setup) {
  scenario.mutable_retry()->set_timeout_seconds(setup.timeout_seconds);
  const model::Catalogue catalogue{model::CatalogueSizes{}};
  PlanOptions options;
  options.login_password = "secret";
  options.today = absl::CivilDay(2026, 1, 1);
  const auto plan = MakePlan(scenario, &catalogue, options);
  EXPECT_TRUE(plan.ok()) << plan.status();
  const auto profile = StageProfile::Create(setup.stages);
  EXPECT_TRUE(profile.ok()) << profile.status();
  const auto tokens = Tokens::Parse(setup.tokens, "tokens");
  EXPECT_TRUE(tokens.ok()) << tokens.status();
  DriverOptions driver;
  driver.plan = &*plan;
  driver.profile = &*profile;
  driver.tokens = &*tokens;
  driver.catalogue = &catalogue;
  driver.targets = {*ParseTarget(url)};
  RunPlan run;
  run.workers = setup.workers;
  run.progress = false;
  run.start_ns = NowNanos() + 20 * kMs;
  run.window_from_ns = run.start_ns + profile->window_from_ns();
  run.window_to_ns = run.start_ns + profile->window_to_ns();
  run.end_ns = run.start_ns + profile->total_ns();
  run.drain_ns = 3000 * kMs;
  auto finished = RunWorkers(run, [&](WorkerChannel& channel) { RunUsers(driver, run, channel); });
  EXPECT_TRUE(finished.ok()) << finished.status();
  return finished->result;
}

TEST(UserDriver, CountsWhatTheServerSaw) {
  TestServer server([](const TestRequest&) { return TestResponse(); });
  RunSetup setup;
  setup.workers = 2;
  setup.stages = {MakeStage(30, 0.3), MakeStage(30, 0.7)};
  const model::Result result = RunOn(server.url(), OneStep("/a", 0.01), setup);
  EXPECT_GT(server.requests(), 1000u);
  EXPECT_EQ(Quantity(result, kWholeRun), static_cast<double>(server.responses()));
  EXPECT_EQ(Quantity(result, std::string(kWholeRun) + ".op.first"),
            static_cast<double>(server.responses()));
  EXPECT_EQ(Quantity(result, kWholeRunUnanswered), 0);
  EXPECT_EQ(server.connections(), 30u);
  EXPECT_LT(result.total().requests(), server.requests());  // the ramp is not in the window
  EXPECT_NEAR(result.measured_from_seconds(), 0.3, 1e-6);
  EXPECT_NEAR(result.measured_seconds(), 0.7, 1e-6);
  EXPECT_EQ(result.total().outcomes().at("ok"), result.total().requests());
  EXPECT_EQ(result.total().statuses().at("200"), result.total().requests());
}

TEST(UserDriver, TimesAreThoseTheServerInjected) {
  // Delays of 1..40 ms in turn: the quantiles are known.
  TestServer server([](const TestRequest& request) {
    TestResponse response;
    response.delay_ns = (1 + static_cast<int64_t>(request.number % 40)) * kMs;
    return response;
  });
  RunSetup setup;
  setup.stages = {MakeStage(20, 0), MakeStage(20, 2)};
  const model::Result result = RunOn(server.url(), OneStep("/a", 0.005), setup);
  ASSERT_GT(result.total().requests(), 1000u);
  for (const double q : {0.25, 0.5, 0.75, 0.95}) {
    // Requests of slow users are fewer in a closed model, so the mix is only nearly even; the
    // machine's noise comes on top.
    EXPECT_NEAR(Ms(result.total().response_time(), q), 40 * q, 2.5) << q;
  }
  EXPECT_GE(result.total().response_time().min_ns(), 1 * kMs);
  EXPECT_LT(result.total().response_time().min_ns(), 2 * kMs);
}

TEST(UserDriver, AStandstillIsInTheTimesOfAllWhoWaited) {
  // 40 users, one request each 100 ms: in a second of standstill each user sends one and waits. No
  // user may start its next request before, so 40 requests take up to a second, evenly spread over
  // the phase in which their think timers fell due (the first 100 ms).
  TestServer server([](const TestRequest&) { return TestResponse(); });
  server.StandStill(1000 * kMs, 1000 * kMs);
  RunSetup setup;
  setup.stages = {MakeStage(40, 0), MakeStage(40, 3)};
  model::Scenario scenario = OneStep("/a", 0);
  scenario.mutable_think_time()->mutable_uniform()->set_min_seconds(0.05);
  scenario.mutable_think_time()->mutable_uniform()->set_max_seconds(0.15);
  const model::Result result = RunOn(server.url(), scenario, setup);
  const model::HistogramData& time = result.total().response_time();
  const auto histogram = model::Histogram::FromProto(time);
  ASSERT_TRUE(histogram.ok());
  const uint64_t slow = histogram->count() - histogram->CountAtOrBelow(800 * kMs);
  EXPECT_EQ(slow, 40u);
  EXPECT_NEAR(time.max_ns() / 1e6, 1000, 60);
}

TEST(UserDriver, OutcomesAreTold) {
  TestServer server([](const TestRequest& request) {
    TestResponse response;
    switch (request.number % 6) {
      case 0:
        break;
      case 1:
        response.status = 404;
        break;
      case 2:
        response.status = 503;
        break;
      case 3:
        response.drop = true;
        break;
      case 4:
        response.delay_ns = 400 * kMs;
        break;  // past the timeout
      case 5:
        response.body = "{\"data\":{\"list\":[]}}";
        break;
    }
    if (request.number % 6 == 0) {
      response.body = "{\"data\":{\"list\":[1]}}";
      response.chunked = request.number % 12 == 0;
      response.close = request.number % 18 == 0;
    }
    return response;
  });
  model::Scenario scenario = OneStep("/a", 0.01);
  auto& check = *scenario.mutable_journeys(0)->mutable_steps(0)->mutable_check();
  check.add_status(200);
  (*check.mutable_json())["/data/list"] = "not_empty";
  RunSetup setup;
  setup.timeout_seconds = 0.2;
  const model::Result result = RunOn(server.url(), scenario, setup);
  for (const char* kind : {"ok", "http_4xx", "http_5xx", "reset", "timeout", "check_failed"}) {
    EXPECT_GT(result.total().outcomes().count(kind), 0u) << kind;
  }
  const double answered = Quantity(result, kWholeRun);
  const double unanswered = Quantity(result, kWholeRunUnanswered);
  EXPECT_EQ(answered + unanswered, static_cast<double>(server.requests()));
}

TEST(UserDriver, JourneysExtractAndCarryTokens) {
  const model::Catalogue catalogue{model::CatalogueSizes{}};
  const model::Entity patient = catalogue.patient(3);
  RunSetup setup;
  setup.stages = {MakeStage(1, 0), MakeStage(1, 0.3)};
  setup.tokens = "PATIENT 3 " + patient.id + " " + patient.clinic_id + " the.token.3\n";
  model::Scenario scenario = OneStep("/p/${me.id}/${user.id}", 0.01);
  model::Feeder& me = (*scenario.mutable_feeders())["me"];
  me.set_entity("patient");
  me.set_pick(model::Feeder::UNIQUE_PER_USER);
  model::Journey& journey = *scenario.mutable_journeys(0);
  journey.set_role("PATIENT");
  (*journey.mutable_steps(0)->mutable_extract())["slot"] = "/data/slots/0";
  model::Step* book = journey.add_steps();
  book->set_operation("op.book");
  book->mutable_request()->set_method("POST");
  book->mutable_request()->set_path("/book?slot=${slot}");
  book->mutable_request()->set_json("{\"time\":\"${slot}\"}");
  std::string authorization, body, path;
  TestServer server([&](const TestRequest& request) {
    TestResponse response;
    authorization = request.authorization;
    if (request.method == "POST") body = request.body;
    if (request.method == "GET") path = request.path;
    // Every other time there is no slot: the booking is left out.
    response.body = request.number % 3 == 0 ? "{\"data\":{\"slots\":[\"09:30 \\\"x\"]}}"
                                            : "{\"data\":{\"slots\":[]}}";
    return response;
  });
  const model::Result result = RunOn(server.url(), scenario, setup);
  EXPECT_EQ(authorization, "Bearer the.token.3");
  EXPECT_EQ(path, "/p/" + patient.id + "/" + patient.id);
  EXPECT_EQ(body, "{\"time\":\"09:30 \\\"x\"}");
  EXPECT_GT(Quantity(result, kStepsSkipped), 0);
  EXPECT_EQ(server.requests_by_path().count("/book?slot=09%3A30%20%22x"), 1u);
}

TEST(UserDriver, SignsInAndRefreshes) {
  // exp 1 (1970): every session is at its end at once, so each step is preceded by a refresh.
  const std::string jwt = "e30.eyJleHAiOjF9.x";
  uint64_t logins = 0, refreshes = 0, steps = 0;
  TestServer server([&](const TestRequest& request) {
    TestResponse response;
    if (request.path == "/api/v1/auth/login") ++logins;
    if (request.path == "/api/v1/auth/refresh") ++refreshes;
    if (request.path == "/a") ++steps;
    response.body = "{\"data\":{\"accessToken\":\"" + jwt + "\",\"refreshToken\":\"r\"}}";
    return response;
  });
  model::Scenario scenario = OneStep("/a", 0.02);
  scenario.mutable_journeys(0)->set_role("DOCTOR");
  scenario.mutable_users()->set_signed_in(model::Users::LOGIN);
  scenario.mutable_refresh_token()->set_when_expired(true);
  scenario.mutable_refresh_token()->set_operation("auth.refresh");
  RunSetup setup;
  setup.stages = {MakeStage(5, 0), MakeStage(5, 0.5)};
  const model::Result result = RunOn(server.url(), scenario, setup);
  EXPECT_EQ(logins, 5u);
  EXPECT_GT(steps, 20u);
  EXPECT_NEAR(static_cast<double>(refreshes), static_cast<double>(steps), 5);
  EXPECT_EQ(Quantity(result, std::string(kWholeRun) + ".auth.login"), 5);
}

TEST(UserDriver, ARefusingServerIsNoBusyLoop) {
  std::string url;
  {
    TestServer gone([](const TestRequest&) { return TestResponse(); });
    url = gone.url();
  }
  RunSetup setup;
  setup.stages = {MakeStage(10, 0), MakeStage(10, 0.5)};
  const model::Result result = RunOn(url, OneStep("/a", 0), setup);
  EXPECT_EQ(result.total().outcomes().at("refused"), result.total().requests());
  EXPECT_LE(result.total().requests(), 80u);
  EXPECT_EQ(result.total().response_time().total_count(), 0u);
}

}  // namespace
}  // namespace loadgen
