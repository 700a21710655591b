#include "server/appointments/slots.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace server {
namespace {

TEST(SlotsTest, EighteenHalfHours) {
  EXPECT_EQ(SlotName(0), "09:00");
  EXPECT_EQ(SlotName(17), "17:30");
  EXPECT_TRUE(IsSlot("12:30"));
  for (const char* wrong : {"08:30", "18:00", "09:15", "9:00", ""}) EXPECT_FALSE(IsSlot(wrong));
}

TEST(SlotsTest, TakenAndFreeSlotsMakeUpTheDay) {
  const auto data =
      boost::json::parse(AvailabilityJson("d", "2031-01-02", {"10:00", "09:00", "20:00"}));
  EXPECT_EQ(data.at("availableSlots").as_array().size(), 16u);
  EXPECT_EQ(data.at("bookedSlots").as_array().size(), 2u);
  EXPECT_EQ(data.at("availableSlots").at(0), "09:30");
  EXPECT_TRUE(data.at("available").as_bool());
}

TEST(SlotsTest, AFullDayIsNotAvailable) {
  std::vector<std::string> all;
  for (int slot = 0; slot < kSlotsOfDay; ++slot) all.push_back(SlotName(slot));
  const auto data = boost::json::parse(AvailabilityJson("d", "2031-01-02", all));
  EXPECT_FALSE(data.at("available").as_bool());
  EXPECT_TRUE(data.at("availableSlots").as_array().empty());
}

}  // namespace
}  // namespace server
