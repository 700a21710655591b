#pragma once

#include <boost/json/object.hpp>

#include "server/postgres/segment.h"

// An appointment as it looks outside. PRAXIS_APPOINTMENT_COLUMNS is the select list (over the table
// appointments) that AppointmentJson reads, in its order. The server builds the document:
// PostgreSQL's json_build_object() costs twice what reading the row does.

#define PRAXIS_APPOINTMENT_COLUMNS                                      \
  "appointment_id, clinic_id, patient_id, doctor_id, "                  \
  "to_char(slot_start, 'YYYY-MM-DD'), to_char(slot_start, 'HH24:MI'), " \
  "type, status, notes, "                                               \
  "to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"

namespace server {

// Columns of the list above.
inline constexpr int kPatientColumn = 2;
inline constexpr int kDoctorColumn = 3;
inline constexpr int kDateColumn = 4;
inline constexpr int kStatusColumn = 7;
inline constexpr int kAppointmentColumnCount = 10;

boost::json::object AppointmentJson(const Rows& rows, int row);

}  // namespace server
