#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

// Sealer: AES-256-GCM for values that rest in another process.
//
// A sealed value is: 4 bytes that name the cipher key, 12 random bytes of nonce, ciphertext, 16
// bytes of tag. `place` (where the value lies) is authenticated but not stored: a value that was
// copied to another place does not open. The cipher key is HMAC-SHA256(secret, "praxis cache 1");
// random nonces are safe for 2^32 values under one secret. One thread.

namespace server {

class Sealer {
 public:
  explicit Sealer(std::string_view secret);

  std::string Seal(std::string_view place, std::string_view plain);
  // nullopt when the value is of another key or place, or was changed.
  std::optional<std::string> Open(std::string_view place, std::string_view sealed);

 private:
  static constexpr size_t kKeyName = 4;
  static constexpr size_t kNonce = 12;
  static constexpr size_t kTag = 16;

  std::array<uint8_t, 32> key_;
  std::string key_name_;
  std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> context_;
};

}  // namespace server
