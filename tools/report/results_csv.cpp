#include "tools/report/results_csv.hpp"

#include <fmt/format.h>

#include "tools/report/wording.hpp"

namespace tools::report {

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string{text};
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string results_csv(const scenarios::Study& study, const scenarios::StudyResults& results) {
  std::string out;
  for (const auto& coordinate : study.points.front().at) out += csv_field(coordinate.first) + ',';
  out += "metric,value,lo,hi,unit,pi_lo,pi_hi\n";
  for (const auto& point : results.points) {
    std::string at;
    for (const auto& coordinate : point.at) at += csv_field(text(coordinate.second)) + ',';
    for (const auto& metric : point.metrics) {
      const std::string interval =
          metric.prediction ? fmt::format("{},{}", metric.prediction->lo, metric.prediction->hi)
                            : ",";
      out += fmt::format("{}{},{},{},{},{},{}\n", at, csv_field(metric.name), metric.estimate.value,
                         metric.estimate.lo, metric.estimate.hi,
                         csv_field(models::unit_of(metric.name)), interval);
    }
    for (const auto& time : point.time) {
      for (std::size_t c = 0; c < time.share.size(); ++c)
        out += fmt::format("{}{}.time.{},{},,,1,,\n", at, csv_field(time.object),
                           models::name(static_cast<models::Cause>(c)), time.share[c]);
    }
  }
  return out;
}

}  // namespace tools::report
