// The inputs of autoscaler vectors as the library's own types. Ages count back from now = 0.
#pragma once

#include <string>
#include <vector>

#include "simulator/hpa/autoscaler.h"
#include "simulator/hpa/options.h"
#include "simulator/hpa/types.h"
#include "simulator/vectors/fields.h"

namespace simulator::hpa {

// Flags and gates that the input names, over `base`. Times are compared exactly as given.
Options ReadOptions(Fields& input, Options base);

// A vector gives one request figure per pod; it becomes one container with `resource`.
std::vector<Pod> ReadPods(Fields& input, const std::string& resource);

// Samples of the pods and of `extra_metrics` (pods that are not in the list).
PodSamples ReadSamples(Fields& input);

ScalingRules ReadRules(std::optional<Fields> rules);
ScaleEventList ReadEvents(Fields& input, const char* name);
std::vector<Recommendation> ReadRecommendations(Fields& input);

// A whole reconcile: what the autoscaler is told to do and what it sees.
Spec ReadSpec(Fields& input);
Observation ReadObservation(Fields& input, const Spec& spec);

// Switches a rule on by its name in a vector's `requires` (the field's name in Options).
bool EnableSwitch(const std::string& name, Options* options);

}  // namespace simulator::hpa
