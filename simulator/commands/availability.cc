#include "simulator/commands/availability.h"

#include <cstdio>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "boost/json.hpp"
#include "model/io.h"
#include "model/kubernetes/deployment_loader.h"
#include "simulator/availability/frontier.h"
#include "simulator/availability/renewal.h"
#include "simulator/check/availability_facts.h"
#include "simulator/check/check.h"
#include "simulator/commands/arguments.h"
#include "simulator/commands/flag_values.h"

namespace simulator {
namespace {

using availability::ClassFrontier;
using availability::Frontier;
using availability::Span;

const std::vector<double>& Rates() {
  static const auto* const kRates = new std::vector<double>{0.1, 0.5, 1, 4, 12, 52, 365};
  return *kRates;
}

double Minutes(double share) { return share * availability::kYearSeconds / 60; }

void PrintRule(const ClassFrontier& one) {
  if (one.failure.rule_seconds <= 0) return;
  const double share = one.failure.needed > 0 ? one.share / 2 : one.share;
  std::printf("  rule       %s after a failure (%s): at most %.3g failures a year of each\n",
              Span(one.failure.rule_seconds).c_str(), one.failure.rule.c_str(),
              one.failure.HighestRate(one.failure.rule_seconds, share));
}

void PrintStated(const ClassFrontier& one) {
  if (one.stated.failures_per_year <= 0) return;
  std::printf(
      "  stated     %g failures a year of each x %s (%s): uses %.3g of its %.3g min/year, %s\n",
      one.stated.failures_per_year, Span(one.stated.recovery_seconds).c_str(),
      one.stated.assumption ? "an assumption" : one.stated.source.c_str(), Minutes(one.used),
      Minutes(one.share), one.used <= one.share ? "inside" : "OUTSIDE");
}

void PrintClass(const ClassFrontier& one) {
  std::printf("\n%s: %s\n", one.failure.name.c_str(), one.failure.why.c_str());
  if (!one.failure.applies()) {
    std::printf("  no part of the budget\n");
    return;
  }
  std::printf("  impact     %d x %.3g of the requests; its part of the budget %.3g min/year\n",
              one.failure.components, one.failure.impact, Minutes(one.share));
  std::string rates = "  failures a year of each ";
  std::string recoveries = "  users served again within";
  std::string repairs =
      absl::StrFormat("  itself back (%d of %d up)", one.failure.needed, one.failure.components);
  rates.resize(recoveries.size(), ' ');
  repairs.resize(std::max(repairs.size(), recoveries.size()), ' ');
  for (const ClassFrontier::Point& point : one.points) {
    absl::StrAppendFormat(&rates, " %9g", point.failures_per_year);
    absl::StrAppendFormat(&recoveries, " %9s", Span(point.recovery_seconds));
    absl::StrAppendFormat(&repairs, " %9s", Span(point.repair_seconds));
  }
  std::printf("%s\n%s\n", rates.c_str(), recoveries.c_str());
  if (one.failure.needed > 0) std::printf("%s\n", repairs.c_str());
  PrintRule(one);
  PrintStated(one);
}

void Print(const Frontier& frontier, const std::string& deployment) {
  std::printf("%s: %g %% of all requests over a year leave %.4g minutes of full outage\n",
              deployment.c_str(), 100 * frontier.target, Minutes(1 - frontier.target));
  std::printf(
      "The target holds where every class stays on or below its frontier (alternating "
      "renewal: down for R / (M + R)).\n");
  double used = 0;
  for (const ClassFrontier& one : frontier.classes) {
    PrintClass(one);
    used += one.used;
  }
  std::printf("\n");
  if (frontier.all_sourced) {
    std::printf("all classes have figures with a source: together %.3g of %.4g min/year\n",
                Minutes(used), Minutes(1 - frontier.target));
  } else {
    std::printf(
        "not every class has figures with a source, so they are not added up to one "
        "availability\n");
  }
  std::printf(
      "impacts are by inspection of the deployment; failures of different classes count as "
      "apart from each other\n");
}

std::string Json(const Frontier& frontier, const std::string& deployment) {
  boost::json::array classes;
  for (const ClassFrontier& one : frontier.classes) {
    boost::json::object item;
    item["class"] = one.failure.name;
    item["why"] = one.failure.why;
    item["components"] = one.failure.components;
    item["impact"] = one.failure.impact;
    item["budget_minutes_per_year"] = Minutes(one.share);
    boost::json::array points;
    for (const ClassFrontier::Point& point : one.points) {
      boost::json::object entry;
      entry["failures_per_year"] = point.failures_per_year;
      entry["recovery_seconds"] = point.recovery_seconds;
      if (one.failure.needed > 0) entry["repair_seconds"] = point.repair_seconds;
      points.push_back(std::move(entry));
    }
    item["frontier"] = std::move(points);
    if (one.failure.needed > 0) item["needed"] = one.failure.needed;
    if (one.failure.rule_seconds > 0) {
      item["rule_seconds"] = one.failure.rule_seconds;
      item["rule"] = one.failure.rule;
    }
    if (one.stated.failures_per_year > 0) {
      item["stated_failures_per_year"] = one.stated.failures_per_year;
      item["stated_recovery_seconds"] = one.stated.recovery_seconds;
      item["stated_source"] = one.stated.assumption ? "assumption" : one.stated.source;
      item["used_minutes_per_year"] = Minutes(one.used);
    }
    classes.push_back(std::move(item));
  }
  boost::json::object json;
  json["kind"] = "availability_frontier";
  json["deployment"] = deployment;
  json["target"] = frontier.target;
  json["classes"] = std::move(classes);
  return boost::json::serialize(json) + "\n";
}

int Fail(const absl::Status& status, int code) {
  std::fprintf(stderr, "simulator availability: %s\n", std::string(status.message()).c_str());
  return code;
}

absl::Status Run(const FlagMap& flags, double target, uint32_t pods_needed) {
  const auto loaded = model::kubernetes::Load({UserPath(flags.at("deployment"))});
  if (!loaded.ok()) return loaded.status();
  std::vector<availability::StatedClass> stated;
  if (flags.contains("classes")) {
    auto read = availability::LoadClasses(UserPath(flags.at("classes")));
    if (!read.ok()) return read.status();
    stated = *std::move(read);
  }
  const model::CheckReport report = Check(*loaded);
  const Frontier frontier = availability::MakeFrontier(
      target,
      availability::ClassesOf(loaded->deployment,
                              {check::PromotesStandby(loaded->deployment, report), pods_needed}),
      stated, Rates());
  Print(frontier, loaded->deployment.name());
  if (!flags.contains("out")) return absl::OkStatus();
  return model::WriteFile(Json(frontier, loaded->deployment.name()), UserPath(flags.at("out")));
}

}  // namespace

int RunAvailability(std::vector<std::string> args) {
  const auto flags = ParseFlags(args, {"deployment", "classes", "target", "pods_needed", "out"});
  if (!flags.ok()) return Fail(flags.status(), 2);
  absl::Status status = RequireFlags(*flags, {"deployment"});
  double percent = 99.99;
  uint32_t pods_needed = 0;
  status.Update(ReadCount(*flags, "pods_needed", 1, 20'000, &pods_needed));
  const auto target = flags->find("target");
  if (target != flags->end() &&
      !(absl::SimpleAtod(target->second, &percent) && percent > 0 && percent < 100)) {
    status.Update(absl::InvalidArgumentError(absl::StrCat(
        "--target: expected a percentage such as 99.99, found '", target->second, "'")));
  }
  if (!status.ok()) return Fail(status, 2);
  status = Run(*flags, percent / 100, pods_needed);
  return status.ok() ? 0 : Fail(status, 1);
}

}  // namespace simulator
