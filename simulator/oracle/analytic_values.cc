#include "simulator/oracle/analytic_values.h"

#include <numeric>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "simulator/analytic/birth_death.h"
#include "simulator/analytic/lindley.h"
#include "simulator/analytic/open_stations.h"
#include "simulator/analytic/usl.h"

namespace simulator::oracle {
namespace {

using Values = std::map<std::string, double>;

Values Of(const analytic::OpenStation& station) {
  return {{"rho", station.rho}, {"P_wait", station.p_wait}, {"Wq", station.wq},
          {"W", station.w},     {"Lq", station.lq},         {"L", station.l}};
}

absl::StatusOr<Values> Markov(const Vector& vector) {
  const Inputs& in = vector.inputs;
  absl::StatusOr<analytic::OpenStation> station = analytic::MMc(in.lambda, in.mu, in.c);
  if (!station.ok()) return station.status();
  Values values = Of(*station);
  for (const auto& [name, unused] : vector.expected) {
    const std::optional<QuantileName> quantile = ParseQuantile(name);
    if (!quantile.has_value()) continue;
    absl::StatusOr<double> solved =
        quantile->base == "W" ? analytic::MMcResponseQuantile(in.lambda, in.mu, in.c, quantile->p)
                              : analytic::MMcWaitQuantile(in.lambda, in.mu, in.c, quantile->p);
    if (!solved.ok()) return solved.status();
    values[name] = *solved;
  }
  return values;
}

absl::StatusOr<Values> Loss(const Inputs& in) {
  absl::StatusOr<analytic::LossStation> loss = analytic::MMcK(in.lambda, in.mu, in.c, in.k);
  if (!loss.ok()) return loss.status();
  Values values = Of(loss->station);
  values["P_block"] = loss->p_block;
  values["X"] = loss->x;
  return values;
}

absl::StatusOr<Values> General(const Inputs& in) {
  const double second = in.service_mean * in.service_mean * (1 + in.service_scv);
  absl::StatusOr<analytic::OpenStation> station = analytic::MG1(in.lambda, in.service_mean, second);
  if (!station.ok()) return station.status();
  return Of(*station);
}

absl::StatusOr<Values> Sharing(const Inputs& in) {
  absl::StatusOr<analytic::OpenStation> station =
      analytic::MG1ProcessorSharing(in.lambda, in.service_mean);
  if (!station.ok()) return station.status();
  return Values{{"rho", station->rho}, {"W", station->w}, {"L", station->l}};
}

absl::StatusOr<Values> Repairman(const Inputs& in) {
  absl::StatusOr<analytic::Repairman> solved =
      analytic::SolveRepairman(in.users, in.think, in.service, in.c);
  if (!solved.ok()) return solved.status();
  return Values{{"X", solved->x},   {"R", solved->r},   {"L", solved->l},
                {"Lq", solved->lq}, {"Wq", solved->wq}, {"rho", solved->rho}};
}

absl::StatusOr<Values> ClosedNetwork(const Inputs& in) {
  absl::StatusOr<analytic::ClosedNetwork> solved =
      analytic::SolveClosedNetwork(in.users, in.think, in.closed_stations);
  if (!solved.ok()) return solved.status();
  Values values{{"X", solved->x}, {"R", solved->r}};
  for (size_t k = 0; k < solved->q.size(); ++k) {
    values[absl::StrCat("Q", k + 1)] = solved->q[k];
    values[absl::StrCat("R", k + 1)] = solved->residence[k];
    values[absl::StrCat("U", k + 1)] = solved->u[k];
  }
  return values;
}

absl::StatusOr<Values> Jackson(const Inputs& in) {
  absl::StatusOr<analytic::Jackson> solved = analytic::SolveJackson(in.lambda, in.jackson_stations);
  if (!solved.ok()) return solved.status();
  Values values{{"W", solved->total_w}, {"L", solved->total_l}};
  for (size_t k = 0; k < solved->w.size(); ++k) {
    values[absl::StrCat("W", k + 1)] = solved->w[k];
    values[absl::StrCat("rho", k + 1)] = solved->rho[k];
  }
  return values;
}

absl::StatusOr<Values> ErlangA(const Inputs& in) {
  absl::StatusOr<analytic::AbandonmentStation> solved =
      analytic::ErlangA(in.lambda, in.mu, in.c, in.theta);
  if (!solved.ok()) return solved.status();
  Values values = Of(solved->station);
  values["P_abandon"] = solved->p_abandon;
  values["X"] = solved->x;
  return values;
}

Values ErlangB(const Inputs& in) {
  const double blocking = analytic::ErlangB(in.c, in.offered_load);
  return {{"P_block", blocking}, {"carried", in.offered_load * (1 - blocking)}};
}

Values Usl(const Inputs& in) {
  const analytic::Usl usl{in.usl_lambda, in.sigma, in.kappa};
  return {{"X", usl.Throughput(in.concurrency)}, {"N_star", usl.Peak()}};
}

Values Lindley(const Inputs& in) {
  const std::vector<double> waits = analytic::LindleyWaits(in.trace_interarrival, in.trace_service);
  Values values;
  for (size_t i = 0; i < waits.size(); ++i) {
    values[absl::StrCat("Wq[", i + 1, "]")] = waits[i];
    values[absl::StrCat("W[", i + 1, "]")] = waits[i] + in.trace_service[i];
  }
  const double count = static_cast<double>(waits.size());
  const double total = std::accumulate(waits.begin(), waits.end(), 0.0);
  const double services = std::accumulate(in.trace_service.begin(), in.trace_service.end(), 0.0);
  values["mean_Wq"] = total / count;
  values["mean_W"] = (total + services) / count;
  return values;
}

}  // namespace

std::optional<QuantileName> ParseQuantile(const std::string& name) {
  const size_t mark = name.find("_p");
  if (mark == std::string::npos) return std::nullopt;
  QuantileName quantile;
  quantile.base = name.substr(0, mark);
  const std::string digits = name.substr(mark + 2);
  // p95 is 0.95, p999 is 0.999: the digits follow the decimal point.
  if ((quantile.base != "W" && quantile.base != "Wq") || digits.empty() ||
      digits.find_first_not_of("0123456789") != std::string::npos ||
      !absl::SimpleAtod("0." + digits, &quantile.p) || !(quantile.p > 0)) {
    return std::nullopt;
  }
  return quantile;
}

absl::StatusOr<std::map<std::string, double>> AnalyticValues(const Vector& vector) {
  const std::string& model = vector.model;
  const Inputs& in = vector.inputs;
  if (model == "mm1" || model == "mmc") return Markov(vector);
  if (model == "mmck") return Loss(in);
  if (model == "erlang_b") return ErlangB(in);
  if (model == "md1" || model == "mg1_lognormal" || model == "mh2_1") return General(in);
  if (model == "mg1_ps") return Sharing(in);
  if (model == "repairman") return Repairman(in);
  if (model == "closed_network") return ClosedNetwork(in);
  if (model == "jackson") return Jackson(in);
  if (model == "erlang_a") return ErlangA(in);
  if (model == "usl") return Usl(in);
  if (model == "lindley") return Lindley(in);
  return absl::InvalidArgumentError(absl::StrCat("unknown model '", model, "'"));
}

}  // namespace simulator::oracle
