#pragma once

#include <map>
#include <string>

#include "model/scenario.pb.h"

// What a loaded scenario asks for on average, from its weights and probabilities. A journey is
// drawn by weight whenever one ends; a step runs with its probability.
namespace model {

// Requests of one run through the journey.
double RequestsPerJourney(const Journey& journey);

// Operation -> share of all requests; sums to 1. Logins and refreshes are not counted.
std::map<std::string, double> OperationMix(const Scenario& scenario);

// Share of requests whose method is GET.
double ReadShare(const Scenario& scenario);

// Think time per request, each step's own law where it has one.
double MeanThinkSeconds(const Scenario& scenario);

// The largest number of users of any stage, and the length of all stages.
uint64_t MostUsers(const Scenario& scenario);
double TotalSeconds(const Scenario& scenario);

}  // namespace model
