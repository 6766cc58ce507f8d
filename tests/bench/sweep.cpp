// P5: a sweep of 200 points, five replications each, by one thread and by two.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "tests/bench/bench.hpp"

namespace bench {

double sweep_gain(const std::string& program) {
  const auto file = std::filesystem::temp_directory_path() / "tenancy-bench-sweep.toml";
  std::vector<int> counts(8), latencies_ns(25);
  std::iota(counts.begin(), counts.end(), 1);
  std::iota(latencies_ns.begin(), latencies_ns.end(), 60);
  std::ofstream{file} << fmt::format(
      "[study]\ntitle = \"sweep\"\nduration = \"2 s\"\nwarmup = \"0 s\"\nreplications = 5\n"
      "[host]\nuse = \"xeon-e5345-2s\"\n[[vm]]\nname = \"a\"\nmemory = \"1 GiB\"\nvcpus = 2\n"
      "workload = \"kernel-compile\"\n[sweep]\n\"vm.a.count\" = {}\n"
      "\"host.controller.latency\" = [\"{} ns\"]\n",
      counts, fmt::join(latencies_ns, " ns\", \""));
  const auto seconds = [&](int jobs) {
    const std::string command =
        fmt::format("'{}' run --quiet -j {} '{}' >/dev/null 2>&1", program, jobs, file.string());
    return seconds_of([&] {
      if (std::system(command.c_str()) != 0) std::exit(1);
    });
  };
  const double alone_s = seconds(1);
  const double gain = alone_s / seconds(2);
  std::filesystem::remove(file);
  return gain;
}

}  // namespace bench
