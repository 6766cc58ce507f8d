#include "models/storage/backlog.hpp"

#include <fmt/format.h>

namespace models::storage {
namespace {

constexpr double kMost = 0.5;                 // of what was written
constexpr std::int64_t kLeast_B = 1'000'000;  // less makes no difference

}  // namespace

std::string still_fills(const std::string& cache, const Backlog& before, const Backlog& now) {
  const auto kept_B = static_cast<double>((now.unwritten - before.unwritten).count());
  const auto written_B = static_cast<double>((now.written - before.written).count());
  if (kept_B < static_cast<double>(kLeast_B) || kept_B < kMost * (kept_B + written_B)) return {};
  return fmt::format(
      "{} kept {:.0f} % of what was written to it ({:.3g} MB) and still fills: what is below it "
      "will not keep up with this rate for long; a longer study.warmup shows what lasts",
      cache, 100 * kept_B / (kept_B + written_B), kept_B / 1e6);
}

}  // namespace models::storage
