#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "simulator/engine/cache_model.h"

namespace simulator {
namespace {

constexpr double kMostKeys = 4e6;  // per clinic

// One entity of a key, and how a step picks it.
struct Choice {
  std::string entity;  // patient, day, ...
  std::string feeder;  // "user": the user's own entry
};

// ${name.field} or ${name} in order of appearance; only the name is kept.
std::vector<std::string> Variables(const std::string& text) {
  std::vector<std::string> names;
  for (size_t at = text.find("${"); at != std::string::npos; at = text.find("${", at)) {
    const size_t end = text.find('}', at);
    if (end == std::string::npos) break;
    const std::string inside = text.substr(at + 2, end - at - 2);
    names.push_back(inside.substr(0, inside.find('.')));
    at = end;
  }
  return names;
}

class KeySpace {
 public:
  KeySpace(const model::Scenario& scenario, const model::OperationDemand& demand,
           const CacheWorld& world)
      : scenario_(scenario), demand_(demand), world_(world) {}

  absl::StatusOr<std::vector<CacheModel::Group>> Run() {
    Shares();
    for (const model::Journey& journey : scenario_.journeys()) {
      for (int s = 0; s < journey.steps_size(); ++s) {
        if (journey.steps(s).operation() != demand_.operation()) continue;
        if (absl::Status status = Read(journey, s); !status.ok()) return status;
      }
    }
    if (reads_.empty()) return absl::InvalidArgumentError("no step of the scenario uses it");
    for (const model::Journey& journey : scenario_.journeys()) {
      for (int s = 0; s < journey.steps_size(); ++s) {
        const auto& writes = demand_.invalidated_by();
        if (std::find(writes.begin(), writes.end(), journey.steps(s).operation()) == writes.end()) {
          continue;
        }
        if (absl::Status status = Write(journey, s); !status.ok()) return status;
      }
    }
    return Groups();
  }

  // After Run().
  KeyStreams Streams() const {
    KeyStreams streams;
    streams.clinics = world_.sizes.clinics;
    const auto convert = [](const std::vector<Stream>& from) {
      std::vector<KeyStreams::Stream> to;
      for (const Stream& stream : from) {
        to.push_back({stream.operation, stream.share, {}});
        for (const std::vector<double>& popularity : stream.popularity) {
          std::vector<double> cumulative(popularity.size());
          std::partial_sum(popularity.begin(), popularity.end(), cumulative.begin());
          to.back().cumulative.push_back(std::move(cumulative));
        }
      }
      return to;
    };
    streams.reads = convert(reads_);
    streams.writes = convert(writes_);
    return streams;
  }

 private:
  // A stream of reads or writes: its share of all requests, and the popularity of each entity.
  struct Stream {
    std::string operation;
    double share = 0;
    std::vector<std::vector<double>> popularity;  // per entity of the key, by rank in the clinic
  };

  // Share of each journey's role among the users, and of each step among the requests.
  void Shares() {
    for (const model::Journey& journey : scenario_.journeys()) {
      for (const model::Step& step : journey.steps()) {
        role_[journey.role()] += journey.weight() * step.probability();
        total_ += journey.weight() * step.probability();
      }
    }
  }

  std::optional<Choice> ChoiceOf(const model::Journey& journey, const std::string& name) const {
    if (name == "user") {
      const std::optional<model::EntityKind> kind = model::EntityFromRole(journey.role());
      if (!kind.has_value()) return std::nullopt;
      return Choice{std::string(model::EntityName(*kind)), "user"};
    }
    const auto feeder = scenario_.feeders().find(name);
    if (feeder == scenario_.feeders().end()) return std::nullopt;
    return Choice{feeder->second.entity(), name};
  }

  // Entities of one kind in a clinic; 0: unknown kind.
  uint64_t Count(const std::string& entity) const {
    if (entity == "day") return model::kBookableDays;
    if (entity == "slot") return model::kSlotsPerDay;
    if (entity == "clinic") return 1;
    if (entity == "doctor") return world_.sizes.doctors_per_clinic;
    if (entity == "patient") return world_.sizes.patients_per_clinic;
    if (entity == "receptionist") return world_.sizes.receptionists_per_clinic;
    if (entity == "clinic_admin") return world_.sizes.admins_per_clinic;
    return 0;
  }

  std::vector<double> Popularity(const model::Journey& journey, const Choice& choice) const {
    const auto n = static_cast<size_t>(Count(choice.entity));
    std::vector<double> shares(n, 0);
    const model::Feeder* feeder =
        choice.feeder == "user" ? nullptr : &scenario_.feeders().at(choice.feeder);
    if (feeder == nullptr || feeder->pick() == model::Feeder::UNIQUE_PER_USER) {
      // Each user has one entry: as many as there are users of the role, evenly read.
      const auto role = role_.find(journey.role());
      const double users = world_.users * role->second / total_;
      const double each = users / static_cast<double>(world_.sizes.clinics);
      const size_t used = std::clamp<size_t>(static_cast<size_t>(std::ceil(each)), 1, n);
      std::fill_n(shares.begin(), used, 1.0 / static_cast<double>(used));
      return shares;
    }
    const double exponent = feeder->pick() == model::Feeder::ZIPF ? feeder->zipf_exponent() : 0;
    double sum = 0;
    for (size_t rank = 0; rank < n; ++rank) {
      sum += shares[rank] = std::pow(static_cast<double>(rank) + 1, -exponent);
    }
    for (double& share : shares) share /= sum;
    return shares;
  }

  Stream StreamOf(const model::Journey& journey, int step,
                  const std::vector<Choice>& choices) const {
    Stream stream;
    stream.operation = journey.steps(step).operation();
    stream.share = journey.weight() * journey.steps(step).probability() / total_;
    for (const Choice& choice : choices) stream.popularity.push_back(Popularity(journey, choice));
    return stream;
  }

  absl::Status Read(const model::Journey& journey, int s) {
    std::vector<Choice> choices;
    for (const std::string& name : Variables(journey.steps(s).request().path())) {
      const std::optional<Choice> choice = ChoiceOf(journey, name);
      if (!choice.has_value() || Count(choice->entity) == 0) {
        return absl::InvalidArgumentError(absl::StrCat("${", name, "} in the path of step ",
                                                       journey.name(), ".", journey.steps(s).name(),
                                                       " is no entity of known number"));
      }
      choices.push_back(*choice);
    }
    std::vector<std::string> entities;
    double keys = 1;
    for (const Choice& choice : choices) {
      entities.push_back(choice.entity);
      keys *= static_cast<double>(Count(choice.entity));
    }
    if (!reads_.empty() && entities != entities_) {
      return absl::InvalidArgumentError("its steps name different entities in their paths");
    }
    if (keys > kMostKeys) return absl::InvalidArgumentError("more than 4M keys a clinic");
    entities_ = entities;
    reads_.push_back(StreamOf(journey, s, choices));
    return absl::OkStatus();
  }

  // The key's entities as the write names them, or the latest of its journey's steps before it.
  absl::Status Write(const model::Journey& journey, int s) {
    std::vector<Choice> choices;
    for (const std::string& entity : entities_) {
      std::optional<Choice> found;
      for (int i = s; i >= 0 && !found.has_value(); --i) {
        const model::Request& request = journey.steps(i).request();
        for (const std::string& name : Variables(absl::StrCat(request.path(), request.json()))) {
          const std::optional<Choice> choice = ChoiceOf(journey, name);
          if (choice.has_value() && choice->entity == entity) found = choice;
        }
      }
      if (!found.has_value()) {
        return absl::InvalidArgumentError(absl::StrCat("step ", journey.name(), ".",
                                                       journey.steps(s).name(), " names no ",
                                                       entity, " whose value it invalidates"));
      }
      choices.push_back(*found);
    }
    writes_.push_back(StreamOf(journey, s, choices));
    return absl::OkStatus();
  }

  static double ShareOf(const std::vector<Stream>& streams, const std::vector<size_t>& ranks) {
    double sum = 0;
    for (const Stream& stream : streams) {
      double share = stream.share;
      for (size_t d = 0; d < ranks.size(); ++d) share *= stream.popularity[d][ranks[d]];
      sum += share;
    }
    return sum;
  }

  // All keys of one clinic, those of nearly equal rates together.
  std::vector<CacheModel::Group> Groups() const {
    const auto clinics = static_cast<double>(world_.sizes.clinics);
    const auto bin = [](double share) {
      return share > 0 ? static_cast<int>(std::lround(std::log(share) * 50)) : -1000000;
    };
    std::map<std::pair<int, int>, CacheModel::Group> bins;
    std::vector<size_t> ranks(entities_.size(), 0);
    for (;;) {
      const double reads = ShareOf(reads_, ranks);
      const double writes = ShareOf(writes_, ranks);
      CacheModel::Group& group = bins[{bin(reads), bin(writes)}];
      group.keys += 1;
      group.reads += reads;
      group.writes += writes;
      size_t d = 0;
      while (d < ranks.size() && ++ranks[d] == reads_[0].popularity[d].size()) ranks[d++] = 0;
      if (d == ranks.size()) break;
    }
    std::vector<CacheModel::Group> groups;
    for (const auto& [unused, sum] : bins) {
      groups.push_back(
          {sum.keys * clinics, sum.reads / sum.keys / clinics, sum.writes / sum.keys / clinics});
    }
    return groups;
  }

  const model::Scenario& scenario_;
  const model::OperationDemand& demand_;
  const CacheWorld& world_;
  std::map<std::string, double> role_;
  double total_ = 0;
  std::vector<std::string> entities_;
  std::vector<Stream> reads_;
  std::vector<Stream> writes_;
};

}  // namespace

absl::StatusOr<CacheModel> CompileCache(const model::Scenario& scenario,
                                        const model::OperationDemand& demand,
                                        const CacheWorld& world, double ttl_seconds) {
  const double ttl = ttl_seconds > 0 ? ttl_seconds : demand.cache_ttl_seconds();
  if (ttl <= 0) return absl::InvalidArgumentError("the profile states no cache_ttl_seconds");
  KeySpace space(scenario, demand, world);
  absl::StatusOr<std::vector<CacheModel::Group>> groups = space.Run();
  if (!groups.ok()) return groups.status();
  CacheModel model(std::move(*groups), ttl, demand.cache_settle_seconds());
  model.set_streams(space.Streams());
  return model;
}

}  // namespace simulator
