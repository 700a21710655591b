#include <cstdlib>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "loadgen/commands/flags.h"
#include "loadgen/commands/hit.h"
#include "loadgen/commands/run.h"
#include "loadgen/engine/recorder.h"
#include "loadgen/testing/test_server.h"
#include "model/catalogue.h"
#include "model/io.h"

// The commands as a user calls them: real sockets, real workers, files and exit codes.
namespace loadgen {
namespace {

std::string TempFile(const std::string& name) { return ::testing::TempDir() + "/" + name; }

std::string WriteScenario(const std::string& threshold) {
  std::string path = TempFile("scenario.yaml");
  const std::string text =
      "name: small\n"
      "users: {model: closed, stages: [{ramp_to: 4, over: 100ms}, {hold: 400ms}], signed_in: "
      "token}\n"
      "think_time: {constant: 10ms}\n"
      "journeys:\n"
      "  - name: look\n"
      "    weight: 1\n"
      "    role: PATIENT\n"
      "    steps:\n"
      "      - name: live\n"
      "        operation: health.live\n"
      "        request: {get: /health/live}\n"
      "        check: {status: 200}\n"
      "thresholds:\n"
      "  - " +
      threshold + "\n";
  EXPECT_TRUE(model::WriteFile(text, path).ok());
  return path;
}

std::string WriteTokens() {
  const model::Catalogue catalogue{model::CatalogueSizes{}};
  std::string text;
  for (int i = 0; i < 4; ++i) {
    const model::Entity patient = catalogue.patient(i);
    text += "PATIENT " + std::to_string(i) + " " + patient.id + " " + patient.clinic_id + " t\n";
  }
  EXPECT_TRUE(model::WriteFile(text, TempFile("tokens.txt")).ok());
  return TempFile("tokens.txt");
}

double WholeRun(const model::Result& result) {
  for (const model::Quantity& q : result.quantities()) {
    if (q.name() == kWholeRun) return q.value();
  }
  return -1;
}

TEST(Hit, CountsWhatTheServerSaw) {
  TestServer server([](const TestRequest&) { return TestResponse(); });
  const std::string out = TempFile("hit.json");
  const int code = RunHit(
      {server.url("/x"), "-c", "4", "-d=300ms", "--workers", "2", "--out", out, "--noprogress"});
  // On a loaded machine the generator may be the bottleneck, and says so.
  EXPECT_TRUE(code == kExitOk || code == kExitInvalid) << code;
  const auto result = model::ReadJson<model::Result>(out);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(WholeRun(*result), static_cast<double>(server.responses()));
  EXPECT_EQ(result->users(), 4u);
  EXPECT_EQ(result->provenance().engine(), "loadgen");
  EXPECT_EQ(server.requests_by_path().count("/x"), 1u);
}

TEST(Hit, RefusesAndExplains) {
  EXPECT_EQ(RunHit({"http://192.0.2.1/"}), kExitBadConfig);
  EXPECT_EQ(RunHit({"http://127.0.0.1:1/"}), kExitFailed);
  EXPECT_EQ(RunHit({"http://127.0.0.1/", "--no-such-flag"}), kExitBadConfig);
  EXPECT_EQ(RunHit({"http://127.0.0.1/", "-c", "many"}), kExitBadConfig);
  EXPECT_EQ(RunHit({"http://127.0.0.1/", "-c"}), kExitBadConfig);
  EXPECT_EQ(RunHit({}), kExitBadConfig);
}

TEST(Run, StagesTokensThresholdsAndFiles) {
  TestServer server([](const TestRequest& request) {
    TestResponse response;
    if (request.authorization != "Bearer t") response.status = 401;
    return response;
  });
  const std::string out = TempFile("run.json");
  const std::vector<std::string> args = {WriteScenario("http_req_failed: rate<0.001"),
                                         "--target",
                                         server.url(""),
                                         "--tokens",
                                         WriteTokens(),
                                         "--out",
                                         out,
                                         "--noprogress",
                                         "--workers=1"};
  EXPECT_EQ(RunScenario(args), kExitOk);
  const auto result = model::ReadJson<model::Result>(out);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(WholeRun(*result), static_cast<double>(server.responses()));
  EXPECT_EQ(result->users(), 4u);
  EXPECT_EQ(result->provenance().scenario_name(), "small");
  EXPECT_EQ(result->provenance().scenario_digest().size(), 64u);
  EXPECT_NEAR(result->measured_seconds(), 0.4, 1e-6);
  EXPECT_EQ(result->events_size(), 2);
  EXPECT_EQ(result->total().outcomes().at("ok"), result->total().requests());
  ASSERT_EQ(result->thresholds_size(), 1);

  WriteScenario("http_reqs: count>1000000");
  EXPECT_EQ(RunScenario(args), kExitThresholds);
}

TEST(Run, ConnectionsAreDealtOverTheTargets) {
  const auto answer = [](const TestRequest&) { return TestResponse(); };
  TestServer first(answer), second(answer);
  const std::string out = TempFile("two.json");
  EXPECT_EQ(RunScenario({WriteScenario("http_reqs: count>1"), "--target",
                         first.url("") + "," + second.url(""), "--tokens", WriteTokens(), "--out",
                         out, "--seed=3", "--noprogress", "--workers=1"}),
            kExitOk);
  const auto result = model::ReadJson<model::Result>(out);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(WholeRun(*result), static_cast<double>(first.responses() + second.responses()));
  EXPECT_GT(first.responses(), 0u);
  EXPECT_GT(second.responses(), 0u);
}

TEST(Run, BadInputIsBadConfig) {
  const std::string scenario = WriteScenario("http_reqs: count>1");
  const std::string target = "http://127.0.0.1:1";
  EXPECT_EQ(RunScenario({scenario, "--target", target, "--tokens", TempFile("none")}),
            kExitBadConfig);
  EXPECT_EQ(RunScenario({TempFile("none.yaml"), "--target", target}), kExitBadConfig);
  EXPECT_EQ(RunScenario({scenario, "--target", target + "/path"}), kExitBadConfig);
  EXPECT_EQ(RunScenario({scenario, "--target", target, "--tokens", WriteTokens()}), kExitFailed);
}

}  // namespace
}  // namespace loadgen
