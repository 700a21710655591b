#include "simulator/oracle/vector.h"

#include <map>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "boost/json/array.hpp"
#include "boost/json/object.hpp"
#include "simulator/vectors/fields.h"

namespace simulator::oracle {
namespace {

double Positive(Fields& fields, const char* name) {
  const double value = fields.RequiredDouble(name);
  if (!(value > 0)) fields.Fail(name, "a number above 0");
  return value;
}

double NotNegative(Fields& fields, const char* name) {
  const double value = fields.RequiredDouble(name);
  if (!(value >= 0)) fields.Fail(name, "a number not below 0");
  return value;
}

int64_t Count(Fields& fields, const char* name) {
  const int64_t value = fields.Int(name);
  if (value < 1) fields.Fail(name, "a whole number above 0");
  return value;
}

void ReadOpen(Fields& fields, Inputs* inputs) {
  inputs->lambda = Positive(fields, "lambda_per_s");
  inputs->mu = Positive(fields, "mu_per_s");
  if (fields.Has("c")) inputs->c = Count(fields, "c");
}

void ReadLoss(Fields& fields, Inputs* inputs) {
  ReadOpen(fields, inputs);
  inputs->k = Count(fields, "K");
}

void ReadErlangA(Fields& fields, Inputs* inputs) {
  ReadOpen(fields, inputs);
  inputs->theta = NotNegative(fields, "theta_per_s");
}

void ReadErlangB(Fields& fields, Inputs* inputs) {
  inputs->c = Count(fields, "c");
  inputs->offered_load = Positive(fields, "a");
}

void ReadDeterministic(Fields& fields, Inputs* inputs) {
  inputs->lambda = Positive(fields, "lambda_per_s");
  inputs->service_mean = Positive(fields, "service_s");
}

void ReadLognormal(Fields& fields, Inputs* inputs) {
  inputs->lambda = Positive(fields, "lambda_per_s");
  inputs->service_mean = Positive(fields, "service_mean_s");
  inputs->service_scv = NotNegative(fields, "service_scv");
}

void ReadHyperexponential(Fields& fields, Inputs* inputs) {
  inputs->lambda = Positive(fields, "lambda_per_s");
  inputs->phase_probabilities = fields.Doubles("p");
  inputs->phase_rates = fields.Doubles("rates_per_s");
  const std::vector<double>& p = inputs->phase_probabilities;
  if (p.empty() || p.size() != inputs->phase_rates.size()) {
    fields.Fail("p", "as many probabilities as rates_per_s");
    return;
  }
  if (std::abs(std::accumulate(p.begin(), p.end(), 0.0) - 1) > 1e-9) {
    fields.Fail("p", "probabilities that add up to 1");
  }
  double second = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    if (!(inputs->phase_rates[i] > 0)) fields.Fail("rates_per_s", "rates above 0");
    inputs->service_mean += p[i] / inputs->phase_rates[i];
    second += 2 * p[i] / (inputs->phase_rates[i] * inputs->phase_rates[i]);
  }
  inputs->service_scv = second / (inputs->service_mean * inputs->service_mean) - 1;
}

void ReadProcessorSharing(Fields& fields, Inputs* inputs) {
  inputs->lambda = Positive(fields, "lambda_per_s");
  inputs->service_mean = Positive(fields, "service_mean_s");
}

void ReadRepairman(Fields& fields, Inputs* inputs) {
  inputs->users = Count(fields, "N");
  inputs->think = NotNegative(fields, "Z_s");
  inputs->service = Positive(fields, "S_s");
  inputs->c = Count(fields, "c");
}

void ReadClosedNetwork(Fields& fields, Inputs* inputs) {
  inputs->users = Count(fields, "N");
  inputs->think = NotNegative(fields, "Z_s");
  for (Fields& station : fields.Objects("stations")) {
    inputs->closed_stations.push_back(
        {Positive(station, "D_s"), station.Has("c") ? Count(station, "c") : 1});
  }
  if (inputs->closed_stations.empty()) fields.Fail("stations", "at least one station");
}

void ReadJackson(Fields& fields, Inputs* inputs) {
  inputs->lambda = Positive(fields, "lambda_per_s");
  for (Fields& station : fields.Objects("stations")) {
    inputs->jackson_stations.push_back({Positive(station, "visits"), Positive(station, "mu_per_s"),
                                        station.Has("c") ? Count(station, "c") : 1,
                                        station.Has("shards") ? Count(station, "shards") : 1});
  }
  if (inputs->jackson_stations.empty()) fields.Fail("stations", "at least one station");
}

void ReadUsl(Fields& fields, Inputs* inputs) {
  inputs->usl_lambda = Positive(fields, "lambda_");
  inputs->sigma = NotNegative(fields, "sigma");
  inputs->kappa = NotNegative(fields, "kappa");
  inputs->concurrency = Positive(fields, "N");
}

void ReadTrace(Fields& fields, Inputs* inputs) {
  inputs->trace_interarrival = fields.Doubles("interarrival");
  inputs->trace_service = fields.Doubles("service");
  if (inputs->trace_service.empty() ||
      inputs->trace_service.size() != inputs->trace_interarrival.size()) {
    fields.Fail("service", "as many services as interarrivals, at least one");
  }
}

using Reader = void (*)(Fields&, Inputs*);

const std::map<std::string, Reader>& Readers() {
  static const auto& readers = *new std::map<std::string, Reader>{
      {"mm1", ReadOpen},
      {"mmc", ReadOpen},
      {"mmck", ReadLoss},
      {"erlang_b", ReadErlangB},
      {"md1", ReadDeterministic},
      {"mg1_lognormal", ReadLognormal},
      {"mh2_1", ReadHyperexponential},
      {"mg1_ps", ReadProcessorSharing},
      {"repairman", ReadRepairman},
      {"closed_network", ReadClosedNetwork},
      {"jackson", ReadJackson},
      {"erlang_a", ReadErlangA},
      {"usl", ReadUsl},
      {"lindley", ReadTrace},
  };
  return readers;
}

void ReadExpected(Fields& fields, Vector* vector) {
  for (const auto& member : fields.raw()) {
    const std::string name(member.key());
    if (!member.value().is_array()) {
      vector->expected.emplace_back(name, fields.RequiredDouble(name.c_str()));
      continue;
    }
    const std::vector<double> list = fields.Doubles(name.c_str());
    for (size_t i = 0; i < list.size(); ++i) {
      vector->expected.emplace_back(absl::StrCat(name, "[", i + 1, "]"), list[i]);
    }
  }
  if (vector->expected.empty()) fields.Fail("*", "at least one quantity");
}

}  // namespace

std::string IdOf(const boost::json::value& value) {
  const auto* object = value.if_object();
  const auto* id = object == nullptr ? nullptr : object->if_contains("id");
  return id != nullptr && id->is_string() ? std::string(id->get_string()) : "?";
}

absl::StatusOr<Vector> ReadVector(const boost::json::value& value) {
  if (!value.is_object()) return absl::InvalidArgumentError("a vector must be an object");
  Fields fields(value.get_object(), "vector");
  Vector vector;
  vector.id = IdOf(value);
  vector.model = fields.String("model", "");
  const auto reader = Readers().find(vector.model);
  if (reader == Readers().end()) {
    return absl::InvalidArgumentError(absl::StrCat("unknown model '", vector.model, "'"));
  }
  std::optional<Fields> inputs = fields.Object("inputs");
  std::optional<Fields> expected = fields.Object("expected");
  if (!inputs.has_value()) fields.Fail("inputs", "an object");
  if (!expected.has_value()) fields.Fail("expected", "an object");
  if (inputs.has_value()) reader->second(*inputs, &vector.inputs);
  if (expected.has_value()) ReadExpected(*expected, &vector);
  if (!fields.error().empty()) return absl::InvalidArgumentError(fields.error());
  return vector;
}

}  // namespace simulator::oracle
