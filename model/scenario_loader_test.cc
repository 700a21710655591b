#include "model/scenario_loader.h"

#include <string>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/distribution.h"
#include "model/io.h"

namespace model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Line numbers in the tests below count from the first line of this text.
constexpr char kGood[] =
    R"(name: small
users:
  model: closed
  stages: [{ramp_to: 10, over: 5s}, {hold: 1m}]
  signed_in: {mixed: 0.02}
think_time: {exponential: {mean: 10s}}
feeders:
  doctor: {source: seed, entity: doctor, pick: uniform}
  patient: {entity: patient, pick: {zipf: {exponent: 0.9}}}
  day: {entity: day, pick: uniform}
journeys:
  - name: looks
    weight: 60
    steps:
      - name: free
        operation: appointments.availability
        request: {get: "/a/${doctor.id}?date=${day}"}
        extract: {slot: /data/0}
        check: {status: 200, json: {/data: not_empty, /success: true}}
      - name: book
        operation: appointments.create
        probability: 0.05
        think_time: {lognormal: {median: 20s, p95: 90s}}
        request: {post: /a, json: {time: "${slot}", n: 3}, headers: {X-Who: "${user.id}"}}
        check: {status: [201, 409]}
  - {name: reads, weight: 40, role: DOCTOR, steps: [{name: r, operation: ehr.comprehensive, request: {get: "/e/${patient.id}"}}]}
refresh_token: {operation: auth.refresh, when_expired: true}
retry: {attempts: 2, timeout: 5s, backoff: {exponential: {first: 100ms, factor: 3, jitter: 0.5}}, budget: 0.1}
thresholds:
  - http_req_duration: [p(95)<200, avg<100]
  - http_req_failed{operation:ehr.comprehensive}: rate<0.001
)";

// What the loader says when `from` (which must be there) is replaced by `to`.
std::string ErrorAfter(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  const absl::Status status = ParseScenario(text, "s.yaml").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << to;
  return std::string(status.message());
}

TEST(ScenarioLoader, ReadsEveryPart) {
  const absl::StatusOr<Scenario> s = ParseScenario(kGood, "s.yaml");
  ASSERT_TRUE(s.ok()) << s.status();
  EXPECT_EQ(s->users().model(), Users::CLOSED);
  EXPECT_EQ(s->users().stages(1).users(), 10u);
  EXPECT_DOUBLE_EQ(s->users().stages(1).duration_seconds(), 60);
  EXPECT_EQ(s->users().signed_in(), Users::MIXED);
  EXPECT_DOUBLE_EQ(s->users().login_fraction(), 0.02);
  EXPECT_DOUBLE_EQ(MeanSeconds(s->think_time()), 10);
  EXPECT_EQ(s->feeders().at("patient").pick(), Feeder::ZIPF);
  EXPECT_DOUBLE_EQ(s->feeders().at("patient").zipf_exponent(), 0.9);
  const Step& book = s->journeys(0).steps(1);
  EXPECT_EQ(book.request().method(), "POST");
  EXPECT_EQ(book.request().json(), R"({"time":"${slot}","n":3})");
  EXPECT_EQ(book.request().headers().at("X-Who"), "${user.id}");
  EXPECT_THAT(book.check().status(), ElementsAre(201, 409));
  EXPECT_DOUBLE_EQ(book.probability(), 0.05);
  EXPECT_EQ(s->journeys(0).steps(0).check().json().at("/success"), "true");
  EXPECT_DOUBLE_EQ(s->journeys(0).steps(0).probability(), 1);
  EXPECT_EQ(s->journeys(0).role(), "PATIENT");
  EXPECT_EQ(s->journeys(1).role(), "DOCTOR");
  EXPECT_TRUE(s->refresh_token().when_expired());
  EXPECT_DOUBLE_EQ(s->refresh_token().lifetime_seconds(), 900);
  EXPECT_DOUBLE_EQ(s->retry().backoff_factor(), 3);
  EXPECT_DOUBLE_EQ(s->retry().timeout_seconds(), 5);
  ASSERT_EQ(s->thresholds_size(), 3);
  EXPECT_EQ(s->thresholds(1).expression(), "avg<100");
  EXPECT_EQ(s->thresholds(2).tags().at("operation"), "ehr.comprehensive");
  EXPECT_EQ(s->thresholds(2).line(), 31u);
  EXPECT_EQ(s->source_path(), "s.yaml");
  EXPECT_EQ(s->digest(), Sha256Hex(kGood));
}

TEST(ScenarioLoader, ReadsEveryThinkTime) {
  for (const auto& [law, mean] : std::vector<std::pair<std::string, double>>{
           {"{constant: 3s}", 3},
           {"{constant: 0}", 0},
           {"{uniform: {min: 1s, max: 5s}}", 3},
           {"{exponential: {mean: 250ms}}", 0.25},
           {"{erlang: {mean: 4s, phases: 3}}", 4},
           {"{empirical: {quantiles: [0, 0.5, 1], values: [0s, 2s, 4s]}}", 2}}) {
    const std::string text = absl::StrReplaceAll(kGood, {{"{exponential: {mean: 10s}}", law}});
    const absl::StatusOr<Scenario> s = ParseScenario(text, "s.yaml");
    ASSERT_TRUE(s.ok()) << s.status();
    EXPECT_DOUBLE_EQ(MeanSeconds(s->think_time()), mean) << law;
  }
}

TEST(ScenarioLoader, WarnsOfForeignOperations) {
  std::vector<std::string> warnings;
  const std::string text = absl::StrReplaceAll(kGood, {{"ehr.comprehensive, r", "shop.buy, r"}});
  ASSERT_TRUE(ParseScenario(text, "s.yaml", &warnings).ok());
  EXPECT_THAT(warnings,
              ElementsAre("s.yaml:26: journeys[1].steps[0].operation: \"shop.buy\" is not an "
                          "operation of this server"));
}

TEST(ScenarioLoader, MistakesInUsers) {
  EXPECT_EQ(ErrorAfter("model: closed", "model: shut"),
            "s.yaml:3: users.model: expected one of closed, open, partly_open, found \"shut\"");
  EXPECT_EQ(ErrorAfter("  model: closed\n", ""),
            "s.yaml:2: users: expected the key model, which is missing");
  EXPECT_EQ(ErrorAfter("[{ramp_to: 10, over: 5s}, {hold: 1m}]", "[]"),
            "s.yaml:4: users.stages: expected at least one stage");
  EXPECT_EQ(ErrorAfter("{ramp_to: 10, over: 5s}, ", ""),
            "s.yaml:4: users.stages[0].hold: expected a ramp_to before the first hold");
  EXPECT_EQ(ErrorAfter("{ramp_to: 10, over: 5s}", "{ramp_to: 10}"),
            "s.yaml:4: users.stages[0]: expected the key over, which is missing");
  EXPECT_EQ(ErrorAfter("over: 5s", "over: 5"),
            "s.yaml:4: users.stages[0].over: expected a duration such as 250ms, 60s, 1m30s or 2h, "
            "found \"5\"");
  EXPECT_EQ(ErrorAfter("ramp_to: 10,", "ramp_to: 010,"),
            "s.yaml:4: users.stages[0].ramp_to: expected a whole number of 0 or more without a "
            "leading zero (which would make it octal), found \"010\"");
  EXPECT_EQ(ErrorAfter("ramp_to: 10,", "ramp_to: 0,"),
            "s.yaml:4: users.stages: expected a stage with users, found none above 0");
  EXPECT_EQ(ErrorAfter("ramp_to: 10, over: 5s", "ramp_to: 10, hold: 5s"),
            "s.yaml:4: users.stages[0]: expected {ramp_to: USERS, over: DURATION} or {hold: "
            "DURATION}");
  EXPECT_EQ(ErrorAfter("mixed: 0.02", "mixed: 2"),
            "s.yaml:5: users.signed_in.mixed: expected a fraction in 0..1, found \"2\"");
}

TEST(ScenarioLoader, ReadsOpenAndPartlyOpenModels) {
  const std::string closed = "model: closed\n  stages: [{ramp_to: 10, over: 5s}, {hold: 1m}]";
  const auto users = [&](const std::string& text) {
    const absl::StatusOr<Scenario> s =
        ParseScenario(absl::StrReplaceAll(kGood, {{closed, text}}), "s.yaml");
    EXPECT_TRUE(s.ok()) << s.status();
    return s.ok() ? s->users() : Users();
  };
  const Users open =
      users("model: open\n  stages: [{ramp_to_rate: 6000/min, over: 5s}, {hold: 1m}]");
  EXPECT_EQ(open.model(), Users::OPEN);
  EXPECT_EQ(open.arrivals(), Users::JOURNEYS);
  EXPECT_DOUBLE_EQ(open.stages(0).rate_per_second(), 100);
  EXPECT_DOUBLE_EQ(open.stages(1).rate_per_second(), 100);
  EXPECT_DOUBLE_EQ(open.stages(1).duration_seconds(), 60);
  EXPECT_EQ(users("model: open\n  arrivals: requests\n  stages: [{ramp_to_rate: 1/h, over: 5s}]")
                .arrivals(),
            Users::REQUESTS);
  const Users partly = users(
      "model: partly_open\n  session: {journeys: {geometric: {mean: 2.5}}}\n"
      "  stages: [{ramp_to_rate: 2/s, over: 5s}]");
  EXPECT_EQ(partly.session().unit(), Session::JOURNEYS);
  EXPECT_DOUBLE_EQ(partly.session().mean(), 2.5);
  EXPECT_TRUE(partly.session().geometric());
  const Users given = users(
      "model: partly_open\n  session: {requests: 7}\n  stages: [{ramp_to_rate: 2/s, over: 5s}]");
  EXPECT_EQ(given.session().unit(), Session::REQUESTS);
  EXPECT_DOUBLE_EQ(given.session().mean(), 7);
  EXPECT_FALSE(given.session().geometric());
}

TEST(ScenarioLoader, MistakesInOpenModels) {
  const std::string closed = "model: closed\n  stages: [{ramp_to: 10, over: 5s}, {hold: 1m}]";
  const auto error = [&](const std::string& text) { return ErrorAfter(closed, text); };
  EXPECT_EQ(error("model: open\n  stages: [{ramp_to: 10, over: 5s}]"),
            "s.yaml:4: users.stages[0].ramp_to: expected a rate (ramp_to_rate: 100/s): an open "
            "model has no fixed number of users");
  EXPECT_EQ(error("model: closed\n  stages: [{ramp_to_rate: 10/s, over: 5s}]"),
            "s.yaml:4: users.stages[0].ramp_to_rate: expected users (ramp_to: USERS): a closed "
            "model has no arrivals");
  EXPECT_EQ(error("model: open\n  stages: [{ramp_to_rate: 10, over: 5s}]"),
            "s.yaml:4: users.stages[0].ramp_to_rate: expected a rate such as 100/s, 6000/min or "
            "1/h, found \"10\"");
  EXPECT_EQ(error("model: open\n  stages: [{hold: 5s}]"),
            "s.yaml:4: users.stages[0].hold: expected a ramp_to_rate before the first hold");
  EXPECT_EQ(error("model: open\n  stages: [{ramp_to_rate: 0/s, over: 5s}]"),
            "s.yaml:4: users.stages: expected a stage with a rate, found none above 0");
  EXPECT_EQ(error("model: partly_open\n  stages: [{ramp_to_rate: 1/s, over: 5s}]"),
            "s.yaml:2: users: expected the key session (what a user does before it leaves), which "
            "is missing");
  EXPECT_EQ(error("model: partly_open\n  session: {journeys: {geometric: {mean: 0.5}}}\n"
                  "  stages: [{ramp_to_rate: 1/s, over: 5s}]"),
            "s.yaml:4: users.session.journeys.geometric.mean: expected a mean of 1 or more, up to "
            "1000000");
  EXPECT_EQ(error("model: closed\n  session: {requests: 3}\n  stages: [{ramp_to: 1, over: 5s}]"),
            "s.yaml:4: users.session: expected only with model: partly_open");
  EXPECT_EQ(error("model: closed\n  arrivals: requests\n  stages: [{ramp_to: 1, over: 5s}]"),
            "s.yaml:4: users.arrivals: expected only with model: open");
  EXPECT_EQ(error("model: open\n  stages: [{ramp_to_rate: 1/s, over: 5s}]\n  x: 1"),
            "s.yaml:5: users.x: unknown key, expected one of model, stages, signed_in, arrivals, "
            "session");
}

// The first step of an open journey is due at its arrival: without further ones nobody thinks.
TEST(ScenarioLoader, AnOpenModelNeedsThinkTimeOnlyBetweenSteps) {
  const std::string open =
      absl::StrReplaceAll(kGood, {{"model: closed\n  stages: [{ramp_to: 10, over: 5s}, {hold: 1m}]",
                                   "model: open\n  stages: [{ramp_to_rate: 10/s, over: 5s}]"},
                                  {"think_time: {exponential: {mean: 10s}}\n", ""}});
  EXPECT_TRUE(ParseScenario(open, "s.yaml").ok());  // the second step has a law of its own
  const std::string several = absl::StrReplaceAll(
      open, {{"        think_time: {lognormal: {median: 20s, p95: 90s}}\n", ""}});
  EXPECT_THAT(std::string(ParseScenario(several, "s.yaml").status().message()),
              HasSubstr("journeys: expected the key think_time"));
}

TEST(ScenarioLoader, MistakesInLawsAndFeeders) {
  EXPECT_EQ(ErrorAfter("{mean: 10s}", "{mean: 0s}"),
            "s.yaml:6: think_time: exponential: mean: expected a time above 0, found 0");
  EXPECT_EQ(ErrorAfter("{exponential: {mean: 10s}}", "{normal: {mean: 10s}}"),
            "s.yaml:6: think_time.normal: unknown key, expected one of constant, uniform, "
            "exponential, lognormal, erlang, empirical");
  EXPECT_EQ(ErrorAfter("median: 20s, p95: 90s", "median: 20s, p95: 10s"),
            "s.yaml:23: journeys[0].steps[1].think_time: lognormal: p95: expected more than the "
            "median, found 10");
  EXPECT_THAT(ErrorAfter("model: closed\n  stages: [{ramp_to: 10, over: 5s}, {hold: 1m}]\n  "
                         "signed_in: {mixed: 0.02}\nthink_time: {exponential: {mean: 10s}}",
                         "model: open\n  stages: [{ramp_to_rate: 10/s, over: 5s}]\n  signed_in: "
                         "token\nthink_time: {constant: 0}"),
              StartsWith("s.yaml:6: think_time: expected a mean above 0: in an open model"));
  EXPECT_EQ(ErrorAfter("entity: doctor", "entity: nurse"),
            "s.yaml:8: feeders.doctor.entity: expected one of clinic, doctor, patient, "
            "receptionist, clinic_admin, day, slot, found \"nurse\"");
  EXPECT_EQ(ErrorAfter("pick: uniform", "pick: zipf"),
            "s.yaml:8: feeders.doctor.pick: expected one of uniform, unique_per_user, {zipf: "
            "{exponent: S}}, found \"zipf\"");
  EXPECT_EQ(ErrorAfter("  doctor: {source", "  user: {source"),
            "s.yaml:8: feeders.user: expected a feeder's name: a word without dots other than "
            "user");
}

TEST(ScenarioLoader, MistakesInJourneys) {
  EXPECT_EQ(ErrorAfter("weight: 60", "weight: 0"),
            "s.yaml:13: journeys[0].weight: expected a weight above 0, found 0");
  EXPECT_EQ(ErrorAfter("probability: 0.05", "probability: 5"),
            "s.yaml:22: journeys[0].steps[1].probability: expected a fraction in 0..1, found "
            "\"5\"");
  EXPECT_EQ(ErrorAfter("probability: 0.05", "probability: 0"),
            "s.yaml:22: journeys[0].steps[1].probability: expected a probability above 0");
  EXPECT_EQ(
      ErrorAfter("        extract: {slot", "        probability: 0.5\n        extract: {slot"),
      "s.yaml:25: journeys[0].steps[1].request.json: expected a variable that is always set, "
      "found \"${slot}\", which step free extracts only with its probability; give both steps "
      "a journey of their own");
  EXPECT_EQ(ErrorAfter("name: reads", "name: looks"),
            "s.yaml:26: journeys[1].name: expected a name of its own, found \"looks\" again");
  EXPECT_EQ(ErrorAfter("name: book", "name: free"),
            "s.yaml:20: journeys[0].steps[1].name: expected a name of its own, found \"free\" "
            "again");
  EXPECT_EQ(ErrorAfter("role: DOCTOR", "role: doctor"),
            "s.yaml:26: journeys[1].role: expected one of PATIENT, DOCTOR, RECEPTIONIST, "
            "CLINIC_ADMIN, found \"doctor\"");
  EXPECT_THAT(ErrorAfter("    weight: 60\n", "    wait: 60\n"),
              StartsWith("s.yaml:13: journeys[0].wait: unknown key, expected one of name, weight"));
  EXPECT_EQ(ErrorAfter("    weight: 60\n", "    weight: 60\n    weight: 61\n"),
            "s.yaml:14: weight: duplicate key, first given in line 13");
  EXPECT_EQ(ErrorAfter("operation: appointments.create", "operation:"),
            "s.yaml:21: journeys[0].steps[1].operation: expected a text, found nothing");
  EXPECT_EQ(ErrorAfter("operation: appointments.create", "operation: Create!"),
            "s.yaml:21: journeys[0].steps[1].operation: expected an operation such as "
            "appointments.create, found \"Create!\"");
}

TEST(ScenarioLoader, MistakesInRequests) {
  EXPECT_THAT(ErrorAfter("${slot}\", n", "${slots}\", n"),
              StartsWith("s.yaml:24: journeys[0].steps[1].request.json: expected a known variable, "
                         "found \"${slots}\"; known here: day, doctor, doctor.clinicId"));
  EXPECT_THAT(ErrorAfter("${doctor.id}", "${doctor.name}"), HasSubstr("\"${doctor.name}\""));
  EXPECT_THAT(ErrorAfter("date=${day}", "date=${later}"), StartsWith("s.yaml:17: "));
  EXPECT_EQ(ErrorAfter("date=${day}", "date=${day"),
            "s.yaml:17: journeys[0].steps[0].request.get: expected } for the ${ at character 22");
  EXPECT_EQ(ErrorAfter("post: /a,", "post: a,"),
            "s.yaml:24: journeys[0].steps[1].request.post: expected a path that begins with / and "
            "has no blanks, found \"a\"");
  EXPECT_EQ(ErrorAfter("post: /a,", "post: /a, put: /a,"),
            "s.yaml:24: journeys[0].steps[1].request.put: expected only one method");
  EXPECT_EQ(ErrorAfter("post: /a, ", ""),
            "s.yaml:24: journeys[0].steps[1].request: expected one of get, post, put, delete");
  EXPECT_EQ(ErrorAfter("slot: /data/0", "slot: data/0"),
            "s.yaml:18: journeys[0].steps[0].extract.slot: expected a JSON pointer such as "
            "/data/id, found \"data/0\"");
  EXPECT_EQ(ErrorAfter("slot: /data/0", "doctor: /data/0"),
            "s.yaml:18: journeys[0].steps[0].extract.doctor: expected a name that no feeder has");
  EXPECT_EQ(ErrorAfter("status: [201, 409]", "status: [201, 999]"),
            "s.yaml:25: journeys[0].steps[1].check.status[1]: expected a whole number in "
            "100..599, found \"999\"");
  EXPECT_THAT(ErrorAfter("X-Who:", "\"X Who\":"), HasSubstr("expected a header's name"));
}

TEST(ScenarioLoader, MistakesInTheRest) {
  EXPECT_EQ(ErrorAfter("timeout: 5s", "timeout: 0s"),
            "s.yaml:28: retry.timeout: expected a timeout above 0, up to 60s");
  EXPECT_EQ(ErrorAfter(", backoff: {exponential: {first: 100ms, factor: 3, jitter: 0.5}}", ""),
            "s.yaml:28: retry: expected the key backoff beside attempts above 0");
  EXPECT_THAT(ErrorAfter("avg<100", "p95<100"),
              StartsWith("s.yaml:30: thresholds[0].http_req_duration[1]: expected p(N), avg"));
  EXPECT_THAT(ErrorAfter("http_req_failed{", "http_failed{"), StartsWith("s.yaml:31: "));
  EXPECT_EQ(ErrorAfter("when_expired: true", "when_expired: yes"),
            "s.yaml:27: refresh_token.when_expired: expected true or false, found \"yes\"");
  EXPECT_THAT(ErrorAfter("name: small", "nome: small"),
              StartsWith("s.yaml:1: nome: unknown key, expected one of name, description"));
}

// Any one line taken away, or replaced by rubbish, either still loads or is a mistake with a line.
TEST(ScenarioLoader, EveryMutatedFileIsReadOrRefusedWithALine) {
  const std::string text = kGood;
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  for (size_t i = 0; i < lines.size(); ++i) {
    for (const char* instead : {"", "x", "  - [", "\t", "name: {}", "    : :", "? x", "&a *a"}) {
      std::string mutated;
      for (size_t j = 0; j < lines.size(); ++j)
        mutated += (j == i ? std::string(instead) : lines[j]) + "\n";
      const absl::Status status = ParseScenario(mutated, "s.yaml").status();
      if (!status.ok()) {
        EXPECT_THAT(std::string(status.message()), ::testing::MatchesRegex("s.yaml:[0-9]+: .*"));
      }
    }
  }
}

TEST(ScenarioLoader, MissingFile) {
  EXPECT_THAT(std::string(LoadScenario("/no/such.yaml").status().message()),
              StartsWith("/no/such.yaml: cannot open"));
}

TEST(ScenarioLoader, ClinicDayLoadsWithoutWarnings) {
  std::vector<std::string> warnings;
  const absl::StatusOr<Scenario> s = LoadScenario("scenarios/clinic_day.yaml", &warnings);
  ASSERT_TRUE(s.ok()) << s.status();
  EXPECT_THAT(warnings, ::testing::IsEmpty());
  EXPECT_EQ(s->name(), "clinic_day");
  EXPECT_DOUBLE_EQ(MeanSeconds(s->think_time()), 10);
}

TEST(ScenarioLoader, ReadsResilience) {
  const auto s = ParseScenario(
      std::string(kGood) +
          "resilience: {client_workers: 8, retry_budget: per_worker, breaker: {scope: worker, "
          "window: 10s, error_rate: 0.5, minimum_attempts: 20, open: 30s, probes: 5}}\n",
      "s.yaml");
  ASSERT_TRUE(s.ok()) << s.status();
  EXPECT_EQ(s->resilience().client_workers(), 8u);
  EXPECT_TRUE(s->resilience().budget_per_worker());
  EXPECT_EQ(s->resilience().breaker().scope(), "worker");
  EXPECT_DOUBLE_EQ(s->resilience().breaker().window_seconds(), 10);
  EXPECT_EQ(s->resilience().breaker().probes(), 5u);
  EXPECT_FALSE(ParseScenario(kGood, "s.yaml")->has_resilience());
}

TEST(ScenarioLoader, MistakesInResilienceNameTheirLine) {
  const auto error = [](const std::string& line) {
    return std::string(ParseScenario(kGood + line, "s.yaml").status().message());
  };
  EXPECT_EQ(error("resilience: {breaker: {scope: pod}}\n"),
            "s.yaml:32: resilience.breaker.scope: expected one of population, worker, connection, "
            "found \"pod\"");
  EXPECT_THAT(error("resilience: {breaker: {scope: worker, window: 10s, error_rate: 0, open: 1s}}"),
              StartsWith("s.yaml:32: resilience.breaker.error_rate: expected a share above 0"));
  EXPECT_THAT(error("resilience: {breaker: {scope: worker, window: 0s, error_rate: 1, open: 1s}}"),
              StartsWith("s.yaml:32: resilience.breaker.window: expected a time above 0"));
  EXPECT_THAT(error("resilience: {hedging: true}"), HasSubstr("s.yaml:32: "));
}

}  // namespace
}  // namespace model
