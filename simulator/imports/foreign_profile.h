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
// The round trip, where queries.given has none: what remains of the median response of each
// operation after its CPU and flushes, spread over its hops. The median, as the mean holds every
// wait in a queue and every stall of the test's machine, and the simulator would add its own waits.
//
// How much demands vary: variance over squared mean from the spread of each operation's response
// between its quartiles (as of a normal distribution, 1.349 standard deviations), all of which is
// taken for CPU time; at most 1, which is also what holds where the spread is not known. Both are
// right only for a test at low load.
//
// A fit counts when the standard error of the mix's demand is below a quarter of it.
// FailedPrecondition when the server's CPU per request comes out as nothing.
absl::StatusOr<model::Profile> ForeignProfile(const ForeignObservation& seen, const LoadTest& test,
                                              const Queries& queries);

}  // namespace simulator
