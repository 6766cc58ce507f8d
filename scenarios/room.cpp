#include "scenarios/room.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "scenarios/select.hpp"
#include "scenarios/sweep.hpp"

namespace scenarios {
namespace {

bool compared_within(const Study& study, const std::set<std::size_t>& points) {
  return study.baseline.empty() || std::all_of(points.begin(), points.end(), [&](std::size_t p) {
           return points.contains(study.baseline[p]);
         });
}

std::string note(const std::vector<LeftOut>& left_out) {
  const std::size_t more = left_out.size() - 1;
  const std::string others = more == 0 ? "" : fmt::format(" and {} more", more);
  return fmt::format("the host is too small for {}{}, which {} not run: {}",
                     text(left_out.front().at), others, more == 0 ? "is" : "are",
                     left_out.front().why);
}

}  // namespace

void leave_out(Study& study, const std::vector<Problems>& room,
               const std::optional<std::set<std::size_t>>& kept, Problems& problems) {
  std::set<std::size_t> fit;
  std::vector<std::string> where;
  for (std::size_t p = 0; p < study.points.size(); ++p) {
    where.push_back(text(study.points[p].at));
    if (kept ? kept->contains(p) : room[p].empty()) fit.insert(p);
  }
  const bool short_of_room =
      std::any_of(fit.begin(), fit.end(), [&](std::size_t p) { return !room[p].empty(); });
  if (fit.empty() || short_of_room || !compared_within(study, fit))
    return problems.add_points(room, where);
  study.kept = fit;
  if (fit.size() == study.points.size()) return;
  for (std::size_t p = 0; p < study.points.size(); ++p) {
    if (!fit.contains(p)) study.left_out.push_back({study.points[p].at, room[p].text()});
  }
  study.notes.push_back(note(study.left_out));
  keep_points(study, fit);
}

}  // namespace scenarios
