#include "scenarios/array_keys.hpp"

#include "scenarios/fields.hpp"

namespace scenarios {
namespace {

namespace raid = models::storage::raid;
namespace volume = models::storage::volume;

const Section<raid::Costs>& cost_keys() {
  using T = raid::Costs;
  static const Section<T> section{
      quantity("request", Unit::time, &T::request, "CPU time of submitting a request"),
      quantity("flush", Unit::time, &T::flush, "CPU time of a flush, whatever the members"),
      quantity("member_flush", Unit::time, &T::member_flush, "CPU time of a flush, each member"),
      quantity("read_lock", Unit::time, &T::read_lock,
               "of RAID 5/6: what each read holds the array's lock for, to Linux 5.13"),
      quantity("stripe_pass", Unit::time, &T::stripe_pass,
               "CPU time of handling a 4 KiB row of RAID 5/6 once; a small write takes three"),
      quantity("xor_rate", Unit::rate, &T::xor_rate, "parity, bytes read by it", Zero::refused),
      quantity("syndrome_rate", Unit::rate, &T::syndrome_rate, "RAID 6's Q, bytes read by it",
               Zero::refused),
  };
  return section;
}

const Section<raid::BitmapTunables>& bitmap_keys() {
  using T = raid::BitmapTunables;
  static const Section<T> section{
      truth("present", &T::present, "write-intent bitmap: regions are marked before writes"),
      quantity("chunk", Unit::size, &T::chunk, "what one bit stands for", Zero::refused),
      quantity("sleep", Unit::time, &T::sleep, "between rounds that clear marks", Zero::refused),
  };
  return section;
}

const Section<raid::RebuildTunables>& rebuild_keys() {
  using T = raid::RebuildTunables;
  static const Section<T> section{
      quantity("speed_min", Unit::rate, &T::speed_min,
               "speed_limit_min: a rebuild makes way for others only above it"),
      quantity("speed_max", Unit::rate, &T::speed_max, "speed_limit_max", Zero::refused),
      quantity("granule", Unit::size, &T::granule, "of a member, rebuilt in one step",
               Zero::refused),
      whole("window", &T::window, 1, 1024, "steps under way at once"),
  };
  return section;
}

const Section<raid::Hardware>& hardware_keys() {
  using T = raid::Hardware;
  static const Section<T> section{
      truth("present", &T::present, "a RAID controller instead of md"),
      truth("battery", &T::battery, "its cache completes writes; false: write-through"),
      quantity("cache", Unit::size, &T::cache, "of the controller"),
      quantity("command", Unit::time, &T::command, "its processor's time for a request"),
      quantity("parity_rate", Unit::rate, &T::parity_rate, "of its XOR engine, bytes read by it",
               Zero::refused),
      quantity("dirty_age", Unit::time, &T::dirty_age, "after which dirty data goes to the disks"),
      real("dirty_share", &T::dirty_share, 0.0, 1.0,
           "of the cache: above it dirty data goes to the disks at once"),
      whole("drains", &T::drains, 1, 4096, "stripes on their way to the disks at once"),
  };
  return section;
}

Field<raid::Description> failed_key() {
  using T = raid::Description;
  return {"failed",
          "array of whole numbers",
          "members that are missing from the start, from 0",
          [](T& array, const Node& node, const std::string& path, Problems& problems) {
            if (node.array() == nullptr)
              return expect(problems, node, path, "an array such as [0]");
            array.failed.clear();
            for (const Node& element : *node.array()) {
              const auto* value = std::get_if<std::int64_t>(&element.value);
              if (value == nullptr || *value < 0 || *value > 1'000'000) {
                expect(problems, element, path, "whole numbers from 0");
              } else {
                array.failed.push_back(static_cast<int>(*value));
              }
            }
          },
          [](const T& array) { return Json(array.failed); },
          {}};
}

}  // namespace

const Section<raid::Description>& array_keys() {
  using T = raid::Description;
  static const std::vector<Word<raid::Level>> levels{
      {"linear", raid::Level::linear}, {"raid0", raid::Level::raid0},
      {"raid1", raid::Level::raid1},   {"raid5", raid::Level::raid5},
      {"raid6", raid::Level::raid6},   {"raid10", raid::Level::raid10}};
  static const std::vector<Word<raid::Layout>> layouts{
      {"near", raid::Layout::near}, {"far", raid::Layout::far}, {"offset", raid::Layout::offset}};
  static const Section<T> section{
      choice("level", &T::level, levels, "how data is spread and kept twice"),
      choice("layout", &T::layout, layouts, "of RAID 10: where the copies lie"),
      whole("copies", &T::copies, 2, 16, "of RAID 10; RAID 1 keeps one on each disk"),
      quantity("chunk", Unit::size, &T::chunk, "on one disk before the next", Zero::refused),
      truth("rotational", &T::rotational, "disks have heads: reads prefer the nearest"),
      whole("stripe_cache", &T::stripe_cache, 17, 32768,
            "stripe_cache_size: rows of 4 KiB per disk that RAID 5/6 keeps"),
      whole("rmw_level", &T::rmw_level, 0, 2,
            "0: never read-modify-write, 1: when cheaper, 2: also when as cheap"),
      truth("xor_syndrome", &T::xor_syndrome, "the CPU can update Q; false: RAID 6 reconstructs"),
      truth("delays_direct", &T::delays_direct,
            "direct writes wait for others that fill their rows (Linux 3.6 to 4.9)"),
      whole("group_threads", &T::group_threads, 0, 1024,
            "group_thread_cnt: threads that handle RAID 5/6 rows; 0: raid5d alone"),
      table("costs", &T::costs, &cost_keys, "what md costs the host's CPUs"),
      table("bitmap", &T::bitmap, &bitmap_keys, "write-intent bitmap"),
      table("rebuild", &T::rebuild, &rebuild_keys, "resync and rebuild"),
      truth("synced", &T::synced, "false: the array was just created and is resynced"),
      truth("unclean", &T::unclean,
            "after a crash: a resync, which on RAID 5/6 writes no parity that is in step"),
      whole("spares", &T::spares, 0, 1024, "how many of the disks, the last, wait for a failure"),
      failed_key(),
      table("hardware", &T::hardware, &hardware_keys, "RAID controller"),
  };
  return section;
}

const Section<volume::Description>& volume_keys() {
  using T = volume::Description;
  static const std::vector<Word<volume::Kind>> kinds{{"linear", volume::Kind::linear},
                                                     {"striped", volume::Kind::striped}};
  static const Section<T> section{
      choice("kind", &T::kind, kinds, "parts one after the other, or striped over all"),
      quantity("size", Unit::size, &T::size, "of the volume; 0 B: all that its parts hold"),
      quantity("stripe", Unit::size, &T::stripe, "on one part before the next", Zero::refused),
      quantity("remap", Unit::time, &T::remap, "the device mapper's time for a request"),
  };
  return section;
}

}  // namespace scenarios
