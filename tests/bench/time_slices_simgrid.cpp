// P2, SimGrid's side: an actor per CPU, each slice a parallel_execute of flops on the CPU and bytes
// through the controller that 32 CPUs share, under the L07 model.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include <simgrid/s4u.hpp>

#include "tests/bench/bench.hpp"

namespace bench {
namespace {

namespace s4u = simgrid::s4u;

constexpr int kCpus = 64;
constexpr int kSlices = 20;  // per CPU
constexpr double kFlops = 2.0e9 * 3e-3;
constexpr double kBytes = 2.0e9 * 3e-3;  // 2 GB/s for 3 ms: 64 GB/s of the controller's 164

void simulate() {
  int argc = 3;
  char name[] = "bench", model[] = "--cfg=host/model:ptask_L07",
       quiet[] = "--log=root.thres:critical";
  char* argv[] = {name, model, quiet, nullptr};
  s4u::Engine engine(&argc, argv);
  auto* zone = s4u::create_full_zone("host");
  std::vector<s4u::Host*> cpus, memories;
  for (int node = 0; node < 2; ++node) {
    memories.push_back(zone->create_host("memory" + std::to_string(node), 1e12));
    auto* controller = zone->create_link("controller" + std::to_string(node), 164e9);
    for (int i = 0; i < kCpus / 2; ++i) {
      cpus.push_back(zone->create_host("cpu" + std::to_string(node * kCpus / 2 + i), 2.0e9));
      zone->add_route(cpus.back()->get_netpoint(), memories.back()->get_netpoint(), nullptr,
                      nullptr, {s4u::LinkInRoute(controller)}, true);
    }
  }
  zone->seal();
  for (int cpu = 0; cpu < kCpus; ++cpu) {
    s4u::Actor::create("cpu", cpus[cpu], [cpu, &cpus, &memories] {
      for (int slice = 0; slice < kSlices; ++slice) {
        // Slices of neighbours end apart, as those of real CPUs do.
        const double part = 1.0 + 0.01 * ((cpu * 7 + slice * 13) % 10);
        s4u::this_actor::parallel_execute({cpus[cpu], memories[cpu / (kCpus / 2)]},
                                          {kFlops * part, 0}, {0, kBytes * part, 0, 0});
      }
    });
  }
  engine.run();
}

// SimGrid's engine is one per process, so each measurement has a process of its own.
double measure() {
  int channel[2];
  if (pipe(channel) != 0) return 0;
  std::fflush(nullptr);  // or the child's buffers print again
  const pid_t child = fork();
  if (child == 0) {
    const double s = seconds_of([] { simulate(); });
    const double rate = kCpus * kSlices / s;
    const bool written = write(channel[1], &rate, sizeof rate) == sizeof rate;
    _exit(written ? 0 : 1);
  }
  double rate = 0;
  if (read(channel[0], &rate, sizeof rate) != sizeof rate) rate = 0;
  close(channel[0]);
  close(channel[1]);
  waitpid(child, nullptr, 0);
  return rate;
}

}  // namespace

double simgrid_slices_per_s() {
  std::vector<double> rates;
  for (int round = 0; round < 3; ++round) rates.push_back(measure());
  return median(rates);
}

}  // namespace bench
