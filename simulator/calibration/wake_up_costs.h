#pragma once

#include <string>
#include <vector>

#include "model/profile.pb.h"
#include "model/scenario.pb.h"
#include "simulator/calibration/observed_window.h"
#include "simulator/calibration/regression.h"

// From a wake-up as the kernel counts it to one as the engine does: it wakes a worker by a visit
// (an arrival, an answer awaited) that finds it idle, a backend by a segment, and an audit backend
// by a batch. The processes may sleep more often (waiting for a flush, for a lock) or less (an
// answer that comes before they do). The ratio is that of the lowest level, where next to every
// visit finds everybody asleep.

namespace simulator {

// Whether the scenario's operation is not a GET.
bool Writes(const model::Scenario& scenario, const std::string& operation);

// CPU of a batch of audit records of reads and of each record in it: a record's from the audit
// backends' CPU over records and wake-ups, a batch's at the highest level up to 45 % of saturation,
// where next to every batch holds one record.
void FillAudit(const std::vector<ObservedWindow>& windows, const model::Scenario& scenario,
               model::Profile* profile);

// Profile.wake_ups of workers and backends from the fits of both; nothing where none were counted.
void FillWakeUps(const std::vector<ObservedWindow>& windows, const model::Scenario& scenario,
                 const RegressionFit& server, const RegressionFit& database,
                 model::Profile* profile);

}  // namespace simulator
