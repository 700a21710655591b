#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "model/io.h"
#include "simulator/imports/k6_summary.h"
#include "simulator/imports/prometheus.h"
#include "simulator/imports/queries.h"

namespace simulator {
namespace {

using absl::StrContains;

// What k6 0.4x writes, shortened.
constexpr char kHandleSummary[] = R"json({
  "root_group": {"name": "", "path": "", "groups": [], "checks": []},
  "options": {"summaryTrendStats": ["avg", "min", "med", "max", "p(90)", "p(95)", "p(99)"]},
  "state": {"isStdOutTTY": false, "isStdErrTTY": true, "testRunDurationMs": 60250.5},
  "metrics": {
    "http_reqs": {"type": "counter", "contains": "default",
                  "values": {"count": 12050, "rate": 200.0}},
    "http_reqs{operation:read}": {"type": "counter", "contains": "default",
                                  "values": {"count": 10000, "rate": 166}},
    "http_req_duration": {"type": "trend", "contains": "time",
       "thresholds": {"p(95)<200": {"ok": true}},
       "values": {"avg": 12.5, "min": 1.0, "med": 9.5, "max": 310.2, "p(90)": 22.0,
                  "p(95)": 31.25, "p(99)": 80.5}},
    "http_req_failed": {"type": "rate", "contains": "default",
                        "values": {"rate": 0.002, "passes": 24, "fails": 12026}},
    "vus_max": {"type": "gauge", "contains": "default",
                "values": {"value": 50, "min": 50, "max": 50}}
  }
})json";
constexpr char kSummaryExport[] = R"json({
  "root_group": {"name": "", "checks": {}},
  "metrics": {
    "http_reqs": {"count": 600, "rate": 20.0},
    "http_req_duration": {"avg": 10, "max": 30, "med": 9, "min": 1, "p(90)": 20, "p(95)": 25,
                          "thresholds": {"p(95)<200": false}},
    "http_req_failed": {"passes": 0, "fails": 600, "thresholds": {}, "value": 0},
    "vus": {"value": 5, "min": 5, "max": 6}
  }
})json";

TEST(K6SummaryTest, ReadsBothFormats) {
  const auto data = ParseK6Summary(kHandleSummary, "k6.json");
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->requests, 12050u);
  EXPECT_DOUBLE_EQ(data->requests_per_second, 200);
  EXPECT_DOUBLE_EQ(data->duration_seconds, 60.2505);
  EXPECT_DOUBLE_EQ(data->trend.at("p(99)"), 80.5);
  EXPECT_DOUBLE_EQ(data->failed_share, 0.002);
  EXPECT_EQ(data->virtual_users, 50u);
  EXPECT_EQ(data->by_operation.at("read"), 10000u);

  const auto exported = ParseK6Summary(kSummaryExport, "k6.json");
  ASSERT_TRUE(exported.ok()) << exported.status();
  EXPECT_DOUBLE_EQ(exported->duration_seconds, 30);
  EXPECT_DOUBLE_EQ(exported->trend.at("med"), 9);
  EXPECT_DOUBLE_EQ(exported->failed_share, 0);
  EXPECT_EQ(exported->virtual_users, 6u);
}

TEST(K6SummaryTest, BadFilesGiveOneLine) {
  struct Case {
    const char* json;
    const char* expected;
  };
  const Case cases[] = {
      {"", "not valid JSON"},
      {"[]", "no `metrics`"},
      {"{\"metrics\": 5}", "no `metrics`"},
      {"{\"metrics\": {}}", "metrics.http_req_duration: is not there"},
      {R"({"metrics": {"http_req_duration": {"med": 3}}})", "`avg`"},
      {R"({"metrics": {"http_req_duration": {"avg": -3}}})", "0 or more"},
      {R"({"metrics": {"http_req_duration": {"avg": 3}}})", "metrics.http_reqs: is not there"},
      {R"({"metrics": {"http_req_duration": {"avg": 3}, "http_reqs": {"count": "x", "rate": 1}}})",
       "`count`"},
      {R"({"metrics": {"http_req_duration": {"avg": 3}, "http_reqs": {"count": 0, "rate": 0}}})",
       "counted no request"},
      {R"({"metrics": {"http_req_duration": {"avg": 3}, "http_reqs": {"count": 5, "rate": 1},
           "http_req_failed": {"value": 7}}})",
       "share of 0 to 1"},
  };
  for (const Case& item : cases) {
    const auto summary = ParseK6Summary(item.json, "k6.json");
    ASSERT_FALSE(summary.ok()) << item.json;
    EXPECT_TRUE(StrContains(summary.status().message(), "k6.json: ")) << summary.status();
    EXPECT_TRUE(StrContains(summary.status().message(), item.expected)) << summary.status();
    EXPECT_FALSE(StrContains(summary.status().message(), "\n")) << summary.status();
  }
  EXPECT_FALSE(ReadK6Summary("nowhere.json").ok());
}

// Answers recorded from Prometheus 2.42, shortened.
TEST(PrometheusTest, ReadsAMatrix) {
  const auto series = ParseMatrix(
      R"({"status":"success","data":{"resultType":"matrix","result":[
          {"metric":{"operation":"read"},"values":[[1700000000,"1.5"],[1700000015.25,"2"]]},
          {"metric":{"operation":"write"},"values":[[1700000000,"0"]]}]}})",
      "requests");
  ASSERT_TRUE(series.ok()) << series.status();
  ASSERT_EQ(series->size(), 2u);
  EXPECT_EQ(series->front().labels.at("operation"), "read");
  EXPECT_EQ(series->front().value, (std::vector<double>{1.5, 2}));
  EXPECT_DOUBLE_EQ(series->front().at_seconds[1], 1700000015.25);
}

TEST(PrometheusTest, BadAnswersGiveOneLine) {
  struct Case {
    const char* body;
    const char* expected;
  };
  const Case cases[] = {
      {"", "not an answer of Prometheus"},
      {"<html>login</html>", "not an answer of Prometheus"},
      {"[]", "not an answer of Prometheus"},
      {"{\"status\":\"success\"}", "not an answer of Prometheus"},
      {R"({"status":"success","data":{"resultType":"vector","result":[]}})",
       "not an answer of Prometheus"},
      {R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,2]]}]}})",
       "not an answer of Prometheus"},
      {R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:5: parse error: unclosed left parenthesis"})",
       "bad_data: invalid parameter \"query\": 1:5: parse error"},
      {R"({"status":"success","data":{"resultType":"matrix","result":[]}})", "no series"},
      {R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[]}]}})",
       "no series"},
      {R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{"pod":"a"},"values":[[1700000000,"NaN"]]}]}})",
       "NaN at 2023-11-14T22:13:20+00:00 in {pod=\"a\"}"},
      {R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1700000000,"+Inf"]]}]}})",
       "+Inf at"},
  };
  for (const Case& item : cases) {
    const auto series = ParseMatrix(item.body, "http://p:9090: p95_ms");
    ASSERT_FALSE(series.ok()) << item.body;
    EXPECT_TRUE(StrContains(series.status().message(), "http://p:9090: p95_ms: "))
        << series.status();
    EXPECT_TRUE(StrContains(series.status().message(), item.expected)) << series.status();
    EXPECT_FALSE(StrContains(series.status().message(), "\n")) << series.status();
  }
}

TEST(PrometheusTest, AddressesAndTimes) {
  for (const char* url : {"prometheus:9090", "https://p", "http://", "http://p:99999", "http://p:x",
                          "http://:9090", ""}) {
    const auto prometheus = Prometheus::At(url);
    EXPECT_TRUE(absl::IsInvalidArgument(prometheus.status())) << url << prometheus.status();
  }
  EXPECT_TRUE(absl::IsUnavailable(Prometheus::At("http://nowhere.invalid:9090").status()));
  const auto nobody = Prometheus::At("http://127.0.0.1:1/prefix/");
  ASSERT_TRUE(nobody.ok()) << nobody.status();
  const auto asked = nobody->QueryOne("p95_ms", "up", absl::UnixEpoch(), absl::Seconds(5));
  EXPECT_TRUE(absl::IsUnavailable(asked.status())) << asked.status();
  EXPECT_TRUE(StrContains(asked.status().message(), "http://127.0.0.1:1/prefix/: p95_ms: "));

  EXPECT_EQ(*ParseInstant("from", "1700000000.5"), absl::FromUnixMillis(1700000000500));
  EXPECT_EQ(*ParseInstant("from", "2023-11-14T22:13:20Z"), absl::FromUnixSeconds(1700000000));
  for (const char* text : {"", "yesterday", "2023-11-14", "-5", "nan"}) {
    EXPECT_FALSE(ParseInstant("from", text).ok()) << text;
  }
}

TEST(QueriesTest, AFileReplacesSections) {
  const std::string path = ::testing::TempDir() + "/queries.yaml";
  ASSERT_TRUE(
      model::WriteFile("quantities:\n  p95_ms: up\nbusy:\n  server_cpu_seconds: x[$window]\n"
                       "given: {flush_seconds: 0.002}\ncommits_waited: {add: 1}\n",
                       path)
          .ok());
  const auto queries = LoadQueries(path);
  ASSERT_TRUE(queries.ok()) << queries.status();
  EXPECT_EQ(queries->quantities.size(), 1u);
  EXPECT_TRUE(queries->quantities.at("p95_ms").chosen);
  EXPECT_EQ(queries->quantities.at("p95_ms").where, path + ":2");
  EXPECT_EQ(queries->busy.size(), 1u);
  EXPECT_FALSE(queries->counts.empty());
  EXPECT_DOUBLE_EQ(queries->given.at("flush_seconds"), 0.002);
}

TEST(QueriesTest, BadFilesNameTheLine) {
  struct Case {
    const char* yaml;
    const char* expected;
  };
  const Case cases[] = {
      {"quantities: {p93_ms: up}\n", ":1: "},
      {"quantities:\n  p95_ms: up\n  p95_ms: up\n", ":3: "},
      {"quantities:\n  p95_ms:\n", ":2: "},
      {"busy:\n  database_cpu_seconds: up\n", "at least server_cpu_seconds"},
      {"given:\n  flush_seconds: -1\n", ":2: "},
      {"given: {speed: 1}\n", ":1: "},
      {"querys: {}\n", ":1: "},
      {"- a\n", ":1: "},
  };
  const std::string path = ::testing::TempDir() + "/bad.yaml";
  for (const Case& item : cases) {
    ASSERT_TRUE(model::WriteFile(item.yaml, path).ok());
    const auto queries = LoadQueries(path);
    ASSERT_FALSE(queries.ok()) << item.yaml;
    EXPECT_TRUE(StrContains(queries.status().message(), path + ":")) << queries.status();
    EXPECT_TRUE(StrContains(queries.status().message(), item.expected)) << queries.status();
  }
}

}  // namespace
}  // namespace simulator
