// SPDX-License-Identifier: Apache-2.0
#include "simulator/statistics.hpp"

#include <cmath>
#include <limits>

namespace bassline::simulator {
namespace {

constexpr double kEnough = 1e-15;

// The regularised incomplete gamma functions: lower by its series, upper by Lentz's continued
// fraction. Each converges fast on its side of x = a + 1.
double lower_gamma(double a, double x) {
    double term = 1 / a;
    double sum = term;
    for (double n = a + 1; std::abs(term) > std::abs(sum) * kEnough; ++n) {
        term *= x / n;
        sum += term;
    }
    return sum * std::exp(-x + a * std::log(x) - std::lgamma(a));
}

double upper_gamma(double a, double x) {
    constexpr double kTiny = 1e-300;
    constexpr int kMostSteps = 100'000;
    double b = x + 1 - a;
    double c = 1 / kTiny;
    double d = 1 / b;
    double product = d;
    for (int i = 1; i < kMostSteps; ++i) {
        const double numerator = -i * (i - a);
        b += 2;
        d = numerator * d + b;
        d = 1 / (std::abs(d) < kTiny ? kTiny : d);
        c = b + numerator / c;
        if (std::abs(c) < kTiny) c = kTiny;
        product *= d * c;
        if (std::abs(d * c - 1) < kEnough) break;
    }
    return product * std::exp(-x + a * std::log(x) - std::lgamma(a));
}

}  // namespace

double chi_squared_tail(double value, double degrees_of_freedom) {
    if (degrees_of_freedom <= 0 || value <= 0) return 1;
    const double a = degrees_of_freedom / 2;
    const double x = value / 2;
    return x < a + 1 ? 1 - lower_gamma(a, x) : upper_gamma(a, x);
}

double normal_two_tails(double z) {
    return std::erfc(std::abs(z) / std::sqrt(2.0));
}

double Sample::standard_deviation() const {
    return count_ < 2 ? 0 : std::sqrt(squares_ / static_cast<double>(count_ - 1));
}

double Sample::standard_error() const {
    if (count_ < 2) return std::numeric_limits<double>::infinity();
    return standard_deviation() / std::sqrt(static_cast<double>(count_));
}

void ChiSquared::add_table(const std::vector<double>& observed,
                           const std::vector<double>& expected) {
    constexpr double kLeastExpected = 5;
    double rest_observed = 0;
    double rest_expected = 0;
    int cells = 0;
    const auto add_cell = [&](double found, double wanted) {
        value_ += (found - wanted) * (found - wanted) / wanted;
        ++cells;
    };
    for (std::size_t i = 0; i < observed.size(); ++i) {
        observed_ += observed[i];
        differences_ += std::abs(observed[i] - expected[i]);
        if (expected[i] >= kLeastExpected) {
            add_cell(observed[i], expected[i]);
        } else {
            rest_observed += observed[i];
            rest_expected += expected[i];
        }
    }
    if (rest_expected >= 1) add_cell(rest_observed, rest_expected);
    if (cells > 1) degrees_of_freedom_ += cells - 1;
}

}  // namespace bassline::simulator
