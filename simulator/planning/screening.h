#pragma once

#include <string>
#include <vector>

#include "model/verdict.pb.h"
#include "simulator/planning/bounds.h"
#include "simulator/planning/operating_points.h"

namespace simulator {

// What the bounds say of a point without simulating it.
struct Screening {
  enum Answer { kOpen, kSaturated, kIdle };
  Answer answer = kOpen;
  std::string text;  // "5 s saturated by the bounds (database_cpu: at most 41000 of 199000/s)"
};

// kSaturated: even with the most pods the offered rate N / (Z + R0) is above 1.25 x the lowest
// limit. kIdle: below 0.2 x of it. Between them queueing decides, and only a simulation tells.
Screening Screen(const Bounds& with_most_pods, const SimulationPoint& point);

// Says in the verdicts of the points' deployment and users what the screening left unsimulated:
// appended to the frontier, and a warning that no simulation backs it.
void NoteScreened(const SimulationPoint& point, const Screening& screening,
                  model::VerdictReport* report);

// "the bounds saturate below 3.9 s", appended to the frontier of the verdicts at that many users.
void NoteKnee(const std::string& deployment, double users, const Bounds& with_most_pods,
              model::VerdictReport* report);

// A simulation with one profile must not answer a question about another: such verdicts become
// undecided, with the reason.
void RefuseOtherProfiles(const std::string& profile, model::VerdictReport* report);

}  // namespace simulator
