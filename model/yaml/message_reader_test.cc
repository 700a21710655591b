#include "model/yaml/message_reader.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/deployment.pb.h"
#include "model/distribution.pb.h"
#include "model/verdict.pb.h"

namespace model {
namespace {

template <typename Message>
absl::Status Read(const std::string& text, Message* message) {
  return ReadMessage(*YamlNode::Parse(text, "f.yaml"), message);
}

template <typename Message>
std::string ErrorOf(const std::string& text) {
  Message message;
  return std::string(Read(text, &message).message());
}

TEST(MessageReader, ReadsADeployment) {
  Deployment d;
  const absl::Status status = Read(
      "name: documented\n"
      "workloads:\n"
      "  - name: api\n"
      "    replicas: 5\n"
      "    request_millicores: 500m\n"
      "    limit_millicores: 2 cores\n"
      "    limit_memory_bytes: 1Gi\n"
      "    termination_grace_seconds: 1m30s\n"
      "    readiness_probe: {period_seconds: 5, path: /health/ready}\n"
      "autoscalers:\n"
      "  - name: api\n"
      "    scale_down:\n"
      "      present: true\n"
      "      stabilization_window_seconds: 5m\n"
      "      policies: [{type: Pods, value: -2, period_seconds: 60}]\n"
      "origins:\n"
      "  database.max_connections: {source: \"guide, table 3\"}\n",
      &d);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(d.workloads(0).request_millicores(), 500u);
  EXPECT_EQ(d.workloads(0).limit_millicores(), 2000u);
  EXPECT_EQ(d.workloads(0).limit_memory_bytes(), uint64_t{1} << 30);
  EXPECT_DOUBLE_EQ(d.workloads(0).termination_grace_seconds(), 90);
  EXPECT_DOUBLE_EQ(d.workloads(0).readiness_probe().period_seconds(), 5);
  EXPECT_EQ(d.autoscalers(0).scale_down().stabilization_window_seconds(), 300);
  EXPECT_EQ(d.autoscalers(0).scale_down().policies(0).value(), -2);
  EXPECT_EQ(d.origins().at("database.max_connections").source(), "guide, table 3");
  EXPECT_EQ(d.origins().at("database.max_connections").line(), 17u);
}

TEST(MessageReader, ABareNumberIsInTheFieldsUnit) {
  Nodes nodes;
  ASSERT_TRUE(Read("millicores: 4000\nmemory_bytes: 1024\nstart_seconds: 90\n", &nodes).ok());
  EXPECT_EQ(nodes.millicores(), 4000u);
  Database database;
  ASSERT_TRUE(Read("cores_millicores: 16000\n", &database).ok());
  EXPECT_EQ(database.cores_millicores(), 16000u);
}

TEST(MessageReader, FillsLinesAndEnums) {
  Verdict verdict;
  ASSERT_TRUE(Read("outcome: holds_if\n", &verdict).ok());
  EXPECT_EQ(verdict.outcome(), Verdict::HOLDS_IF);
  VerdictReport report;
  ASSERT_TRUE(Read("verdicts:\n - {outcome: FAILS}\n - {outcome: holds}\n", &report).ok());
  EXPECT_EQ(report.verdicts(1).outcome(), Verdict::HOLDS);
  Claim claim;
  ASSERT_TRUE(Read("# a comment\n\nid: row-1\n", &claim).ok());
  EXPECT_EQ(claim.line(), 3u);
}

TEST(MessageReader, MistakesNameLineFieldAndExpectation) {
  EXPECT_EQ(ErrorOf<Probe>("period_seconds: 5\nperiod: 6\n"),
            "f.yaml:2: period: unknown key, expected one of initial_delay_seconds, period_seconds, "
            "timeout_seconds, success_threshold, failure_threshold, path");
  EXPECT_EQ(ErrorOf<Probe>("period_seconds: soon\n"),
            "f.yaml:1: period_seconds: expected seconds as a number, or a duration such as 250ms, "
            "15s or 1m30s");
  EXPECT_EQ(ErrorOf<Deployment>("workloads:\n  name: api\n"),
            "f.yaml:1: workloads: expected a list, found a map");
  EXPECT_EQ(ErrorOf<Deployment>("workloads:\n  - replicas: -1\n"),
            "f.yaml:2: workloads[0].replicas: expected a whole number of 0 or more, found \"-1\"");
  EXPECT_EQ(ErrorOf<Deployment>("workloads:\n  - replicas: 4294967296\n"),
            "f.yaml:2: workloads[0].replicas: expected a whole number in 0..4294967295, found "
            "\"4294967296\"");
  EXPECT_EQ(ErrorOf<Verdict>("outcome: perhaps\n"),
            "f.yaml:1: outcome: expected one of holds, fails, holds_if, undecided");
  EXPECT_EQ(ErrorOf<Verdict>("outcome: outcome_unspecified\n"),
            "f.yaml:1: outcome: expected one of holds, fails, holds_if, undecided");
  EXPECT_EQ(ErrorOf<Nodes>("autoscaled: yes\n"),
            "f.yaml:1: autoscaled: expected true or false, found \"yes\"");
  EXPECT_EQ(ErrorOf<Nodes>("memory_bytes: 16GB\n"),
            "f.yaml:1: memory_bytes: expected a size such as 16Gi, 512Mi, 500M or 1024, found "
            "\"16GB\"");
  EXPECT_EQ(
      ErrorOf<Distribution>("constant: {value_seconds: 1s}\nexponential: {mean_seconds: 2}\n"),
      "f.yaml:2: exponential: expected only one kind of law, found a second");
  EXPECT_EQ(ErrorOf<ScalingRules>("stabilization_window_seconds: 1500ms\n"),
            "f.yaml:1: stabilization_window_seconds: expected a duration of whole seconds");
}

}  // namespace
}  // namespace model
