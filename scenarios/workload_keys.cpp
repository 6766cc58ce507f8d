#include "scenarios/workload_keys.hpp"

#include <limits>

#include "scenarios/boot_keys.hpp"
#include "scenarios/exit_keys.hpp"
#include "scenarios/fields.hpp"
#include "scenarios/io_keys.hpp"
#include "scenarios/network_keys.hpp"
#include "scenarios/shadow_keys.hpp"

namespace scenarios {
namespace {

namespace workload = models::workload;
namespace compute = models::compute;

constexpr double kPicosecondsPerSecond = 1e12;  // base unit of times in scenarios
constexpr double kNever = std::numeric_limits<double>::infinity();  // of pages: written as 0 s

Field<compute::Profile> miss_curve_key() {
  using T = compute::Profile;
  return {
      "miss_curve",
      "array of [size, ratio]",
      "misses per LLC access by LLC space held",
      [](T& profile, const Node& node, const std::string& path, Problems& problems) {
        const char* need = "points such as [[\"256 KiB\", 0.9], [\"8 MiB\", 0.2]]";
        if (node.array() == nullptr) return expect(problems, node, path, need);
        std::vector<compute::MissPoint> points;
        for (const Node& element : *node.array()) {
          if (element.array() == nullptr || element.array()->size() != 2) {
            return expect(problems, element, path, need);
          }
          compute::MissPoint point;
          const auto space = read_quantity(Unit::size, (*element.array())[0], path, problems, true);
          if (!space || !read_real(point.miss_ratio, (*element.array())[1], path, problems, 0, 1)) {
            return;
          }
          point.space = from_base<sim::Bytes>(*space);
          points.push_back(point);
        }
        try {
          profile.miss_curve = compute::MissCurve{std::move(points)};
        } catch (const sim::ConfigError& error) {
          problems.add(node.at, fmt::format("{}: {}", path, error.what()));
        }
      },
      [](const T& profile) {
        Json list = Json::array();
        for (const compute::MissPoint& point : profile.miss_curve.points()) {
          list.push_back({format_quantity(Unit::size, to_base(point.space)), point.miss_ratio});
        }
        return list;
      },
      {}};
}

const Section<compute::Profile>& profile_keys() {
  using T = compute::Profile;
  static const std::vector<Word<compute::Overlap>> overlaps{
      {"workload", compute::Overlap::workload},
      {"fill-buffers", compute::Overlap::fill_buffers},
      {"streamer", compute::Overlap::streamer}};
  static const std::vector<Word<compute::Order>> orders{{"random", compute::Order::random},
                                                        {"cyclic", compute::Order::cyclic}};
  static const std::vector<Word<compute::Slices>> slices{{"all", compute::Slices::all},
                                                         {"nearest", compute::Slices::nearest},
                                                         {"farthest", compute::Slices::farthest}};
  static const Section<T> section{
      real("base_cpi", &T::base_cpi, 0.05, 1000, "cycles per instruction with all hits up to L2"),
      real("llc_accesses_per_kilo_instruction", &T::llc_accesses_per_kilo_instruction, 0, 1000,
           "misses of L2 per 1000 instructions"),
      miss_curve_key(),
      real("dirty_lines_per_kilo_instruction", &T::dirty_lines_per_kilo_instruction, 0, 1000,
           "loads whose line another vCPU has modified"),
      real("footprint_loads_per_kilo_instruction", &T::footprint_loads_per_kilo_instruction, 0,
           1000, "loads all over the footprint, served by L1, L2 and LLC as they have room"),
      choice("footprint_order", &T::footprint_order, orders, "of these loads"),
      choice("llc_slices", &T::llc_slices, slices, "slices of the LLC that its lines lie in"),
      real("contended_lines_per_kilo_instruction", &T::contended_lines_per_kilo_instruction, 0,
           1000, "writes to lines that all vCPUs of the guest write: locks' words, counters"),
      real("memory_level_parallelism", &T::memory_level_parallelism, 1, 65536,
           "misses overlapped while it has a core alone"),
      choice("overlap", &T::overlap, overlaps,
             "what bounds misses under way: memory_level_parallelism, or host.line_buffers"),
      real("write_back_fraction", &T::write_back_fraction, 0, 1, "lines written per line read"),
      quantity("footprint", Unit::size, &T::footprint, "hot working set"),
      real("smt_yield", &T::smt_yield, 1, 2,
           "two of it on one core over one in base_cpi's cycles alone; waits for caches and memory "
           "come beside that"),
  };
  return section;
}

Field<models::translation::PageReferences> reach_curve_key() {
  using T = models::translation::PageReferences;
  return {
      "miss_curve",
      "array of [size, ratio]",
      "TLB misses per scattered reference by reach; none: 1 - reach / span",
      [](T& pages, const Node& node, const std::string& path, Problems& problems) {
        const char* need =
            "points of rising reach and falling ratio such as [[\"256 KiB\", 0.3], [\"4 MiB\", "
            "0.02]]";
        if (node.array() == nullptr) return expect(problems, node, path, need);
        std::vector<models::translation::ReachPoint> points;
        for (const Node& element : *node.array()) {
          if (element.array() == nullptr || element.array()->size() != 2) {
            return expect(problems, element, path, need);
          }
          models::translation::ReachPoint point;
          const auto reach = read_quantity(Unit::size, (*element.array())[0], path, problems, true);
          if (!reach || !read_real(point.miss_ratio, (*element.array())[1], path, problems, 0, 1)) {
            return;
          }
          point.reach = from_base<sim::Bytes>(*reach);
          if (!points.empty() &&
              (point.reach <= points.back().reach || point.miss_ratio > points.back().miss_ratio)) {
            return expect(problems, element, path, need);
          }
          points.push_back(point);
        }
        pages.miss_curve = std::move(points);
      },
      [](const T& pages) {
        Json list = Json::array();
        for (const models::translation::ReachPoint& point : pages.miss_curve) {
          list.push_back({format_quantity(Unit::size, to_base(point.reach)), point.miss_ratio});
        }
        return list;
      },
      {}};
}

template <models::memory::Content content>
Field<models::memory::ContentProfile> share_key(std::string_view name, std::string_view meaning) {
  using T = models::memory::ContentProfile;
  return {name,
          "number 0 to 1",
          meaning,
          [](T& profile, const Node& node, const std::string& path, Problems& problems) {
            read_real(profile[content].share, node, path, problems, 0, 1);
          },
          [](const T& profile) { return Json(profile[content].share); },
          {}};
}

template <models::memory::Content content>
Field<models::memory::ContentProfile> time_key(std::string_view name,
                                               double models::memory::ContentClass::*member,
                                               std::string_view meaning) {
  using T = models::memory::ContentProfile;
  return {name,
          unit_names(Unit::time),
          meaning,
          [=](T& profile, const Node& node, const std::string& path, Problems& problems) {
            const bool may_be_never = member == &models::memory::ContentClass::life_s;
            const auto value = read_quantity(Unit::time, node, path, problems, may_be_never);
            if (value)
              profile[content].*member = *value > 0 ? *value / kPicosecondsPerSecond : kNever;
          },
          [=](const T& profile) {
            const double time_s = profile[content].*member;
            return Json(format_quantity(Unit::time,
                                        time_s < kNever ? time_s * kPicosecondsPerSecond : 0.0));
          },
          {}};
}

const Section<models::memory::ContentProfile>& content_keys() {
  using models::memory::Content;
  using models::memory::ContentClass;
  static const Section<models::memory::ContentProfile> section{
      share_key<Content::zero>("zero", "share of resident memory that is free or all zeros"),
      share_key<Content::image>("image", "share that is the same in all VMs of the image"),
      share_key<Content::cold>("cold", "share that is its own and hardly used; the rest is hot"),
      time_key<Content::zero>("zero_rewrite", &ContentClass::rewrite_s,
                              "mean time between writes to such a page"),
      time_key<Content::image>("image_rewrite", &ContentClass::rewrite_s, "between writes"),
      time_key<Content::image>("image_reuse", &ContentClass::reuse_s, "between uses"),
      time_key<Content::cold>("cold_rewrite", &ContentClass::rewrite_s, "between writes"),
      time_key<Content::cold>("cold_reuse", &ContentClass::reuse_s, "between uses"),
      time_key<Content::hot>("hot_rewrite", &ContentClass::rewrite_s, "between writes"),
      time_key<Content::hot>("hot_reuse", &ContentClass::reuse_s, "between uses"),
      time_key<Content::zero>("zero_life", &ContentClass::life_s,
                              "until such a page is freed and another takes its place; 0 s: never"),
      time_key<Content::image>("image_life", &ContentClass::life_s, "likewise"),
      time_key<Content::cold>("cold_life", &ContentClass::life_s, "likewise"),
      time_key<Content::hot>("hot_life", &ContentClass::life_s, "likewise"),
      real("zero_read", &models::memory::ContentProfile::zero_read, 0, 1,
           "share of the zero pages that is only ever read: they take no memory"),
      quantity("cache_growth", Unit::rate, &models::memory::ContentProfile::cache_growth,
               "of the guest's page cache, into its free memory"),
  };
  return section;
}

const Section<models::guest::SyncProfile>& sync_keys() {
  using T = models::guest::SyncProfile;
  static const Section<T> section{
      quantity("lock_every", Unit::instructions, &T::lock_every,
               "mean between two uses of the kernel's lock by a vCPU; 0 instr: none"),
      quantity("lock_hold", Unit::instructions, &T::lock_hold, "mean that it is held"),
      whole("lock_lines", &T::lock_lines, 0, 64,
            "cache lines that come with it from the core that held it before"),
      truth("lock_masks_interrupts", &T::lock_masks_interrupts,
            "who waits for it or holds it has interrupts off, and flushes wait for it"),
      quantity("flush_every", Unit::instructions, &T::flush_every,
               "mean between two TLB flushes of all vCPUs; 0 instr: none"),
      real("kernel_share", &T::kernel_share, 0, 1, "of its work that is done in the kernel"),
      truth("barrier", &T::barrier, "after a burst a vCPU spins until all have done theirs"),
  };
  return section;
}

const Section<models::memory::WriteProfile>& write_keys() {
  using T = models::memory::WriteProfile;
  using Order = models::memory::WriteOrder;
  static const std::vector<Word<Order>> orders{{"scattered", Order::scattered},
                                               {"sequential", Order::sequential}};
  static const Section<T> section{
      real("pages_per_kilo_instruction", &T::pages_per_kilo_instruction, 0, 1000,
           "visits of another page than the last; 0: pages are written as content says"),
      real("share", &T::share, 0, 1, "of the visits that write"),
      quantity("span", Unit::size, &T::span, "of a VM's memory that they fall in; 0 B: all of it"),
      choice("order", &T::order, orders, "of the visits"),
  };
  return section;
}

const Section<models::translation::PageReferences>& page_reference_keys() {
  using T = models::translation::PageReferences;
  static const Section<T> section{
      real("scattered_per_kilo_instruction", &T::scattered_per_kilo_instruction, 0, 1000,
           "references to another page than the one just used, anywhere"),
      reach_curve_key(),
      real("sequential_bytes_per_kilo_instruction", &T::sequential_B_per_kilo_instruction, 0, 1e6,
           "bytes streamed through in order"),
      quantity("span", Unit::size, &T::span,
               "memory that the references fall in; 0 B: the profile's footprint"),
      real("large_page_share", &T::large_page_share, 0, 1,
           "share of its memory that the guest can map with large pages at all"),
  };
  return section;
}

}  // namespace

const Section<workload::Description>& workload_keys() {
  using T = workload::Description;
  static const std::vector<Word<workload::Distribution>> distributions{
      {"fixed", workload::Distribution::fixed},
      {"exponential", workload::Distribution::exponential}};
  static const std::vector<Word<workload::WakeSource>> sources{
      {"timer", workload::WakeSource::timer},
      {"device", workload::WakeSource::device},
      {"deadline", workload::WakeSource::deadline}};
  static const Section<T> section{
      text("name", &T::name, "what the workload is called in reports"),
      text("source", &T::source, "where the figures come from"),
      text("metric", &T::metric, "what the real tool prints"),
      table("profile", &T::profile, &profile_keys, "compute profile"),
      table("pages", &T::pages, &page_reference_keys,
            "how it uses pages; without it translation costs nothing"),
      table("content", &T::content, &content_keys,
            "what its memory holds, for merging, ballooning and swapping"),
      table("writes", &T::writes, &write_keys, "which pages it writes, for the dirty log"),
      table("sync", &T::sync, &sync_keys, "how its vCPUs wait for each other"),
      table("address_spaces", &T::address_spaces, &address_space_keys,
            "how its kernel goes from process to process"),
      table("exits", &T::exits, &exit_profile_keys,
            "VM exits that its instructions take in a guest"),
      quantity("unit", Unit::instructions, &T::unit, "instructions of one unit of work",
               Zero::refused),
      quantity("burst", Unit::instructions, &T::burst, "mean between two waits; 0: never waits"),
      choice("burst_distribution", &T::burst_distribution, distributions, "of bursts"),
      quantity("arrivals", Unit::frequency, &T::arrivals,
               "of bursts that are asked for at one VM from outside, whether or not it keeps up "
               "(block is not used); 0 Hz: each vCPU begins its next by itself"),
      choice("arrival_distribution", &T::arrival_distribution, distributions,
             "of the times between them"),
      quantity("block", Unit::time, &T::block, "mean time waited after a burst"),
      choice("block_distribution", &T::block_distribution, distributions, "of waits"),
      choice("wake", &T::wake, sources,
             "what ends a wait; deadline: its own timer, for which it loops"),
      quantity("emulation", Unit::time, &T::emulation,
               "host CPU time of the emulator thread per wait"),
      whole("tasks", &T::tasks, 1, 1000,
            "that a vCPU has to run: the others go on while one waits for a page on swap"),
      real("numa_locality", &T::numa_locality, 0, 1,
           "of its accesses, to memory of the node its thread runs on, in a guest that sees "
           "several"),
      truth("idle", &T::idle,
            "I/O or nothing is its work: `burst` and `block`, if both are given, are what it does "
            "of itself"),
      table("boot", &T::boot, &boot_profile_keys,
            "how its guest comes up; without it, it is up from the start"),
      table("io", &T::io, &io_keys, "what jobs ask of the VM's disk"),
      tables(
          "test", &T::tests, &io_test_keys,
          "what jobs ask of the VM's disk once, test after test, from when measuring begins; what "
          "one does not say of its jobs, io says"),
      table("net", &T::net, &net_profile_keys, "what it does on the network"),
      quantity("resident", Unit::size, &T::resident, "memory ever touched; 0: all of the VM's"),
      quantity("touch_rate", Unit::rate, &T::touch_rate,
               "of new memory while running; 0: all at start"),
  };
  return section;
}

}  // namespace scenarios
