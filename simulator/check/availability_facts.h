#pragma once

#include "model/deployment.pb.h"
#include "model/verdict.pb.h"

namespace simulator::check {

// Adds the frontier of 99.99 % availability to a report whose rules have run: a fact
// outage_minutes_CLASS for each class of failures that the deployment can suffer, the minutes a
// year that one component of the class may be out when the budget is split evenly over the classes.
void AddAvailabilityFacts(const model::Deployment& deployment, model::CheckReport* report);

// Whether something promotes a standby, as the rule standby-without-failover found.
bool PromotesStandby(const model::Deployment& deployment, const model::CheckReport& report);

}  // namespace simulator::check
