#pragma once

#include <cstdint>
#include <string_view>

// A key's slot in a Redis Cluster: CRC16 (XMODEM: polynomial 0x1021, initial value 0) modulo 16384.
// When the key holds a non-empty {...}, only what stands in the first such braces counts, so that
// related keys can be kept together.

namespace server {

inline constexpr int kSlots = 16384;

uint16_t Crc16(std::string_view text);
int KeySlot(std::string_view key);

}  // namespace server
