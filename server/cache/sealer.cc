#include "server/cache/sealer.h"

#include <glog/logging.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

namespace server {
namespace {

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

}  // namespace

Sealer::Sealer(std::string_view secret) : context_(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free) {
  CHECK_GE(secret.size(), 32u) << "cache secret: expected at least 32 bytes";
  constexpr std::string_view kPurpose = "praxis cache 1";
  unsigned int length = 0;
  CHECK(HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), Bytes(kPurpose),
             kPurpose.size(), key_.data(), &length) != nullptr);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(key_.data(), key_.size(), digest);
  key_name_.assign(reinterpret_cast<const char*>(digest), kKeyName);
}

std::string Sealer::Seal(std::string_view place, std::string_view plain) {
  std::string sealed = key_name_;
  sealed.resize(kKeyName + kNonce + plain.size() + kTag);
  unsigned char* nonce = Bytes(sealed) + kKeyName;
  unsigned char* body = nonce + kNonce;
  int length = 0;
  EVP_CIPHER_CTX* context = context_.get();
  CHECK_EQ(RAND_bytes(nonce, kNonce), 1);
  CHECK_EQ(EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nullptr, key_.data(), nonce), 1);
  CHECK_EQ(
      EVP_EncryptUpdate(context, nullptr, &length, Bytes(place), static_cast<int>(place.size())),
      1);
  CHECK_EQ(EVP_EncryptUpdate(context, body, &length, Bytes(plain), static_cast<int>(plain.size())),
           1);
  CHECK_EQ(EVP_EncryptFinal_ex(context, body + length, &length), 1);
  CHECK_EQ(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, kTag, body + plain.size()), 1);
  return sealed;
}

std::optional<std::string> Sealer::Open(std::string_view place, std::string_view sealed) {
  if (sealed.size() < kKeyName + kNonce + kTag || !sealed.starts_with(key_name_)) {
    return std::nullopt;
  }
  const unsigned char* nonce = Bytes(sealed) + kKeyName;
  const unsigned char* body = nonce + kNonce;
  const size_t size = sealed.size() - kKeyName - kNonce - kTag;
  std::string plain(size, '\0');
  std::string tag(sealed.substr(sealed.size() - kTag));
  int length = 0;
  EVP_CIPHER_CTX* context = context_.get();
  const bool opened =
      EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nullptr, key_.data(), nonce) == 1 &&
      EVP_DecryptUpdate(context, nullptr, &length, Bytes(place), static_cast<int>(place.size())) ==
          1 &&
      EVP_DecryptUpdate(context, Bytes(plain), &length, body, static_cast<int>(size)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, kTag, Bytes(tag)) == 1 &&
      EVP_DecryptFinal_ex(context, Bytes(plain) + length, &length) == 1;
  if (!opened) return std::nullopt;
  return plain;
}

}  // namespace server
