#include "tools/report/answer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tools/report/wording.hpp"

namespace tools::report {

namespace {

struct Slowest {
  const scenarios::PointResults* point = nullptr;
  std::size_t vm_class = 0;
  const scenarios::Estimate* relative = nullptr;
};

Slowest slowest(const scenarios::StudyResults& results) {
  Slowest found;
  for (const auto& point : results.points) {
    for (std::size_t v = 0; v < point.time.size(); ++v) {
      const scenarios::Estimate* own = relative(point, point.time[v].object);
      if (own == nullptr || (found.relative && found.relative->value <= own->value)) continue;
      found = {&point, v, own};
    }
  }
  return found;
}

std::string because(const std::vector<scenarios::Reason>& reasons) {
  const std::string causes = text(reasons, 3);
  return causes.empty() ? "." : fmt::format("; the extra time is {}.", causes);
}

}  // namespace

std::string baseline(const scenarios::Study& study) {
  if (!study.baseline) return "one VM of its class alone on the host";
  const std::string at = phrase(study.points.at(*study.baseline).at);
  return at.empty() ? "this scenario" : at;
}

std::string answer(const scenarios::Study& study, const scenarios::StudyResults& results) {
  if (results.points.empty()) return "Nothing was finished.";
  const Slowest found = slowest(results);
  if (found.relative == nullptr) return "No VM did work that could be compared with a baseline.";
  const std::string at = phrase(found.point->at);
  const std::string name{class_name(found.point->time[found.vm_class].object)};
  if (found.relative->hi >= 1.0)
    return fmt::format("No VM runs slower than the baseline ({}) by more than the interval.",
                       baseline(study));
  return fmt::format("{}each {} VM runs at {} of the baseline ({}){}",
                     at.empty() ? "Here " : fmt::format("With {}, ", at), name,
                     share(*found.relative, found.point->replications), baseline(study),
                     because(found.point->reasons[found.vm_class]));
}

}  // namespace tools::report
