#include "scenarios/io_keys.hpp"

#include <algorithm>

#include "scenarios/cpuset_key.hpp"
#include "scenarios/fields.hpp"

namespace scenarios {
namespace {

namespace workload = models::workload;

Field<workload::IoProfile> block_mix_key(
    std::string_view name, std::vector<workload::BlockShare> workload::IoProfile::*member,
    std::string_view meaning) {
  using T = workload::IoProfile;
  return {
      name,
      "array of [size, share]",
      meaning,
      [=](T& profile, const Node& node, const std::string& path, Problems& problems) {
        const char* need = "sizes with their shares such as [[\"4 KiB\", 0.6], [\"64 KiB\", 0.4]]";
        if (node.array() == nullptr) return expect(problems, node, path, need);
        (profile.*member).clear();
        for (const Node& element : *node.array()) {
          if (element.array() == nullptr || element.array()->size() != 2)
            return expect(problems, element, path, need);
          workload::BlockShare one;
          const auto size = read_quantity(Unit::size, (*element.array())[0], path, problems, false);
          if (!size || !read_real(one.share, (*element.array())[1], path, problems, 1e-6, 100))
            return;
          one.size = from_base<sim::Bytes>(*size);
          (profile.*member).push_back(one);
        }
      },
      [=](const T& profile) {
        Json list = Json::array();
        for (const workload::BlockShare& one : profile.*member)
          list.push_back({format_quantity(Unit::size, to_base(one.size)), one.share});
        return list.empty() ? Json{} : list;
      },
      {}};
}

Field<workload::Placement> zones_key() {
  using T = workload::Placement;
  return {"zones",
          "array of [share, share of the space or size]",
          "of distribution = \"zones\": which share of the I/Os goes to which part, from the front",
          [](T& distribution, const Node& node, const std::string& path, Problems& problems) {
            const char* need =
                "shares of I/Os and of space or sizes such as [[0.8, 0.1], "
                "[0.2, \"9 GiB\"]]";
            if (node.array() == nullptr) return expect(problems, node, path, need);
            distribution.zones.clear();
            for (const Node& element : *node.array()) {
              if (element.array() == nullptr || element.array()->size() != 2)
                return expect(problems, element, path, need);
              workload::Zone& zone = distribution.zones.emplace_back();
              const Node& part = (*element.array())[1];
              if (!read_real(zone.share, (*element.array())[0], path, problems, 0, 1)) return;
              if (part.text() == nullptr || part.text()->ends_with("%")) {
                read_real(zone.part, part, path, problems, 0, 1);
              } else if (const auto size = read_quantity(Unit::size, part, path, problems, false)) {
                zone.size = from_base<sim::Bytes>(*size);
              }
            }
          },
          [](const T& distribution) {
            Json list = Json::array();
            for (const workload::Zone& zone : distribution.zones) {
              Json part = zone.part;
              if (zone.size.count() > 0) part = format_quantity(Unit::size, to_base(zone.size));
              list.push_back({zone.share, part});
            }
            return list.empty() ? Json{} : list;
          },
          {}};
}

Section<workload::Placement> distribution_keys() {
  using T = workload::Placement;
  static const std::vector<Word<workload::Spread>> spreads{
      {"uniform", workload::Spread::uniform}, {"once", workload::Spread::once},
      {"zipf", workload::Spread::zipf},       {"pareto", workload::Spread::pareto},
      {"normal", workload::Spread::normal},   {"zones", workload::Spread::zones}};
  return {
      choice("distribution", &T::spread, spreads,
             "of random offsets; once: each before any again, as fio does; hot places of zipf, "
             "pareto and normal are scattered"),
      real("skew", &T::skew, 0, 10,
           "zipf: exponent; pareto: h, 1 - h of the I/Os go to h of the space; normal: share of "
           "the space by which they deviate further"),
      real("centre", &T::centre, -1, 1,
           "share of the space where the hottest place is, before scattering; -1: anywhere"),
      zones_key(),
  };
}

// Of jobs, whether a workload's own or a test's.
Section<workload::IoProfile> job_keys() {
  using T = workload::IoProfile;
  static const std::vector<Word<workload::Pattern>> patterns{
      {"random", workload::Pattern::random}, {"sequential", workload::Pattern::sequential}};
  static const std::vector<Word<workload::Parts>> parts{{"automatic", workload::Parts::automatic},
                                                        {"own", workload::Parts::own},
                                                        {"shared", workload::Parts::shared}};
  Section<T> all{
      whole("jobs", &T::jobs, 0, 4096, "threads that do I/O, spread over the vCPUs; 0: none"),
      cpuset("cpus", &T::cpus, "all", "a set of the VM's vCPUs such as \"0-1,3\"",
             "where jobs run, each on one, in turn"),
      whole("depth", &T::depth, 1, 4096, "transactions of a job under way at once (iodepth)"),
      whole("batch", &T::batch, 1, 4096,
            "transactions that end before a job begins as many more, at most depth "
            "(iodepth_batch_complete_min)"),
      whole("operations", &T::operations, 1, 1000, "I/Os of a transaction, one after the other"),
      real("read_share", &T::read_share, 0, 1, "of the I/Os; the rest are writes"),
      choice("pattern", &T::pattern, patterns, "of offsets"),
      quantity("block", Unit::size, &T::block, "of one I/O", Zero::refused),
      block_mix_key("blocks", &T::blocks, "sizes that I/Os are mixed of, instead of block"),
      quantity("write_block", Unit::size, &T::write_block, "of a write; 0 B: as of a read"),
      block_mix_key("write_blocks", &T::write_blocks, "sizes that writes are mixed of"),
      quantity("align", Unit::size, &T::align,
               "random offsets are multiples of it; 0 B: of the I/O's size (blockalign)"),
      real("random_share", &T::random_share, 0, 1,
           "of the I/Os at random; the rest follow the one before (percentage_random)"),
      whole("run", &T::run, 1, 1'000'000, "I/Os one behind the other from each random offset on"),
      truth("repeat", &T::repeat, "those are all at that offset (rw_sequencer=identical)"),
      quantity("skip", Unit::size, &T::skip,
               "from the end of an I/O to the begin of the next, of a sequence"),
      truth("backwards", &T::backwards, "the next begins before that end by skip, not behind it"),
      quantity("offset", Unit::size, &T::offset, "on the disk, where what is used begins"),
      quantity("increment", Unit::size, &T::increment,
               "by which each job begins behind the one before (offset_increment)"),
      quantity("span", Unit::size, &T::span, "of the disk that is used; 0 B: all of it"),
      real("offset_share", &T::offset_share, 0, 1, "of the disk, added to offset"),
      real("increment_share", &T::increment_share, 0, 1, "of the disk, added to increment"),
      real("span_share", &T::span_share, 0, 1, "of the disk that is used, instead of span"),
      choice("parts", &T::parts, parts,
             "whether each job has a part of that for itself; automatic: if the pattern is "
             "sequential"),
      quantity("compute", Unit::instructions, &T::compute, "of the application, a transaction"),
      whole("sync_every", &T::sync_every, 0, 1000000, "writes of a job between two fdatasync"),
      whole("files", &T::files, 1, 4096, "that jobs write to, each synced by itself"),
      truth("files_in_turn", &T::files_in_turn,
            "a sequence goes through them side by side, an I/O of each in turn "
            "(file_service_type=roundrobin); else through one after the other"),
      truth("direct", &T::direct, "O_DIRECT; else through the guest's page cache"),
      quantity("think", Unit::time, &T::think,
               "mean between two transactions of a closed loop, of batches between these"),
      truth("steady_think", &T::steady_think, "it is always as long; else exponential"),
      whole("think_every", &T::think_every, 1, 1'000'000'000, "transactions before it thinks"),
      quantity("rate", Unit::frequency, &T::rate,
               "of a job's transactions, at most; 0 Hz: as fast as they go"),
      truth("random_rate", &T::random_rate,
            "times between them are exponential; else alike (rate_process=poisson)"),
  };
  append_part(all, distribution_keys(), &T::distribution);
  return all;
}

}  // namespace

const Section<workload::IoProfile>& io_keys() {
  using T = workload::IoProfile;
  static const Section<T> section = [] {
    Section<T> all = job_keys();
    const Section<T> own{
        quantity("submit", Unit::instructions, &T::submit,
                 "of the kernel, an I/O: system call, file system, block layer, driver"),
        quantity("page", Unit::instructions, &T::page,
                 "of the kernel, each 4 KiB of an I/O: pinning and mapping it"),
        quantity("complete", Unit::instructions, &T::complete,
                 "of the kernel, an I/O: interrupt, completion, waking the job"),
        quantity("cached", Unit::instructions, &T::cached,
                 "of the kernel, an I/O through the guest's page cache"),
        quantity("cached_page", Unit::instructions, &T::cached_page,
                 "of the kernel, each 4 KiB of it: looking it up and copying it"),
        quantity("arrivals", Unit::frequency, &T::arrivals,
                 "of transactions at one VM, Poisson; 0 Hz: closed loops"),
        whole("requests", &T::requests, 0, 1'000'000'000'000, "I/Os after which it ends; 0: never"),
    };
    all.insert(all.end(), own.begin(), own.end());
    return all;
  }();
  return section;
}

void fill_tests(Node& workload) {
  Entry* tests = find(workload, "test");
  const Entry* io = find(workload, "io");
  if (tests == nullptr || tests->value.array() == nullptr || io == nullptr) return;
  if (io->value.table() == nullptr) return;
  const Section<workload::IoProfile> of_jobs = job_keys();
  for (Node& test : std::get<Node::Array>(tests->value.value)) {
    if (test.table() == nullptr) continue;
    for (const Entry& said : *io->value.table()) {
      const bool of_job = std::any_of(of_jobs.begin(), of_jobs.end(),
                                      [&](const auto& field) { return field.name == said.key; });
      if (of_job && said.key != "jobs" && find(test, said.key) == nullptr)
        test.table()->push_back(said);
    }
  }
}

const Section<workload::IoTest>& io_test_keys() {
  using T = workload::IoTest;
  static const Section<T> section = [] {
    Section<T> all{
        text("name", &T::name, "what its metrics are called: vm.<vm>.test.<name>.bandwidth"),
        truth("together", &T::together, "it begins with the test before it, not after"),
        text("after", &T::after, "name of one of those that must have ended first (wait_for)"),
        quantity("delay", Unit::time, &T::delay, "before its jobs begin (startdelay)"),
    };
    append_part(all, job_keys(), &T::io);
    const Section<T> ends{
        quantity("size", Unit::size, &T::size,
                 "that each job reads and writes; 0 B: its part of the disk, once"),
        whole("ios", &T::ios, 0, 1'000'000'000'000,
              "I/Os of each job after which it has ended, too; 0: size says (number_ios)"),
        quantity("ramp", Unit::time, &T::ramp, "I/Os of its first part do not count (ramp_time)"),
        quantity("runtime", Unit::time, &T::runtime, "after that, it ends; 0 s: when all is done"),
        truth("time_based", &T::time_based, "it goes on until then, whatever its size"),
        truth("sync_at_end", &T::sync_at_end, "jobs end with an fdatasync, whose time counts"),
        truth("ends_others", &T::ends_others, "those that run beside it end with it (exitall)"),
        truth("sync_first", &T::sync_first,
              "what was written is made durable before it begins, which does not count"),
        truth("drop_cached", &T::drop_cached,
              "the guest's page cache forgets what is clean before it begins"),
    };
    all.insert(all.end(), ends.begin(), ends.end());
    return all;
  }();
  return section;
}

}  // namespace scenarios
