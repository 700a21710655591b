#pragma once

#include "base/task.h"
#include "server/context.h"

// Electronic health records. Patients read their own record; staff read and write within their
// clinic (row-level security). Reads are audited by the dispatcher, writes in their own
// transaction.

namespace server {

// -> data{userId, names, medicalHistory[], allergies[], medications[], labReports[],
// immunizations[], vitals[] (the latest 50)}
base::Task<Response> HandleComprehensiveRecord(RequestContext& context);
// {userId, type, value, recordedAt?} -> 201 data{id, userId, type, value, recordedAt}
base::Task<Response> HandleAddVitals(RequestContext& context);

}  // namespace server
