// Opens pages in a real browser (Chromium, headless): every plot is drawn, the console stays empty,
// and nothing sticks out of a telephone's screen. Skipped where no Chromium is installed.

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "base/subprocess.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/io.h"
#include "report/html/collection_page.h"
#include "report/html/page.h"
#include "report/html/run_page.h"

namespace report {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Browser() {
  for (const char* path : {"/usr/bin/chromium", "/usr/bin/chromium-browser",
                           "/usr/bin/google-chrome", "/snap/bin/chromium"}) {
    if (std::filesystem::exists(path)) return path;
  }
  return "";
}

// Says how far the page is wider than the window, once it is laid out.
constexpr char kProbe[] =
    "<script>document.documentElement.dataset.overflow = "
    "document.documentElement.scrollWidth - document.documentElement.clientWidth;</script></body>";

struct Opened {
  std::string head;  // the html element's start tag, with what page.js and the probe left there
  std::vector<std::string> console;  // lines of warnings, errors and uncaught exceptions
};

Opened Open(const std::string& page, const std::string& window) {
  const std::string folder = absl::StrCat(::testing::TempDir(), "/browser");
  const std::string file = absl::StrCat(folder, "/page.html");
  std::filesystem::create_directories(folder);
  EXPECT_TRUE(model::WriteFile(absl::StrReplaceAll(page, {{"</body>", kProbe}}), file).ok());
  const auto output = base::RunCommand(
      {Browser(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
       "--enable-logging=stderr", absl::StrCat("--user-data-dir=", folder, "/profile"),
       absl::StrCat("--window-size=", window), "--dump-dom", absl::StrCat("file://", file)},
      absl::Seconds(60));
  EXPECT_TRUE(output.ok()) << output.status();
  Opened opened;
  if (!output.ok()) return opened;
  opened.head = output->out.substr(0, output->out.find("<head>"));
  for (absl::string_view line : absl::StrSplit(output->err, '\n')) {
    if (absl::StrContains(line, "CONSOLE")) opened.console.emplace_back(line);
  }
  return opened;
}

void AddSeries(const std::string& name, std::vector<double> values, model::Result* result) {
  model::Series* series = result->add_series();
  series->set_name(name);
  for (double value : values) series->add_value(value);
}

model::Result ARun() {
  model::Result result;
  result.mutable_provenance()->set_engine("simulator");
  result.mutable_provenance()->set_scenario_name("a_scenario_with_a_rather_long_name");
  result.mutable_provenance()->set_deployment_name("production");
  result.mutable_provenance()->set_valid(true);
  result.mutable_provenance()->add_warnings("extrapolated 40 x: calibrated up to 5000 requests/s");
  result.set_users(1000000);
  result.set_think_time_mean_seconds(10);
  result.set_step_seconds(5);
  for (const char* name : {"users", "started_per_second", "p95_ms", "pods_ready", "errors.timeout",
                           "utilisation.server_cpu", "utilisation.redis.0", "database_connections",
                           "cache_hit_rate", "queue.pool_wait", "a_series_of_tomorrow"}) {
    AddSeries(name, {1, 2, std::nan(""), 4}, &result);
  }
  model::Event* fault = result.add_events();
  fault->set_kind("failover");
  fault->set_at_seconds(10);
  fault->set_text("the standby takes over");
  model::ResourceUse* use = result.add_resources();
  use->set_name("database_connections");
  use->set_capacity(490);
  model::Quantity* p95 = result.add_quantities();
  p95->set_name("p95_ms");
  p95->set_value(42);
  p95->set_low(30);
  p95->set_high(60);
  p95->set_confidence(0.95);
  p95->set_model_part(0.2);
  return result;
}

class BrowserTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (Browser().empty()) {
      GTEST_SKIP() << "no Chromium on this machine (Debian: apt-get install chromium): pages were "
                      "not opened in a real browser";
    }
  }

  static void ExpectDrawn(const std::string& page, int plots) {
    for (const char* window : {"500,900", "1280,900"}) {
      const Opened opened = Open(page, window);
      EXPECT_THAT(opened.console, IsEmpty()) << window;
      EXPECT_THAT(opened.head, HasSubstr(absl::StrCat("data-drawn=\"", plots, "\""))) << window;
      EXPECT_THAT(opened.head, HasSubstr("data-overflow=\"0\"")) << window;
    }
  }
};

TEST_F(BrowserTest, ARunIsDrawnAndFitsATelephone) {
  ExpectDrawn(RenderRunPage(ARun(), LadderOf({})), 11);
}

TEST_F(BrowserTest, AnEmptyResultIsStillAPage) {
  const Opened opened = Open(RenderRunPage(model::Result(), {}), "500,900");
  EXPECT_THAT(opened.console, IsEmpty());
  EXPECT_THAT(opened.head, HasSubstr("data-drawn=\"0\""));
}

TEST_F(BrowserTest, ManyAnswersOnOnePage) {
  Collection collection;
  const std::string run = model::ToJson(ARun()).value();
  ASSERT_TRUE(collection.Add("before", run).ok());
  ASSERT_TRUE(collection.Add("after", run).ok());
  ASSERT_TRUE(
      collection
          .Add("sweep",
               R"({"settings":{"users":"1"},"quantities":{"p95_ms":{"value":4,"low":3,"high":5}}}
{"settings":{"users":"2"},"quantities":{"p95_ms":{"value":9,"low":8,"high":10}}})")
          .ok());
  ASSERT_TRUE(
      collection
          .Add("hysteresis",
               R"({"kind":"hysteresis","scenario":"s","deployment":"d","profile":"p","points":[
{"users":1,"branch":"up","goodput_per_second":1,"attempts_per_second":1,"p95_ms":1},
{"users":1,"branch":"down","goodput_per_second":0,"attempts_per_second":4,"p95_ms":9}]})")
          .ok());
  ExpectDrawn(*collection.Render(), 1 + 6 + 1 + 3);
}

TEST_F(BrowserTest, JudgedClaimsAreDrawn) {
  model::VerdictReport report;
  model::Verdict* row = report.add_verdicts();
  row->set_claim_id("row-1m");
  row->set_claim("1,000,000 users on 200 pods with p95 below 200 ms");
  row->set_deployment("production");
  row->set_outcome(model::Verdict::HOLDS_IF);
  row->set_reason("p95_ms = 190 [150, 230] < 200: the interval holds both");
  const model::Result run = ARun();
  PageInputs inputs;
  inputs.verdicts = &report;
  inputs.headline = &run;
  inputs.measured = &run;
  inputs.predicted = &run;
  ExpectDrawn(RenderPage(inputs), 23);
}

}  // namespace
}  // namespace report
