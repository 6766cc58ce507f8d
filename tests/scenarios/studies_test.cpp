#include <catch2/catch.hpp>

#include "scenarios/library.hpp"
#include "scenarios/read.hpp"
#include "scenarios/run.hpp"
#include "scenarios/sweep.hpp"

using namespace scenarios;

// Half a second is enough for books to be kept wrongly; figures need longer.
TEST_CASE("every study runs, and breaks no invariant") {
  for (const PresetInfo& info : list_presets("studies")) {
    INFO(info.name);
    ReadOptions shortened;
    shortened.overrides = {{"study.duration", "\"0.5 s\""},
                           {"study.warmup", "\"0.1 s\""},
                           {"study.replications", "1"}};
    const Study study = read_file(info.name, shortened);
    RunOptions options;
    options.check = true;
    const StudyResults results = run(study, options);
    CHECK(results.points.size() == study.points.size());
    for (const PointResults& point : results.points) {
      INFO(text(point.at));
      CHECK(point.violations == std::vector<std::string>{});
      CHECK_FALSE(point.metrics.empty());
    }
  }
}
