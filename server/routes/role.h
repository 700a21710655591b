#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

// The roles of the system and sets of them. A role comes from a verified token, from nothing else.

namespace server {

enum class Role : uint8_t {
  kSuperAdmin,
  kClinicAdmin,
  kDoctor,
  kNurse,
  kReceptionist,
  kPatient,
};
inline constexpr int kRoleCount = 6;

// "SUPER_ADMIN", as in tokens and in the database.
std::string_view RoleName(Role role);
std::optional<Role> ParseRole(std::string_view name);

class RoleSet {
 public:
  constexpr RoleSet() = default;
  constexpr RoleSet(std::initializer_list<Role> roles) {
    for (Role role : roles) bits_ |= Bit(role);
  }
  constexpr bool Has(Role role) const { return (bits_ & Bit(role)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }

 private:
  static constexpr uint8_t Bit(Role role) {
    return static_cast<uint8_t>(1u << static_cast<unsigned>(role));
  }
  uint8_t bits_ = 0;
};

inline constexpr RoleSet kAnyRole = {Role::kSuperAdmin, Role::kClinicAdmin,  Role::kDoctor,
                                     Role::kNurse,      Role::kReceptionist, Role::kPatient};

}  // namespace server
