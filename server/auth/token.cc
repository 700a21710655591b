#include "server/auth/token.h"

#include <fcntl.h>
#include <jwt.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace server {
namespace {

constexpr size_t kSecretBytes = 32;
constexpr size_t kMostTokenBytes = 4096;

using JwtPtr = std::unique_ptr<jwt_t, decltype(&jwt_free)>;

absl::Status Refused(std::string_view why) {
  return absl::UnauthenticatedError(absl::StrCat("token refused: ", std::string(why)));
}

std::string TypeName(TokenType type) { return type == TokenType::kAccess ? "access" : "refresh"; }

const unsigned char* KeyBytes(const SigningKey& key) {
  return reinterpret_cast<const unsigned char*>(key.secret.data());
}

std::string Grant(jwt_t* jwt, const char* name) {
  const char* value = jwt_get_grant(jwt, name);
  return value == nullptr ? std::string() : std::string(value);
}

absl::Status WriteKeyFile(const std::string& path, const SigningKey& key) {
  // A temporary name first: two servers that start together must not see half a file.
  const std::string temporary = absl::StrCat(path, ".", getpid());
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const std::string text = boost::json::serialize(
      boost::json::value{{"kid", key.kid}, {"key_hex", absl::BytesToHexString(key.secret)}});
  bool written =
      fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) written = close(fd) == 0 && written;
  // link(2) refuses to replace: the first one wins.
  if (written && link(temporary.c_str(), path.c_str()) != 0 && errno != EEXIST) written = false;
  const int error = errno;
  unlink(temporary.c_str());
  if (!written) {
    return absl::UnavailableError(
        absl::StrCat(path, ": cannot write the signing key: ", strerror(error)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SigningKey> LoadSigningKey(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    return absl::NotFoundError(absl::StrCat(path, ": cannot read the signing key file"));
  }
  std::stringstream text;
  text << file.rdbuf();
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(text.str(), error);
  const boost::json::object* object = error ? nullptr : value.if_object();
  auto field = [&](const char* name) -> std::string {
    const boost::json::value* found = object == nullptr ? nullptr : object->if_contains(name);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : "";
  };
  SigningKey key;
  key.kid = field("kid");
  const std::string hex = field("key_hex");
  if (hex.size() == 2 * kSecretBytes &&
      hex.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos) {
    key.secret = absl::HexStringToBytes(hex);
  }
  if (key.kid.empty() || key.secret.size() != kSecretBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, R"(: expected {"kid":"NAME","key_hex":"64 hexadecimal digits"})"));
  }
  return key;
}

absl::StatusOr<SigningKey> LoadOrCreateSigningKey(const std::string& path) {
  if (access(path.c_str(), F_OK) == 0) return LoadSigningKey(path);
  if (sodium_init() < 0) return absl::InternalError("libsodium does not start");
  SigningKey key;
  key.secret.resize(kSecretBytes);
  randombytes_buf(key.secret.data(), kSecretBytes);
  char name[8];
  randombytes_buf(name, sizeof(name));
  key.kid = absl::BytesToHexString(absl::string_view(name, sizeof(name)));
  if (absl::Status status = WriteKeyFile(path, key); !status.ok()) return status;
  return LoadSigningKey(path);
}

absl::StatusOr<std::string> SignToken(const SigningKey& key, const TokenClaims& claims) {
  jwt_t* raw = nullptr;
  if (jwt_new(&raw) != 0) return absl::ResourceExhaustedError("no memory for a token");
  JwtPtr jwt(raw, &jwt_free);
  int failed = jwt_set_alg(raw, JWT_ALG_HS256, KeyBytes(key), static_cast<int>(key.secret.size()));
  failed |= jwt_add_header(raw, "kid", key.kid.c_str());
  failed |= jwt_add_grant(raw, "sub", claims.user_id.c_str());
  failed |= jwt_add_grant(raw, "role", std::string(RoleName(claims.role)).c_str());
  failed |= jwt_add_grant(raw, "clinicId", claims.clinic_id.c_str());
  failed |= jwt_add_grant(raw, "email", claims.email.c_str());
  failed |= jwt_add_grant(raw, "sid", claims.session_id.c_str());
  failed |= jwt_add_grant(raw, "jti", claims.token_id.c_str());
  failed |= jwt_add_grant(raw, "typ", TypeName(claims.type).c_str());
  failed |= jwt_add_grant_int(raw, "iat", static_cast<long>(claims.issued_at));
  failed |= jwt_add_grant_int(raw, "exp", static_cast<long>(claims.expires_at));
  if (failed != 0) return absl::InternalError("cannot build a token");
  char* text = jwt_encode_str(raw);
  if (text == nullptr) return absl::InternalError("cannot sign a token");
  std::string token(text);
  std::free(text);
  return token;
}

absl::StatusOr<TokenClaims> VerifyToken(const SigningKey& key, std::string_view token,
                                        TokenType expected, int64_t now) {
  if (token.empty() || token.size() > kMostTokenBytes) return Refused("not a token");
  jwt_t* raw = nullptr;
  const std::string text(token);
  // The key is always given, so that libjwt verifies before anything else is looked at.
  if (jwt_decode(&raw, text.c_str(), KeyBytes(key), static_cast<int>(key.secret.size())) != 0 ||
      raw == nullptr) {
    return Refused("not signed by this service");
  }
  JwtPtr jwt(raw, &jwt_free);
  if (jwt_get_alg(raw) != JWT_ALG_HS256) return Refused("its algorithm is not HS256");
  const char* kid = jwt_get_header(raw, "kid");
  if (kid == nullptr || key.kid != kid) return Refused("its key is not in use");
  if (Grant(raw, "typ") != TypeName(expected)) {
    return Refused(absl::StrCat("it is not of type ", TypeName(expected)));
  }
  TokenClaims claims;
  claims.type = expected;
  claims.expires_at = jwt_get_grant_int(raw, "exp");
  claims.issued_at = jwt_get_grant_int(raw, "iat");
  if (claims.expires_at <= now) return Refused("it has expired");
  claims.user_id = Grant(raw, "sub");
  claims.clinic_id = Grant(raw, "clinicId");
  claims.email = Grant(raw, "email");
  claims.session_id = Grant(raw, "sid");
  claims.token_id = Grant(raw, "jti");
  const std::optional<Role> role = ParseRole(Grant(raw, "role"));
  if (!role || claims.user_id.empty() || claims.session_id.empty() || claims.token_id.empty()) {
    return Refused("a claim is missing");
  }
  claims.role = *role;
  if (claims.clinic_id.empty() && *role != Role::kSuperAdmin) return Refused("it has no clinic");
  return claims;
}

}  // namespace server
