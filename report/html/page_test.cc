#include "report/html/page.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "report/figure.h"
#include "report/html/markup.h"

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
