#include "simulator/imports/prometheus.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <boost/json.hpp>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "base/http_get.h"

namespace simulator {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(30);
constexpr uint16_t kDefaultPort = 9090;

std::string Encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      encoded.push_back(c);
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

absl::StatusOr<std::string> Numeric(const std::string& host, const std::string& url) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0 || found == nullptr) {
    return absl::UnavailableError(
        absl::StrCat(url, ": the host ", host, " has no address: ", gai_strerror(error)));
  }
  char text[NI_MAXHOST] = "";
  getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), nullptr, 0, NI_NUMERICHOST);
  freeaddrinfo(found);
  return std::string(text);
}

// Prometheus' own notation: 90s, 500ms.
std::string Words(absl::Duration duration) {
  const int64_t millis = absl::ToInt64Milliseconds(duration);
  return millis % 1000 == 0 ? absl::StrCat(millis / 1000, "s") : absl::StrCat(millis, "ms");
}

std::string UnixSeconds(absl::Time time) {
  return absl::StrFormat("%.3f", static_cast<double>(absl::ToUnixMillis(time)) / 1000);
}

absl::Status NotTheApi(const std::string& what) {
  return absl::UnavailableError(
      absl::StrCat(what,
                   ": not an answer of Prometheus' query_range: expected {\"status\":"
                   "\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[...]}}"));
}

std::string Labels(const PrometheusSeries& series) {
  std::string text;
  for (const auto& [name, value] : series.labels) {
    absl::StrAppend(&text, text.empty() ? "" : ",", name, "=\"", value, "\"");
  }
  return absl::StrCat("{", text, "}");
}

absl::StatusOr<PrometheusSeries> ParseSeries(const boost::json::object& item,
                                             const std::string& what) {
  PrometheusSeries series;
  for (const auto& label : item.at("metric").as_object()) {
    series.labels[std::string(label.key())] = std::string(label.value().as_string());
  }
  for (const boost::json::value& sample : item.at("values").as_array()) {
    const double at = sample.as_array().at(0).to_number<double>();
    const std::string text(sample.as_array().at(1).as_string());
    double value = 0;
    if (!absl::SimpleAtod(text, &value) || !std::isfinite(value)) {
      return absl::OutOfRangeError(absl::StrCat(
          what, ": ", text, " at ",
          absl::FormatTime(absl::RFC3339_sec, absl::FromUnixMillis(std::llround(at * 1000)),
                           absl::UTCTimeZone()),
          " in ", Labels(series),
          "; expected a finite number (a division by 0, or an empty "
          "histogram?)"));
    }
    series.at_seconds.push_back(at);
    series.value.push_back(value);
  }
  return series;
}

}  // namespace

absl::StatusOr<std::vector<PrometheusSeries>> ParseMatrix(std::string_view body,
                                                          const std::string& what) {
  boost::system::error_code code;
  const boost::json::value root = boost::json::parse({body.data(), body.size()}, code);
  const boost::json::object* object = code ? nullptr : root.if_object();
  if (object == nullptr) return NotTheApi(what);
  std::vector<PrometheusSeries> list;
  try {
    if (object->at("status").as_string() != "success") {
      return absl::InvalidArgumentError(absl::StrCat(
          what,
          ": Prometheus refuses the query: ", std::string(object->at("errorType").as_string()),
          ": ", std::string(object->at("error").as_string())));
    }
    const boost::json::object& data = object->at("data").as_object();
    if (data.at("resultType").as_string() != "matrix") return NotTheApi(what);
    for (const boost::json::value& item : data.at("result").as_array()) {
      auto series = ParseSeries(item.as_object(), what);
      if (!series.ok()) return series.status();
      if (!series->value.empty()) list.push_back(*std::move(series));
    }
  } catch (const std::exception&) {
    return NotTheApi(what);
  }
  if (list.empty()) {
    return absl::NotFoundError(absl::StrCat(
        what,
        ": no series: nothing of that name was scraped in this time, or the labels fit none"));
  }
  return list;
}

absl::StatusOr<Prometheus> Prometheus::At(const std::string& url) {
  const auto bad = [&url](const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--prometheus: expected http://HOST[:PORT][/PREFIX]", what, ", found '", url, "'"));
  };
  if (url.starts_with("https://")) {
    return bad(" (no TLS here: put a proxy or `kubectl port-forward` in between)");
  }
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return bad("");
  std::string rest = url.substr(kScheme.size());
  Prometheus prometheus;
  prometheus.url_ = url;
  const size_t slash = rest.find('/');
  if (slash != std::string::npos) {
    prometheus.prefix_ = rest.substr(slash);
    rest.resize(slash);
    while (prometheus.prefix_.ends_with('/')) prometheus.prefix_.pop_back();
  }
  uint32_t port = kDefaultPort;
  const size_t bracket = rest.find(']');
  const size_t colon = rest.rfind(':');
  if (colon != std::string::npos && (bracket == std::string::npos || colon > bracket)) {
    if (!absl::SimpleAtoi(rest.substr(colon + 1), &port) || port == 0 || port > 65535) {
      return bad("");
    }
    rest.resize(colon);
  }
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  if (rest.empty()) return bad("");
  const auto numeric = Numeric(rest, url);
  if (!numeric.ok()) return numeric.status();
  prometheus.host_ = *numeric;
  prometheus.port_ = static_cast<uint16_t>(port);
  return prometheus;
}

absl::StatusOr<std::vector<PrometheusSeries>> Prometheus::QueryRange(
    const std::string& what, const std::string& query, absl::Time start, absl::Time end,
    absl::Duration step, absl::Duration window) const {
  const std::string words = absl::StrCat(url_, ": ", what);
  const std::string asked = absl::StrReplaceAll(query, {{"$window", Words(window)}});
  const std::string path = absl::StrCat(prefix_, "/api/v1/query_range?query=", Encoded(asked),
                                        "&start=", UnixSeconds(start), "&end=", UnixSeconds(end),
                                        "&step=", UnixSeconds(absl::UnixEpoch() + step));
  const auto answer = base::HttpGet(host_, port_, path, kTimeout);
  if (!answer.ok()) {
    return absl::UnavailableError(
        absl::StrCat(words, ": ", std::string(answer.status().message())));
  }
  auto series = ParseMatrix(answer->body, words);
  if (!series.ok() && absl::IsUnavailable(series.status()) && answer->status != 200) {
    return absl::UnavailableError(
        absl::StrCat(words, ": answered with HTTP status ", answer->status));
  }
  return series;
}

absl::StatusOr<double> Prometheus::QueryOne(const std::string& what, const std::string& query,
                                            absl::Time at, absl::Duration window) const {
  const auto series = QueryRange(what, query, at, at, absl::Seconds(1), window);
  if (!series.ok()) return series.status();
  if (series->size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(url_, ": ", what, ": gives ", series->size(),
                     " series, expected one figure: put sum(...) around it"));
  }
  return series->front().value.back();
}

absl::StatusOr<absl::Time> ParseInstant(const std::string& flag, const std::string& text) {
  double seconds = 0;
  if (absl::SimpleAtod(text, &seconds) && seconds > 0 && seconds < 1e11) {
    return absl::FromUnixMillis(std::llround(seconds * 1000));
  }
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return time;
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag,
                   ": expected a time such as 2026-11-24T10:00:00Z, or seconds since "
                   "1970, found '",
                   text, "'"));
}

}  // namespace simulator
