#include "report/html/page.h"

#include <limits>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "report/figure.h"
#include "report/html/markup.h"
#include "report/html/run_page.h"

namespace report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MarkupTest, EscapesWhatWouldBeMarkup) {
  EXPECT_EQ(Escape("<b a=\"x\">'&"), "&lt;b a=&quot;x&quot;&gt;&#39;&amp;");
}

TEST(MarkupTest, FiguresArePlain) {
  EXPECT_EQ(ShortFigure(2.93149), "2.931");
  EXPECT_EQ(ShortFigure(5880), "5880");
  EXPECT_EQ(ShortFigure(111111.1), "111,111");
  EXPECT_EQ(ShortFigure(1000000), "1,000,000");
  EXPECT_EQ(ShortFigure(-1234567), "-1,234,567");
}

TEST(MarkupTest, PlotDataCannotEndItsScript) {
  Plot plot;
  plot.title = "</script><script>alert(1)";
  plot.labels = {"1"};
  plot.lines = {{"a", {1.5}, {}, {}}};
  EXPECT_THAT(PlotBlock("x", plot), Not(HasSubstr("</script><script>alert")));
}

TEST(MarkupTest, GapsAreNull) {
  Plot plot;
  plot.labels = {"1", "2"};
  plot.lines = {{"a", {1, std::numeric_limits<double>::quiet_NaN()}, {}, {}}};
  EXPECT_THAT(PlotBlock("x", plot), HasSubstr("null]"));
}

TEST(PageTest, IsSelfContainedAndSaysTheVerdict) {
  model::VerdictReport report;
  model::Verdict* row = report.add_verdicts();
  row->set_claim_id("row-1m");
  row->set_deployment("production");
  row->set_outcome(model::Verdict::FAILS);
  row->set_reason("p95_ms = 900 < 200: no <really>");
  row->set_bottleneck("database_cpu 99 %");
  PageInputs inputs;
  inputs.verdicts = &report;
  const std::string page = RenderPage(inputs);
  EXPECT_THAT(page, HasSubstr("<span class=\"outcome fails\">fails</span>"));
  EXPECT_THAT(page, HasSubstr("database_cpu 99 %"));
  EXPECT_THAT(page, HasSubstr("&lt;really&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("src=\"http")));
  EXPECT_THAT(page, Not(HasSubstr("href=\"http")));
}

model::Result Predicted(double low, double high) {
  model::Result result;
  model::Provenance& from = *result.mutable_provenance();
  from.set_engine("simulator");
  from.set_scenario_name("day");
  from.set_deployment_name("production");
  from.set_valid(true);
  from.set_extrapolation(18.4);
  result.set_users(1000);
  model::ThresholdOutcome* threshold = result.add_thresholds();
  threshold->set_metric("http_req_duration");
  threshold->set_expression("p(95)<200");
  threshold->set_passed(true);
  threshold->set_value((low + high) / 2);
  model::Quantity* p95 = result.add_quantities();
  p95->set_name("p95_ms");
  p95->set_value((low + high) / 2);
  p95->set_low(low);
  p95->set_high(high);
  p95->set_confidence(0.95);
  p95->set_calibration_part(0.1);
  p95->set_model_part(0.2);
  return result;
}

TEST(RunPageTest, AnswersOnWholeIntervalsOnly) {
  EXPECT_THAT(RenderRunPage(Predicted(100, 150), {}), HasSubstr("Yes: the only threshold"));
  EXPECT_THAT(RenderRunPage(Predicted(150, 230), {}), HasSubstr("Open: the interval holds both"));
  EXPECT_THAT(RenderRunPage(Predicted(300, 400), {}), HasSubstr("No: 1 of 1 thresholds"));
}

TEST(RunPageTest, SaysWhatItRestsOn) {
  model::Profile profile;
  profile.add_loads()->set_requests_per_second(100);
  model::Result result = Predicted(100, 150);
  EXPECT_THAT(RenderRunPage(result, LadderOf({&profile, nullptr, nullptr, &result})),
              HasSubstr("no load: no measured run was compared"));
  result.mutable_quantities(0)->add_past_error(0.12);
  const std::string page = RenderRunPage(result, LadderOf({&profile, nullptr, nullptr, &result}));
  EXPECT_THAT(page, HasSubstr("the last one was off by p95_ms +12 %"));
  EXPECT_THAT(page, HasSubstr("Outside the validated range: 18.4 x"));
  EXPECT_THAT(page, HasSubstr("±20 %"));
}

TEST(RunPageTest, DisturbancesAreNumberedMarksInEveryPlot) {
  model::Result result = Predicted(100, 150);
  result.set_step_seconds(5);
  for (const char* name : {"users", "p95_ms", "pods_ready"}) {
    model::Series* series = result.add_series();
    series->set_name(name);
    for (double value : {1.0, 2.0}) series->add_value(value);
  }
  for (auto [kind, text] : {std::pair{"scaling", "cpu 84 % of 70 % -> 12 wanted"},
                            {"held", "cpu 66 % of 70 % -> 12 wanted; stays at 12"},
                            {"failover", "the standby takes over"}}) {
    model::Event* event = result.add_events();
    event->set_kind(kind);
    event->set_text(text);
    event->set_at_seconds(7);
  }
  const std::string page = RenderRunPage(result, {});
  EXPECT_THAT(page, HasSubstr("cpu 84 % of 70 % -&gt; 12 wanted"));
  size_t faults = 0;
  size_t scalings = 0;
  for (size_t at = 0; (at = page.find("\"kind\":\"fault\"", at)) != std::string::npos; ++at)
    ++faults;
  for (size_t at = 0; (at = page.find("\"kind\":\"scaling\"", at)) != std::string::npos; ++at) {
    ++scalings;
  }
  EXPECT_EQ(faults, 3u);
  EXPECT_EQ(scalings, 1u) << "in the plot of pods only";
  // A decision that was held is told, but disturbs nothing.
  EXPECT_THAT(page, HasSubstr("12 wanted; stays at 12"));
}

TEST(RunPageTest, FaultsAreInTheQuestion) {
  model::Result result = Predicted(100, 150);
  EXPECT_THAT(RenderRunPage(result, {}), Not(HasSubstr("and the faults")));
  result.mutable_provenance()->set_fault_plan("cache-lost");
  EXPECT_THAT(RenderRunPage(result, {}), HasSubstr("and the faults cache-lost occur?"));
}

TEST(RunPageTest, ACalmRunWithASpikeIsDrawnLogarithmically) {
  model::Result result = Predicted(100, 150);
  result.set_step_seconds(5);
  model::Series* series = result.add_series();
  series->set_name("p95_ms");
  for (double value : {20.0, 30.0}) series->add_value(value);
  EXPECT_THAT(RenderRunPage(result, {}), Not(HasSubstr("Response time (logarithmic)")));
  series->add_value(2500);
  EXPECT_THAT(RenderRunPage(result, {}), HasSubstr("Response time (logarithmic)"));
}

TEST(PageTest, DrawsPredictedBesideMeasured) {
  model::VerdictReport report;
  model::Result result;
  result.add_operations()->set_operation("ehr.comprehensive");
  PageInputs inputs;
  inputs.verdicts = &report;
  inputs.measured = &result;
  inputs.predicted = &result;
  EXPECT_THAT(RenderPage(inputs), HasSubstr("data-plot=\"predicted-measured\""));
}

}  // namespace
}  // namespace report
