#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "model/deployment.pb.h"
#include "model/profile.pb.h"
#include "model/result.pb.h"
#include "model/scenario.pb.h"
#include "simulator/engine/options.h"
#include "simulator/engine/recorder.h"

namespace simulator {

// Inputs of the engine's tests: the files of testdata/, or a bare system with one operation.
struct TestInputs {
  model::Scenario scenario;
  model::Deployment deployment;
  model::Profile profile;
  RunOptions options;

  // The files, with 10,000 users for a minute after a ramp of 10 s on 5 fixed pods.
  // `prefix`: of the files' names.
  static TestInputs FromFiles(const std::string& prefix = "");
  // One operation "work" that needs an exponential `server` seconds of a one-worker pod with one
  // core, and an exponential `database` seconds of one round trip. `users` think exponentially.
  static TestInputs Bare(uint64_t users, double think, double server, double database);

  // Makes "work" of Bare() a cacheable read: a key per clinic (options.clinics), each as popular,
  // that lives for `ttl_seconds`, in one shard whose commands cost next to nothing.
  void CacheByClinic(double ttl_seconds);

  absl::StatusOr<std::vector<ReplicationResult>> Run() const;
  absl::StatusOr<model::Result> Predict() const;
};

// Value of a quantity by name; fails the test when it is missing.
double QuantityOf(const model::Result& result, const std::string& name);
const model::ResourceUse& ResourceOf(const model::Result& result, const std::string& name);

// Throughput (per second) and mean response (seconds) of the machine repairman model M/M/c//N.
std::pair<double, double> Repairman(int users, double think, double service, int servers);

}  // namespace simulator
