#include "server/appointments/appointment_row.h"

#include <array>
#include <string_view>

#include "server/postgres/row_json.h"

namespace server {

boost::json::object AppointmentJson(const Rows& rows, int row) {
  static constexpr std::array<std::string_view, kAppointmentColumnCount> kNames = {
      "id",   "clinicId", "patientId", "doctorId", "date",
      "time", "type",     "status",    "notes",    "createdAt"};
  return RowJson(rows, row, 0, kNames);
}

}  // namespace server
