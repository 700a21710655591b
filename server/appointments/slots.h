#pragma once

#include <string>
#include <string_view>
#include <vector>

// A working day: 18 half-hour slots, 09:00 to 17:30, named "HH:MM".

namespace server {

inline constexpr int kSlotsOfDay = 18;

std::string SlotName(int slot);
bool IsSlot(std::string_view time);

// The `data` of an availability answer, from the taken slots of a day (any order):
// {"doctorId","date","available","availableSlots","bookedSlots","workingHours"}. Taken times that
// are no slots (a visit outside working hours) are not listed.
std::string AvailabilityJson(std::string_view doctor_id, std::string_view date,
                             const std::vector<std::string>& taken);

}  // namespace server
