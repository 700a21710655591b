#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "gtest/gtest.h"
#include "model/io.h"
#include "model/kubernetes/deployment_loader.h"
#include "simulator/engine/test_inputs.h"

// What must follow from what, whatever the figures are.
namespace simulator {
namespace {

model::Result MustPredict(const TestInputs& inputs) {
  auto result = inputs.Predict();
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? std::move(*result) : model::Result();
}

TestInputs Files(double server_seconds) {
  TestInputs inputs = TestInputs::FromFiles();
  for (model::OperationDemand& demand : *inputs.profile.mutable_operations()) {
    demand.mutable_server_cpu_seconds()->set_mean(server_seconds);
  }
  inputs.options.replications = 1;
  return inputs;
}

TEST(MetamorphicTest, MorePodsNeverLowerTheCapacity) {
  for (const bool per_request : {false, true}) {
    TestInputs inputs = Files(0.005);
    if (per_request) inputs.deployment.mutable_services(0)->set_balancing("per_request");
    inputs.options.users = 400;
    inputs.options.think_time_seconds = 0.1;
    inputs.options.duration_seconds = 30;
    double before = 0;
    for (uint32_t pods = 1; pods <= 12; ++pods) {
      inputs.options.fixed_pods = pods;
      const double now = QuantityOf(MustPredict(inputs), "throughput_per_second");
      EXPECT_GE(now, before * 0.99) << pods;
      before = now;
    }
  }
}

TEST(MetamorphicTest, DoubleTheSpeedHalvesTheBusyTime) {
  TestInputs inputs = Files(0.0005);
  model::Workload& api = *inputs.deployment.mutable_workloads(0);
  api.set_limit_millicores(500 * static_cast<uint32_t>(api.workers()));  // half a core per worker
  const double slow = ResourceOf(MustPredict(inputs), "server_cpu").utilisation();
  api.set_limit_millicores(1000 * static_cast<uint32_t>(api.workers()));
  const double fast = ResourceOf(MustPredict(inputs), "server_cpu").utilisation();
  EXPECT_NEAR(fast, slow / 2, 0.01 * slow);
}

// All times twice as long, all rates half: results in twice the time. One worker, a database and a
// timeout; the engine's integers of nanoseconds leave nothing but rounding.
TEST(MetamorphicTest, TimeScales) {
  const auto predict = [](double k) {
    TestInputs inputs = TestInputs::Bare(200, 2 * k, 0.004 * k, 0.006 * k);
    inputs.scenario.mutable_retry()->set_timeout_seconds(1 * k);
    inputs.options.duration_seconds = 500 * k;
    inputs.options.settle_seconds = 50 * k;
    inputs.options.step_seconds = 5 * k;
    inputs.options.replications = 1;
    return MustPredict(inputs);
  };
  const model::Result one = predict(1);
  for (const double k : {2.0, 8.0}) {
    const model::Result scaled = predict(k);
    for (const char* name : {"p50_ms", "p95_ms", "mean_ms"}) {
      EXPECT_NEAR(QuantityOf(scaled, name), k * QuantityOf(one, name),
                  2e-3 * k * QuantityOf(one, name))
          << name;
    }
    EXPECT_NEAR(QuantityOf(scaled, "throughput_per_second"),
                QuantityOf(one, "throughput_per_second") / k,
                1e-3 * QuantityOf(one, "throughput_per_second"));
    EXPECT_NEAR(ResourceOf(scaled, "server_cpu").utilisation(),
                ResourceOf(one, "server_cpu").utilisation(), 1e-3);
  }
}

// Documents of a manifest in another order: the same prediction, byte for byte, but for the digest
// of the file and where values stood in it.
TEST(MetamorphicTest, TheOrderOfManifestsChangesNothing) {
  std::ifstream file("k8s/rendered/production.yaml");
  std::stringstream text;
  text << file.rdbuf();
  std::vector<std::string> documents(1);
  for (std::string line; std::getline(text, line);) {
    if (line == "---") {
      documents.emplace_back();
    } else {
      documents.back() += line + "\n";
    }
  }
  ASSERT_GT(documents.size(), 5u);
  const auto predict = [&](const std::string& name) {
    const std::string path = ::testing::TempDir() + "/" + name + ".yaml";
    std::ofstream out(path);
    for (const std::string& document : documents) out << "---\n" << document;
    out.close();
    auto deployment = model::LoadDeployment(path);
    EXPECT_TRUE(deployment.ok()) << deployment.status();
    TestInputs inputs = TestInputs::FromFiles();
    if (deployment.ok()) inputs.deployment = *std::move(deployment);
    inputs.deployment.clear_digest();
    inputs.deployment.set_name("production");
    inputs.options.replications = 1;
    inputs.options.duration_seconds = 30;
    return *model::ToJson(MustPredict(inputs));
  };
  const std::string first = predict("as_it_is");
  std::reverse(documents.begin(), documents.end());
  EXPECT_TRUE(predict("reversed") == first);
  std::rotate(documents.begin(), documents.begin() + 3, documents.end());
  EXPECT_TRUE(predict("rotated") == first);
}

// Common random numbers: what differs between two configurations is seen far better when both meet
// the same users and demands. Variance of the difference of mean responses, 5 % slower against not.
TEST(CommonRandomNumbersTest, DifferencesHaveMuchLessVariance) {
  TestInputs inputs = TestInputs::Bare(1000, 1, 0.01, 0);
  inputs.options.users = 0;
  inputs.scenario.mutable_users()->set_model(model::Users::OPEN);
  inputs.options.rate_per_second = 60;
  inputs.options.worker_queue_limit = 1u << 20;
  inputs.options.duration_seconds = 250;
  inputs.options.replications = 12;
  const auto means = [&](double service, uint64_t seed) {
    inputs.profile.mutable_operations(0)->mutable_server_cpu_seconds()->set_mean(service);
    inputs.options.seed = seed;
    const auto replications = inputs.Run();
    EXPECT_TRUE(replications.ok()) << replications.status();
    std::vector<double> values;
    if (!replications.ok()) return std::vector<double>(12, 0.0);
    for (const ReplicationResult& replication : *replications) {
      values.push_back(replication.operations[0].response.mean());
    }
    return values;
  };
  const auto variance = [](const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      sum += a[i] - b[i];
      squares += (a[i] - b[i]) * (a[i] - b[i]);
    }
    const double n = static_cast<double>(a.size());
    return (squares - sum * sum / n) / (n - 1);
  };
  const std::vector<double> usual = means(0.01, 1);
  const double common = variance(usual, means(0.0105, 1));
  const double independent = variance(usual, means(0.0105, 2));
  std::printf("variance of the difference: %.3g of that with independent streams\n",
              common / independent);
  EXPECT_LT(common, 0.1 * independent);
}

}  // namespace
}  // namespace simulator
