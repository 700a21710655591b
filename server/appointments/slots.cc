#include "server/appointments/slots.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "absl/strings/str_format.h"

namespace server {

std::string SlotName(int slot) { return absl::StrFormat("%02d:%02d", 9 + slot / 2, slot % 2 * 30); }

bool IsSlot(std::string_view time) {
  for (int slot = 0; slot < kSlotsOfDay; ++slot) {
    if (time == SlotName(slot)) return true;
  }
  return false;
}

std::string AvailabilityJson(std::string_view doctor_id, std::string_view date,
                             const std::vector<std::string>& taken) {
  boost::json::array available;
  boost::json::array booked;
  for (int slot = 0; slot < kSlotsOfDay; ++slot) {
    const std::string name = SlotName(slot);
    const bool is_taken = std::find(taken.begin(), taken.end(), name) != taken.end();
    (is_taken ? booked : available).emplace_back(name);
  }
  const bool any = !available.empty();
  const boost::json::value data = {{"doctorId", doctor_id},
                                   {"date", date},
                                   {"available", any},
                                   {"availableSlots", std::move(available)},
                                   {"bookedSlots", std::move(booked)},
                                   {"workingHours", {{"start", "09:00"}, {"end", "18:00"}}}};
  return boost::json::serialize(data);
}

}  // namespace server
