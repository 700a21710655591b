#pragma once

#include <string>

#include "simulator/engine/system_model.h"
#include "simulator/engine/workload.h"

namespace simulator {

// What an open or partly open model asks for at its largest rate, against what the deployment can
// do at most (its most pods, nothing ever idle): "offered 500 requests/s, server_cpu does at most
// 400/s (1.25 of 1 cores)". Empty when there is room on every resource, and for a closed model,
// which slows down by itself.
std::string Overload(const Workload& workload, const SystemModel& system);

}  // namespace simulator
