#include "simulator/calibration/metrics_text.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace simulator {
namespace {

constexpr char kText[] = R"(# HELP praxis_requests_total Requests finished
# TYPE praxis_requests_total counter
praxis_requests_total{operation="ehr.comprehensive",status_class="2xx"} 10
praxis_requests_total{operation="ehr.comprehensive",status_class="5xx"} 2
praxis_requests_total{operation="auth.login",status_class="2xx"} 1
praxis_request_seconds_bucket{operation="auth.login",le="+Inf"} 99
praxis_process_cpu_seconds_total 1.25e1
)";

TEST(MetricsTextTest, SumsOverTheOtherLabels) {
  auto metrics = MetricsText::Parse(kText);
  ASSERT_TRUE(metrics.ok()) << metrics.status();
  EXPECT_EQ(metrics->Sum("praxis_requests_total", {{"operation", "ehr.comprehensive"}}), 12);
  EXPECT_EQ(metrics->Sum("praxis_requests_total",
                         {{"operation", "ehr.comprehensive"}, {"status_class", "2xx"}}),
            10);
  EXPECT_EQ(metrics->Sum("praxis_requests_total"), 13);
  EXPECT_EQ(metrics->Sum("praxis_process_cpu_seconds_total"), 12.5);
  EXPECT_EQ(metrics->Sum("praxis_request_seconds_bucket"), 0);
  EXPECT_EQ(metrics->Sum("praxis_requests_total", {{"operation", "never"}}), 0);
  EXPECT_EQ(metrics->LabelValues("praxis_requests_total", "operation").size(), 2);
}

TEST(MetricsTextTest, AWrongLineIsNamed) {
  EXPECT_THAT(MetricsText::Parse("a 1\n<html>\n").status().message(),
              ::testing::HasSubstr("metrics line 2"));
}

}  // namespace
}  // namespace simulator
