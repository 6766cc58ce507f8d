// P7: process start to answer of the smallest scenario.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/bench/bench.hpp"

namespace bench {

double start_up_s(const std::string& program) {
  const auto file = std::filesystem::temp_directory_path() / "tenancy-bench-smallest.toml";
  std::ofstream{file} << "[study]\ntitle = \"smallest\"\nduration = \"10 ms\"\nwarmup = \"0 s\"\n"
                         "replications = 1\n[host]\nuse = \"xeon-e5345-2s\"\n[[vm]]\nname = \"a\"\n"
                         "memory = \"1 GiB\"\npin = \"core\"\nworkload = \"superpi\"\n";
  const std::string command =
      "'" + program + "' run --quiet '" + file.string() + "' >/dev/null 2>&1";
  std::vector<double> times;
  for (int round = 0; round < 21; ++round) {
    times.push_back(seconds_of([&] {
      if (std::system(command.c_str()) != 0) std::exit(1);
    }));
  }
  std::filesystem::remove(file);
  return median(times);
}

}  // namespace bench
