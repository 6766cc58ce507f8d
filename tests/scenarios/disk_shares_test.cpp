#include "scenarios/disk_shares.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "scenarios/read.hpp"

using namespace scenarios;

namespace {

// A guest that reads at random, and idle ones with a disk each beside it.
std::vector<std::string> notes(const std::string& device, const std::string& disk,
                               const std::string& rest, const std::string& io = "") {
  const std::string text =
      "[host]\nuse = \"nehalem-x5570-2s\"\n[[host.disk]]\nname = \"d\"\ndevice = \"" + device +
      "\"\n[vmm]\nuse = \"kvm-5.15\"\n"
      "[[vm]]\nname = \"db\"\nmemory = \"1 GiB\"\n"
      "workload = { use = \"fio\", io = { jobs = 1" +
      io + " } }\n[[vm.disk]]\non = \"d\"\n" + disk +
      "[[vm]]\nname = \"idle\"\nmemory = \"1 GiB\"\nworkload = \"idle\"\n[[vm.disk]]\non = "
      "\"d\"\n" +
      rest;
  std::vector<std::string> all = read_text(text, "a.toml").notes;
  std::erase_if(all, [](const std::string& note) { return !note.starts_with("vm.db's disk"); });
  return all;
}

const std::string kHdd = "hdd-7200-sata-1tb";
const std::string kSweep = "[sweep]\n\"vm.idle.count\" = [0, 1, 15]\n";
const std::string kBaseline = "[report]\nbaseline = { \"vm.idle.count\" = 1 }\n";

}  // namespace

TEST_CASE("a disk that shrinks as guests are added is noted") {
  const auto all = notes(kHdd, "", kSweep);
  REQUIRE(all.size() == 1);
  CHECK(all.front().starts_with("vm.db's disk on d is its share of it, the whole to 1/16 over"));
  CHECK(all.front().find("(vm.db.disk.size)") != std::string::npos);
}

TEST_CASE("alone on the host as the baseline a guest has a larger disk, too") {
  const auto all = notes(kHdd, "", "");
  REQUIRE(all.size() == 1);
  CHECK(all.front().find("the whole to 1/2 over") != std::string::npos);
  CHECK(notes(kHdd, "",
              "[sweep]\n\"vm.db.vcpus\" = [1, 2]\n[report]\nbaseline = { "
              "\"vm.db.vcpus\" = 1 }\n")
            .empty());
  CHECK(notes(kHdd, "", kSweep + kBaseline).front().find("the whole to 1/16") != std::string::npos);
}

TEST_CASE("disks of a size, parts of them that a guest chose, and those without heads are none") {
  CHECK(notes(kHdd, "size = \"20 GiB\"\n", kSweep).empty());
  CHECK(notes(kHdd, "", kSweep, ", span = \"8 GiB\"").empty());
  CHECK(notes("ssd-sata", "", kSweep).empty());
}

TEST_CASE("guests take turns of several disks, and an array of disks rotates as they do") {
  const std::string four =
      "\ncount = 4\n[[host.array]]\nname = \"md0\"\nlevel = \"raid10\"\n"
      "disks = [\"e\"]\n[[host.disk]]\nname = \"e\"\ncount = 4\n"
      "device = \"hdd-7200-sata-1tb";
  // Four disks have at most 16 / 4 each.
  CHECK(notes(kHdd + "\"" + four, "", kSweep).front().find("the whole to 1/4 over") !=
        std::string::npos);
  const std::string text =
      "[host]\nuse = \"nehalem-x5570-2s\"\n[[host.disk]]\nname = \"e\"\ncount = 4\n"
      "device = \"hdd-7200-sata-1tb\"\n[[host.array]]\nname = \"md0\"\nlevel = \"raid10\"\n"
      "disks = [\"e\"]\n[vmm]\nuse = \"kvm-5.15\"\n[[vm]]\nname = \"db\"\ncount = 8\n"
      "memory = \"256 MiB\"\nworkload = { use = \"fio\", io = { jobs = 1 } }\n[[vm.disk]]\n"
      "on = \"md0\"\n";
  const auto all = read_text(text, "a.toml").notes;
  CHECK(std::any_of(all.begin(), all.end(), [](const std::string& note) {
    return note.starts_with("vm.db's disk on md0 is its share of it, the whole to 1/8");
  }));
}
