#pragma once

#include "absl/status/statusor.h"
#include "model/profile.pb.h"
#include "simulator/imports/foreign_observation.h"
#include "simulator/imports/load_test.h"
#include "simulator/imports/queries.h"

namespace simulator {

// A Profile of a service that is not ours. For each of server CPU, database CPU, Redis CPU,
// statements and commands,
//
//   regression    used_w = baseline x seconds_w + sum_op requests_w,op x demand_op, where the mix
//                 varies enough to tell the operations apart (calibration/regression.h);
//   else          the same with one demand that all operations share, where the load varies;
//   else          the service demand law D = U / X: sum of used over sum of requests, whose
//                 standard error is that of a ratio estimator. What an idle service uses is in it.
//
// A fit counts when the standard error of the mix's demand is below a quarter of it.
// FailedPrecondition when the server's CPU per request comes out as nothing.
absl::StatusOr<model::Profile> ForeignProfile(const ForeignObservation& seen, const LoadTest& test,
                                              const Queries& queries);

}  // namespace simulator
