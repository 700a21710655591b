#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/task.h"
#include "server/appointments/page.h"
#include "server/context.h"

// Appointments in PostgreSQL: each function is one transaction in one round trip, inside the clinic
// of the request. Writes carry their audit record. Errors: those of Database::Run that a client may
// see (sql_status.h), and what is named below.

namespace server {

struct NewAppointment {
  std::string patient_id;
  std::string doctor_id;
  std::string date;
  std::string time;
  std::string type;
  std::optional<std::string> notes;
};

struct AppointmentRow {
  std::string doctor_id;
  std::string patient_id;
  std::string date;
  std::string document;  // JSON
};

struct AppointmentPage {
  int64_t total;
  std::string documents;  // JSON array
  std::vector<std::string> patient_ids;
};

// NotFound: no such doctor in this clinic. The taken slots of a day, as times.
base::Task<absl::StatusOr<std::vector<std::string>>> TakenSlots(RequestContext& context,
                                                                std::string doctor_id,
                                                                std::string date);

// The new appointment's id. AlreadyExists: the slot is taken. NotFound: no such doctor or patient
// in this clinic. Of any number of concurrent calls for one slot exactly one succeeds (unique
// index).
base::Task<absl::StatusOr<std::string>> Book(RequestContext& context, NewAppointment wanted);

// NotFound also when `only_patient` is given and it is another patient's.
base::Task<absl::StatusOr<AppointmentRow>> FindAppointment(RequestContext& context, std::string id,
                                                           std::optional<std::string> only_patient);

// AlreadyExists: it cannot be cancelled any more (somebody else was quicker).
base::Task<absl::Status> Cancel(RequestContext& context, std::string id, std::string patient_id);

// By start of the slot. `patient_id`: only that patient's.
base::Task<absl::StatusOr<AppointmentPage>> ListAppointments(RequestContext& context,
                                                             ListQuery query,
                                                             std::optional<std::string> patient_id);

}  // namespace server
