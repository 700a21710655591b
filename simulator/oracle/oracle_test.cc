#include <cmath>

#include "boost/json/array.hpp"
#include "boost/json/object.hpp"
#include "boost/json/parse.hpp"
#include "gtest/gtest.h"
#include "simulator/analytic/open_stations.h"
#include "simulator/commands/arguments.h"
#include "simulator/oracle/analytic_values.h"
#include "simulator/oracle/markov_station.h"
#include "simulator/oracle/simulated_values.h"
#include "simulator/oracle/vector.h"

namespace simulator::oracle {
namespace {

Vector Parse(const char* text) {
  auto vector = ReadVector(boost::json::parse(text));
  EXPECT_TRUE(vector.ok()) << vector.status();
  return vector.ok() ? *vector : Vector();
}

TEST(AnalyticValuesTest, AllVectorsToAMillionth) {
  auto document = ReadJsonFile("tests/vectors/queueing.json");
  ASSERT_TRUE(document.ok()) << document.status();
  int quantities = 0;
  for (const auto& value : document->as_object().at("vectors").as_array()) {
    auto vector = ReadVector(value);
    ASSERT_TRUE(vector.ok()) << vector.status();
    auto analytic = AnalyticValues(*vector);
    ASSERT_TRUE(analytic.ok()) << analytic.status();
    for (const auto& [name, expected] : vector->expected) {
      ASSERT_TRUE(analytic->contains(name)) << vector->id << " " << name;
      EXPECT_NEAR((*analytic)[name], expected, 1e-6 * std::abs(expected) + 1e-15)
          << vector->id << " " << name;
      ++quantities;
    }
  }
  EXPECT_GT(quantities, 100);
}

TEST(VectorTest, MistakesAreNamed) {
  const auto error = [](const char* text) {
    return std::string(ReadVector(boost::json::parse(text)).status().message());
  };
  EXPECT_EQ(error(R"({"id":"x","model":"gg1","inputs":{},"expected":{"W":1}})"),
            "unknown model 'gg1'");
  EXPECT_EQ(error(R"({"id":"x","model":"mm1","inputs":{"lambda_per_s":1},"expected":{"W":1}})"),
            "vector.inputs.mu_per_s: expected a number, but it is missing");
  EXPECT_EQ(ParseQuantile("Wq_p999")->p, 0.999);
  EXPECT_FALSE(ParseQuantile("P_wait").has_value());
  EXPECT_FALSE(ParseQuantile("L_p95").has_value());
}

// Each simulated interval holds the closed form, and is narrow.
void ExpectAgreement(const char* text) {
  const Vector vector = Parse(text);
  auto analytic = AnalyticValues(vector);
  auto simulated = SimulatedValues(vector, 0.9999, 7);
  ASSERT_TRUE(analytic.ok() && simulated.ok());
  for (const auto& [name, unused] : vector.expected) {
    ASSERT_TRUE(simulated->contains(name)) << vector.model << " " << name;
    const Simulated& got = (*simulated)[name];
    EXPECT_EQ(got.trouble, "") << vector.model << " " << name;
    EXPECT_LE(got.low - 1e-9, (*analytic)[name]) << vector.model << " " << name;
    EXPECT_GE(got.high + 1e-9, (*analytic)[name]) << vector.model << " " << name;
    EXPECT_LE(got.high - got.low, 0.01 * std::abs(got.value) + 1e-6) << name;
  }
}

TEST(SimulatedValuesTest, AgreeWithClosedForms) {
  ExpectAgreement(R"({"id":"a","model":"md1","inputs":{"lambda_per_s":8,"service_s":0.1},
                      "expected":{"rho":0,"Wq":0,"W":0,"L":0}})");
  ExpectAgreement(R"({"id":"b","model":"repairman","inputs":{"N":30,"Z_s":5,"S_s":0.5,"c":2},
                      "expected":{"X":0,"R":0,"Wq":0,"rho":0}})");
  ExpectAgreement(R"({"id":"c","model":"mmc","inputs":{"lambda_per_s":6,"mu_per_s":1,"c":8},
                      "expected":{"P_wait":0,"Wq":0,"W_p50":0}})");
  ExpectAgreement(R"({"id":"f","model":"jackson","inputs":{"lambda_per_s":10,"stations":[
                      {"visits":1,"mu_per_s":7,"c":3},
                      {"visits":1.5,"mu_per_s":20,"c":1,"shards":2}]},
                      "expected":{"W":0,"L":0,"W1":0,"W2":0,"rho1":0,"rho2":0}})");
  ExpectAgreement(R"({"id":"g","model":"closed_network","inputs":{"N":20,"Z_s":1,"stations":[
                      {"D_s":0.02,"c":1},{"D_s":0.08,"c":2}]},
                      "expected":{"X":0,"R":0,"Q1":0,"R2":0,"U2":0}})");
  ExpectAgreement(R"({"id":"h","model":"mg1_ps","inputs":{"lambda_per_s":5,"service_mean_s":0.1},
                      "expected":{"rho":0,"W":0,"L":0}})");
  ExpectAgreement(R"({"id":"d","model":"usl",
                      "inputs":{"lambda_":50,"sigma":0.05,"kappa":0.001,"N":40},
                      "expected":{"X":0,"N_star":0}})");
  ExpectAgreement(R"({"id":"e","model":"lindley",
                      "inputs":{"interarrival":[0,0.5,0.25],"service":[1,0.3,0.2]},
                      "expected":{"Wq":[0,0,0],"W":[0,0,0],"mean_Wq":0}})");
}

// The control variate of the expected station is put on a station that serves 2 % faster: the
// estimate must find the truth of the station that runs, not that of the expected one.
TEST(ControlVariateTest, HidesNoMistakeOfTheStation) {
  MarkovStationSpec expected;
  expected.lambda = 4;
  expected.mu = 1;
  expected.servers = 5;
  MarkovStationSpec running = expected;
  running.mu = 1.02;
  const BirthDeathControl control(ChainOf(expected), FunctionsOf(expected));
  Quantities quantities;
  quantities.customers = kOffered;
  quantities.ratios = {{"Lq", kWaitingTime, kTime, 1}, {"Wq", kSumWait, kWaitsEnded, 1}};
  MarkovStation station(running, control, 3, 0, 100'000, 30'000);
  station.WarmUp();
  std::vector<Sums> batches;
  for (int i = 0; i < 100; ++i) batches.push_back(station.RunBatch());
  auto estimates = Estimate(quantities, batches, 0.999);
  const auto truth = analytic::MMc(running.lambda, running.mu, running.servers);
  const auto wrong = analytic::MMc(expected.lambda, expected.mu, expected.servers);
  ASSERT_TRUE(truth.ok() && wrong.ok());
  EXPECT_GT(truth->lq, estimates["Lq"].low);
  EXPECT_LT(truth->lq, estimates["Lq"].high);
  EXPECT_GT(wrong->lq, estimates["Lq"].high);
  EXPECT_GT(wrong->wq, estimates["Wq"].high);
}

TEST(EstimatorTest, IntervalGrowsWithCorrelationBetweenBatches) {
  Quantities quantities;
  quantities.customers = 1;
  quantities.ratios = {{"mean", 0, 1, 1}};
  std::vector<Sums> independent;
  std::vector<Sums> correlated;
  base::RandomStream random(1, 0, "test", "noise");
  double level = 0;
  for (int i = 0; i < 6400; ++i) {
    const double noise = random.Normal();
    level = 0.95 * level + noise * std::sqrt(1 - 0.95 * 0.95);  // same variance, long memory
    independent.push_back({10 + noise, 1});
    correlated.push_back({10 + level, 1});
  }
  const Simulated narrow = Estimate(quantities, independent, 0.95)["mean"];
  const Simulated wide = Estimate(quantities, correlated, 0.95)["mean"];
  EXPECT_NEAR(narrow.high - narrow.low, 2 * 2.0 / 80, 0.015);
  EXPECT_GT(wide.high - wide.low, 3 * (narrow.high - narrow.low));
}

}  // namespace
}  // namespace simulator::oracle
