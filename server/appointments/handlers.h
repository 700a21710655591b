#pragma once

#include "base/task.h"
#include "server/context.h"

// The appointments of a clinic. The route table says who may call each; here a patient is limited
// to what is their own, everyone else to their clinic (row-level security).

namespace server {

// ?date=YYYY-MM-DD -> data{doctorId, date, available, availableSlots[], bookedSlots[],
// workingHours}
base::Task<Response> HandleAvailability(RequestContext& context);
// {patientId, doctorId, date, time, type, notes?} -> 201 data{id, ...}; 409 when the slot is taken
base::Task<Response> HandleCreateAppointment(RequestContext& context);
// ?doctorId&status&date&page&limit -> data{appointments[], pagination}
base::Task<Response> HandleListAppointments(RequestContext& context);
// The caller's own, as patient or as doctor: ?status&date&page&limit
base::Task<Response> HandleMyAppointments(RequestContext& context);
base::Task<Response> HandleGetAppointment(RequestContext& context);
// -> data{id, status}; 409 when it is over or was cancelled before
base::Task<Response> HandleCancelAppointment(RequestContext& context);

}  // namespace server
