#include <fmt/format.h>

#include <filesystem>
#include <string_view>

#include "tests/bench/bench.hpp"

constexpr std::string_view kUsage =
    "Measures Tenancy's figures of merit, ratios taken in one run (README, \"How fast\").\n"
    "Usage: tools/bench [--json]\n";

// tenancy_bench --program=PATH [--json]
int main(int argc, char** argv) {
  bool json = false;
  std::string program = "./tenancy";
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--json") {
      json = true;
    } else if (argument.starts_with("--program=")) {
      program = argument.substr(10);
    } else if (argument == "--help" || argument == "-h") {
      fmt::print("{}", kUsage);
      return 0;
    } else {
      fmt::print(stderr, "bench: unknown argument {}\n{}", argument, kUsage);
      return 2;
    }
  }
  if (!std::filesystem::exists(program)) {
    fmt::print(stderr, "bench: no program {}; say --program=PATH, or run tools/bench\n", program);
    return 2;
  }
  const double p3 = bench::full_host_speed();
  const double p3_without_disks = bench::host_without_disks_speed();
  const double p6 = bench::peak_resident_MiB();  // before others take more
  double p1 = 1e9;
  for (const std::uint32_t timers : {64U, 1024U, 100'000U}) {
    const double ratio = bench::hold_model_ratio(timers);
    p1 = std::min(p1, ratio);
    if (!json) fmt::print("P1  {:>7} timers  {:.2f} x the bare hold model\n", timers, ratio);
  }
  const double ours = bench::our_slices_per_s();
  const double theirs = bench::simgrid_slices_per_s();
  const double p2 = ours / theirs;
  const double p4 = bench::growth();
  const double p5 = bench::sweep_gain(program);
  const double p7 = bench::start_up_s(program);
  if (json) {
    fmt::print(
        "{{\"P1\": {:.3f}, \"P2\": {:.2f}, \"P3\": {:.0f}, \"P3_without_disks\": {:.0f}, \"P4\": "
        "{:.2f}, \"P5\": {:.2f}, \"P6\": {:.1f}, "
        "\"P7\": {:.4f}}}\n",
        p1, p2, p3, p3_without_disks, p4, p5, p6, p7);
    return 0;
  }
  fmt::print("P2  {:.0f} slices/s, SimGrid {:.0f}: {:.1f} x\n", ours, theirs, p2);
  fmt::print("P3  {:.0f} x real time, 64 guests of two vCPUs; {:.0f} x without their disks\n", p3,
             p3_without_disks);
  fmt::print("P4  {:.2f} x the cost of a guest's second at 16 guests\n", p4);
  fmt::print("P5  {:.2f} x the speed of one thread, a sweep by two\n", p5);
  fmt::print("P6  {:.1f} MiB resident\n", p6);
  fmt::print("P7  {:.1f} ms from process start to answer\n", p7 * 1e3);
}
