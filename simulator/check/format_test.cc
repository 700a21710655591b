#include "simulator/check/format.h"

#include <gtest/gtest.h>

namespace simulator {
namespace {

model::CheckReport Sample() {
  model::CheckReport report;
  model::Finding* finding = report.add_findings();
  finding->set_rule("connections-exceed-limit");
  finding->set_severity(model::Finding::ERROR);
  finding->set_file("a,b.yaml");
  finding->set_line(7);
  finding->set_object("Deployment/api");
  finding->set_field("spec");
  finding->set_message("too many: 100 %");
  finding->set_arithmetic("800 > 490");
  finding->set_change("fewer");
  model::Fact* fact = report.add_facts();
  fact->set_name("connections_needed");
  fact->set_value(800);
  return report;
}

TEST(Table, ShowsPlaceArithmeticAndChange) {
  const std::string text = FormatTable(Sample(), 2);
  for (const char* part : {"ERROR", "a,b.yaml:7", "Deployment/api", "= 800 > 490", "> fewer",
                           "connections_needed", "1 error, 0 warnings, 0 notes in 2 objects"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
}

TEST(Github, EscapesWhatWouldEndTheCommand) {
  const std::string text = FormatGithub(Sample(), 2);
  EXPECT_EQ(text.substr(0, text.find('\n')),
            "::error file=a%2Cb.yaml,line=7,title=connections-exceed-limit::Deployment/api spec: "
            "too many: 100 %25%0A800 > 490%0AChange: fewer");
}

TEST(Json, IsTheMessage) {
  const absl::StatusOr<std::string> json = FormatJson(Sample());
  ASSERT_TRUE(json.ok());
  EXPECT_NE(json->find("\"severity\": \"ERROR\""), std::string::npos) << *json;
  EXPECT_NE(json->find("\"line\": 7"), std::string::npos);
}

}  // namespace
}  // namespace simulator
