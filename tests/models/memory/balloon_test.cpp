#include <catch2/catch.hpp>
#include <cmath>

#include "models/memory/host_memory.hpp"

using namespace models::memory;

namespace {

constexpr double kGiB = 1024.0 * 1024 * 1024 / kPage_B;  // pages
constexpr double kForever = std::numeric_limits<double>::infinity();

HostMemoryConfig config(double gib) {
  return {.pages = gib * kGiB, .swap_out_per_s = 1e5, .ksm = {}};
}

GuestMemory guest(double gib) {
  GuestMemory g;
  g.image = "a";
  g.memory = gib * kGiB;
  g.profile[Content::zero] = {0.4, kForever, kForever};
  g.profile[Content::image] = {0.1, kForever, 60.0};
  g.profile[Content::cold] = {0.2, 1800.0, 600.0};
  g.profile[Content::hot] = {0.3, 5.0, 1.0};
  return g;
}

void run(HostMemory& host, double seconds) {
  for (double t = 0; t < seconds; t += 0.1) {
    host.step(0.1);
    REQUIRE(host.broken() == "");
  }
}

}  // namespace

TEST_CASE("free pages that a guest reports are the host's after some seconds", "[memory]") {
  HostMemory host{config(8)};
  GuestMemory reporting = guest(4);
  reporting.reported = 0.9;
  const int vm = host.add(reporting);
  host.touched(vm, 4 * kGiB);
  run(host, 0.1);
  CHECK(host.reported(vm) < 0.1 * kGiB);
  run(host, 30);
  CHECK(host.reported(vm) == Approx(0.9 * 1.6 * kGiB).epsilon(0.001));
  CHECK(host.free() == Approx((8 - 4 + 0.9 * 1.6) * kGiB).epsilon(0.001));
}

TEST_CASE("reported pages that the guest uses again come back by faults", "[memory]") {
  HostMemory host{config(8)};
  GuestMemory busy = guest(4);
  busy.reported = 1.0;
  busy.profile[Content::zero].rewrite_s = 100.0;
  const int vm = host.add(busy);
  host.touched(vm, 4 * kGiB);
  run(host, 60);
  // Reported at 1 / 2 s of what is not, used at 1 / 100 s: 50 / 51 of it is reported.
  CHECK(host.reported(vm) == Approx(1.6 * kGiB * 50.0 / 51.0).epsilon(0.01));
  CHECK(host.refaulted(vm) == Approx(host.reported(vm) * 0.1 / 100.0).epsilon(0.01));
}

TEST_CASE("a guest's page cache grows into its free memory, and the balloon takes it back",
          "[memory]") {
  HostMemory host{config(8)};
  GuestMemory growing = guest(4);
  growing.profile.cache_growth = sim::BytesPerSecond{0.1 * kGiB * kPage_B};
  growing.balloon = Balloon::target;
  growing.target = 4 * kGiB;
  const int vm = host.add(growing);
  host.touched(vm, 3 * kGiB);
  run(host, 5);  // half a GiB: the guest's free memory, so the host sees no growth yet
  CHECK(host.present(vm) == Approx(3 * kGiB).epsilon(0.01));
  run(host, 30);
  CHECK(host.present(vm) == Approx(4 * kGiB).epsilon(0.01));

  GuestMemory held = growing;
  held.target = 2 * kGiB;
  HostMemory tight{config(8)};
  const int other = tight.add(held);
  tight.touched(other, 3 * kGiB);
  run(tight, 60);
  CHECK(tight.present(other) == Approx(2 * kGiB).epsilon(0.01));
  CHECK(tight.fault_rate(other) < 1.0 * kGiB / 600.0);  // what it lost is old cache
}

TEST_CASE("deflating on OOM a guest keeps what it has in use", "[memory]") {
  GuestMemory squeezed = guest(4);
  squeezed.balloon = Balloon::target;
  squeezed.target = 0.5 * kGiB;  // it uses 1.2
  HostMemory hard{config(8)};
  const int victim = hard.add(squeezed);
  hard.touched(victim, 4 * kGiB);
  run(hard, 60);
  CHECK(hard.present(victim) == Approx(0.5 * kGiB).epsilon(0.01));
  squeezed.deflate_on_oom = true;
  HostMemory soft{config(8)};
  const int kept = soft.add(squeezed);
  soft.touched(kept, 4 * kGiB);
  run(soft, 60);
  CHECK(soft.present(kept) == Approx(1.2 * kGiB).epsilon(0.01));
  CHECK(soft.fault_rate(kept) < 0.05 * hard.fault_rate(victim));
}

TEST_CASE("pages that are only read take no memory", "[memory]") {
  HostMemory host{config(8)};
  GuestMemory reader = guest(4);
  reader.profile.zero_read = 0.5;
  const int vm = host.add(reader);
  host.touched(vm, 4 * kGiB);
  CHECK(host.present(vm) == Approx((4 - 0.8) * kGiB));
}
