#pragma once

namespace model {

// Inverse of the standard normal distribution function, 0 < q < 1; relative error below 1e-12.
// At 0 and below minus infinity, at 1 and above plus infinity.
double NormalQuantile(double q);

}  // namespace model
