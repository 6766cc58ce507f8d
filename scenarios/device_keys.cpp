#include "scenarios/device_keys.hpp"

#include "scenarios/expand.hpp"
#include "scenarios/fields.hpp"
#include "scenarios/uncertain.hpp"

namespace scenarios {
namespace {

namespace device = models::storage::device;

const Section<device::PlatterConfig>& platter_keys() {
  using T = device::PlatterConfig;
  static const Section<T> section{
      whole("rpm", &T::rpm, 1, 100'000, "turns a minute"),
      quantity("track_to_track", Unit::time, &T::track_to_track, "shortest seek, with settling"),
      quantity("average_seek", Unit::time, &T::average_seek, "over a third of the stroke"),
      quantity("full_stroke", Unit::time, &T::full_stroke, "from edge to edge"),
      quantity("outer_rate", Unit::rate, &T::outer_rate, "sustained, first bytes", Zero::refused),
      quantity("inner_rate", Unit::rate, &T::inner_rate, "sustained, last bytes", Zero::refused),
      whole("zones", &T::zones, 1, 1024, "of equally many tracks"),
  };
  return section;
}

const Section<device::HddConfig>& hdd_keys() {
  using T = device::HddConfig;
  static const Section<T> section{
      table("platter", &T::platter, &platter_keys, "geometry and arm"),
      quantity("write_settle", Unit::time, &T::write_settle,
               "a seek before a write takes so much longer"),
      quantity("command_overhead", Unit::time, &T::command_overhead,
               "of the controller for each command"),
      quantity("interface_rate", Unit::rate, &T::interface_rate, "SATA or SAS, after protocol",
               Zero::refused),
      whole("ncq_depth", &T::ncq_depth, 1, 1024, "commands the arm chooses among"),
      quantity("age_limit", Unit::time, &T::age_limit,
               "a command that waits so much longer goes before a nearer one", Zero::refused),
      quantity("segment", Unit::size, &T::segment, "read ahead beyond what was asked"),
      whole("segments", &T::segments, 1, 1024, "streams whose data the buffer keeps"),
      truth("write_cache", &T::write_cache, "writes are done once in the volatile cache"),
      quantity("cache", Unit::size, &T::cache, "of the buffer, for writes"),
      whole("cached_writes", &T::cached_writes, 1, 65536,
            "writes in the cache that the arm chooses among"),
  };
  return section;
}

const Section<device::FlashConfig>& flash_keys() {
  using T = device::FlashConfig;
  static const Section<T> section{
      whole("channels", &T::channels, 1, 128, "that transfer side by side"),
      whole("dies_per_channel", &T::dies_per_channel, 1, 64, "that read or program side by side"),
      quantity("page", Unit::size, &T::page, "what a die reads or programs at once, all planes",
               Zero::refused),
      quantity("stripe", Unit::size, &T::stripe, "consecutive addresses on one die, whole pages",
               Zero::refused),
      quantity("read_page", Unit::time, &T::read_page, "array to register, at least"),
      quantity("read_spread", Unit::time, &T::read_spread,
               "mean of the exponential part of a page's read time"),
      quantity("program_page", Unit::time, &T::program_page, "register to array"),
      quantity("erase", Unit::time, &T::erase, "of a block"),
      whole("pages_per_block", &T::pages_per_block, 1, 65536, "erased together"),
      quantity("suspend", Unit::time, &T::suspend, "added to a read that suspends a program"),
      quantity("channel_rate", Unit::rate, &T::channel_rate, "of one channel", Zero::refused),
      quantity("interface_rate", Unit::rate, &T::interface_rate,
               "of the controller to the host, after protocol", Zero::refused),
      truth("full_duplex", &T::full_duplex, "reads and writes cross the interface at once"),
      quantity("read_latency", Unit::time, &T::read_latency, "of the controller, overlapping"),
      quantity("write_latency", Unit::time, &T::write_latency, "of the controller, overlapping"),
      quantity("read_interval", Unit::time, &T::read_interval,
               "of the controller for each read, one after another"),
      quantity("write_interval", Unit::time, &T::write_interval,
               "of the controller for each write, one after another"),
      quantity("read_ahead", Unit::size, &T::read_ahead,
               "of each stream of sequential reads, before it is asked for; 0: nothing"),
      whole("queue_depth", &T::queue_depth, 1, 1'048'576, "commands at once"),
      quantity("write_buffer", Unit::size, &T::write_buffer, "where writes are done",
               Zero::refused),
      truth("power_loss_protected", &T::power_loss_protected,
            "the buffer survives: flushes do not wait for it"),
      quantity("flush", Unit::time, &T::flush, "what a flush takes besides"),
      real("over_provisioning", &T::over_provisioning, 0.01, 10.0,
           "flash beyond the capacity, over the capacity"),
      real("preconditioned", &T::preconditioned, 0.0, 1.0,
           "share of the capacity that holds data at the start"),
  };
  return section;
}

const Section<device::LunConfig>& lun_keys() {
  using T = device::LunConfig;
  static const std::vector<Word<device::Multipath>> multipaths{
      {"failover", device::Multipath::failover}, {"round-robin", device::Multipath::round_robin}};
  static const Section<T> section{
      whole("links", &T::links, 1, 64, "from the host to the array"),
      choice("multipath", &T::multipath, multipaths, "one link at work, or all in turn"),
      quantity("link_read_rate", Unit::rate, &T::link_read_rate, "of a link, payload",
               Zero::refused),
      quantity("link_write_rate", Unit::rate, &T::link_write_rate, "of a link, payload",
               Zero::refused),
      quantity("max_transfer", Unit::size, &T::max_transfer, "of one command", Zero::refused),
      quantity("path_latency", Unit::time, &T::path_latency, "HBA, switch and ports, both ways"),
      quantity("read_latency", Unit::time, &T::read_latency, "of the array"),
      quantity("write_latency", Unit::time, &T::write_latency, "of the array"),
      quantity("staging_rate", Unit::rate, &T::staging_rate,
               "of one command's data within the array", Zero::refused),
      whole("queue_depth", &T::queue_depth, 1, 65536, "commands outstanding at the HBA"),
      whole("parallel", &T::parallel, 1, 65536, "commands at work in the array"),
  };
  return section;
}

const Section<device::MemoryDiskConfig>& memory_keys() {
  using T = device::MemoryDiskConfig;
  static const Section<T> section{
      quantity("service", Unit::time, &T::service, "of each request"),
      quantity("copy_rate", Unit::rate, &T::copy_rate, "of its data", Zero::refused),
      whole("parallel", &T::parallel, 1, 65536, "requests served at once"),
  };
  return section;
}

const std::vector<Word<device::Kind>>& kinds() {
  static const std::vector<Word<device::Kind>> words{{"hdd", device::Kind::hdd},
                                                     {"flash", device::Kind::flash},
                                                     {"lun", device::Kind::lun},
                                                     {"memory", device::Kind::memory}};
  return words;
}

}  // namespace

const Section<device::Description>& device_keys() {
  using T = device::Description;
  static const Section<T> section{
      text("name", &T::name, "what the device is called in reports"),
      text("source", &T::source, "where the figures come from"),
      choice("kind", &T::kind, kinds(), "which of the tables below counts"),
      quantity("capacity", Unit::size, &T::capacity, "of the device", Zero::refused),
      table("hdd", &T::hdd, &hdd_keys, "a hard disk"),
      table("flash", &T::flash, &flash_keys, "a solid-state disk, SATA or NVMe"),
      table("lun", &T::lun, &lun_keys, "a unit of an array behind Fibre Channel"),
      table("memory", &T::memory, &memory_keys, "a disk of memory"),
  };
  return section;
}

device::Description device_preset(std::string_view name) {
  Problems problems;
  Node node = parse_toml(fmt::format("use = \"{}\"\n", name), std::string{name});
  expand(node, "device", problems);
  device::Description description;
  std::vector<UncertainParameter> unsure;
  take_uncertain(node, "device", {}, unsure, problems);
  if (problems.empty()) read_table(device_keys(), description, node, "device", problems);
  problems.raise();
  return description;
}

}  // namespace scenarios
