#include "scenarios/vmm_keys.hpp"

#include "scenarios/boot_keys.hpp"
#include "scenarios/exit_keys.hpp"
#include "scenarios/fields.hpp"
#include "scenarios/network_keys.hpp"
#include "scenarios/shadow_keys.hpp"
#include "scenarios/spin_keys.hpp"

namespace scenarios {
namespace {

using models::VmmDescription;

// What all fair schedulers have, behind the keys of one's own.
template <class T>
Section<T> with_fair_keys(Section<T> section) {
  section.insert(
      section.end(),
      {quantity<T, sim::Duration>("migration_cost", Unit::time, &T::migration_cost,
                                  "sched_migration_cost"),
       whole<T, int>("tick_hz", &T::tick_hz, 1, 10000, "CONFIG_HZ of the host"),
       whole<T, int>("busy_factor", &T::busy_factor, 1, 1000, "slows balancing on busy CPUs"),
       whole<T, int>("nr_migrate", &T::nr_migrate, 1, 1000, "threads moved in one balancing pass"),
       whole<T, int>("imbalance_pct", &T::imbalance_pct, 100, 1000,
                     "imbalance that calls for a move"),
       truth<T>("autogroup_vms", &T::autogroup_vms, "a cgroup per VM, as libvirt makes"),
       truth<T>("affine_by_load", &T::affine_by_load,
                "to Linux 4.13: a waker's CPU attracts unless it has more load")});
  return section;
}

const Section<models::CfsTunables>& cfs_keys() {
  using T = models::CfsTunables;
  static const Section<T> section = with_fair_keys<T>({
      quantity("latency", Unit::time, &T::latency, "sched_latency, unscaled", Zero::refused),
      quantity("min_granularity", Unit::time, &T::min_granularity,
               "sched_min_granularity, unscaled", Zero::refused),
      quantity("wakeup_granularity", Unit::time, &T::wakeup_granularity,
               "sched_wakeup_granularity, unscaled"),
      whole("nr_latency", &T::nr_latency, 1, 1000,
            "runnable threads up to which latency is the period"),
      truth("yields_hold", &T::yields_hold,
            "a vCPU that yields to one of its VM on its CPU falls behind it (VEE 2021)"),
  });
  return section;
}

const Section<models::EevdfTunables>& eevdf_keys() {
  using T = models::EevdfTunables;
  static const Section<T> section = with_fair_keys<T>({
      quantity("base_slice", Unit::time, &T::base_slice, "sched_base_slice, unscaled",
               Zero::refused),
  });
  return section;
}

const Section<models::CreditTunables>& credit_keys() {
  using T = models::CreditTunables;
  static const Section<T> section{
      quantity("timeslice", Unit::time, &T::timeslice, "sched_credit_tslice_ms", Zero::refused),
      quantity("ratelimit", Unit::time, &T::ratelimit, "sched_ratelimit_us"),
  };
  return section;
}

const std::vector<Word<models::scheduler::RunQueue>>& run_queues() {
  using RunQueue = models::scheduler::RunQueue;
  static const std::vector<Word<RunQueue>> words{{"socket", RunQueue::socket},
                                                 {"cpu", RunQueue::cpu},
                                                 {"core", RunQueue::core},
                                                 {"node", RunQueue::node},
                                                 {"all", RunQueue::all}};
  return words;
}

const Section<models::Credit2Tunables>& credit2_keys() {
  using T = models::Credit2Tunables;
  static const Section<T> section{
      quantity("ratelimit", Unit::time, &T::ratelimit, "sched_ratelimit_us"),
      quantity("migrate_resist", Unit::time, &T::migrate_resist, "sched_credit2_migrate_resist"),
      choice("runqueue", &T::runqueue, run_queues(), "credit2_runqueue: whose CPUs share one"),
      whole("max_cpus_runqueue", &T::max_cpus_runqueue, 1, 65536,
            "sched_credit2_max_cpus_runqueue; without a limit before Xen 4.14"),
  };
  return section;
}

const Section<models::vmm::HaltPollTunables>& io_poll_keys() {
  using T = models::vmm::HaltPollTunables;
  static const Section<T> section{
      quantity("most", Unit::time, &T::most, "poll-max-ns; 0 s: no polling, as before QEMU 2.9"),
      quantity("grow_start", Unit::time, &T::grow_start, "the first window"),
      whole("grow", &T::grow, 1, 1000, "poll-grow"),
      whole("shrink", &T::shrink, 0, 1000, "poll-shrink; 0: back to nothing"),
  };
  return section;
}

const Section<models::vmm::BlockCosts>& block_keys() {
  using T = models::vmm::BlockCosts;
  static const Section<T> section{
      quantity("kick", Unit::cycles, &T::kick, "of the vCPU, beside the exit: signalling the loop"),
      quantity("round", Unit::cycles, &T::round, "of the event loop: a look at its descriptors"),
      quantity("request", Unit::cycles, &T::request, "popping and mapping a request"),
      quantity("submit", Unit::cycles, &T::submit, "the host's block layer and driver"),
      quantity("uring", Unit::cycles, &T::uring, "the same, submitted by io_uring"),
      quantity("hand_over", Unit::cycles, &T::hand_over,
               "of the event loop, a request that goes to a thread of the pool and comes back"),
      quantity("pool", Unit::cycles, &T::pool,
               "of a thread of the pool, a request beside the host's block layer"),
      quantity("complete", Unit::cycles, &T::complete, "reaping a completion"),
      quantity("notify", Unit::cycles, &T::notify, "raising the guest's interrupt"),
      quantity("interrupt", Unit::cycles, &T::interrupt,
               "each completion of the device, until the loop is woken"),
      quantity("scsi", Unit::cycles, &T::scsi, "of the loop, more for a request of virtio-scsi"),
      quantity("page", Unit::cycles, &T::page, "of the loop, each 4 KiB of a request"),
      quantity("pin", Unit::cycles, &T::pin, "of who submits, each 4 KiB of an I/O on the host"),
      whole("queue_size", &T::queue_size, 8, 1024, "of a virtqueue; 128 before QEMU 5.0"),
      truth(
          "queue_per_vcpu", &T::queue_per_vcpu,
          "a virtio disk has a queue and an interrupt for each vCPU (QEMU 5.2); else one for all"),
      truth("batch_notify", &T::batch_notify,
            "one interrupt for all completions that a round found (since QEMU 2.7)"),
      truth("multiwrite", &T::multiwrite,
            "writes that a round finds together complete together (QEMU before 2.3)"),
      whole("multiwrite_most", &T::multiwrite_most, 1, 1024, "of them, or of those merged"),
      truth("request_merging", &T::request_merging,
            "neighbours among the requests of a round are one I/O (virtio-blk, QEMU since 2.3)"),
      truth("ioeventfd", &T::ioeventfd,
            "the host's kernel takes the guest's kicks; else they exit to the VMM's process"),
      table("poll", &T::poll, &io_poll_keys, "of I/O threads, before they sleep"),
  };
  return section;
}

const Section<models::vmm::HaltPollTunables>& halt_poll_keys() {
  using T = models::vmm::HaltPollTunables;
  static const Section<T> section{
      quantity("most", Unit::time, &T::most, "halt_poll_ns; 0 s: no polling"),
      quantity("grow_start", Unit::time, &T::grow_start, "halt_poll_ns_grow_start"),
      whole("grow", &T::grow, 1, 1000, "halt_poll_ns_grow"),
      whole("shrink", &T::shrink, 0, 1000, "halt_poll_ns_shrink; 0: back to nothing"),
  };
  return section;
}

const Section<models::vmm::TimerTunables>& timer_keys() {
  using T = models::vmm::TimerTunables;
  static const Section<T> section{
      truth("advance", &T::advance,
            "guests' deadlines are set early by as much as they came late; since Linux 5.1"),
  };
  return section;
}

const Section<models::memory::DirtyLogCosts>& dirty_log_keys() {
  using T = models::memory::DirtyLogCosts;
  static const Section<T> section{
      truth("eager_split", &T::eager_split, "large pages are split when logging begins"),
      quantity("decode", Unit::cycles, &T::decode, "what an EPT violation was"),
      quantity("slot", Unit::cycles, &T::slot, "finding the memory slot"),
      quantity("level", Unit::cycles, &T::level, "of the walk, each of four"),
      quantity("fix", Unit::cycles, &T::fix, "making the page writable and marking it dirty"),
      quantity("retry", Unit::cycles, &T::retry, "of the instruction that faulted"),
      quantity("split", Unit::cycles, &T::split, "of a large page, beside its entries"),
      quantity("split_entry", Unit::cycles, &T::split_entry, "each of 512 entries"),
      quantity("log_entry", Unit::cycles, &T::log_entry, "the CPU's own note of a dirty page"),
      quantity("drain_entry", Unit::cycles, &T::drain_entry, "marking a noted page dirty"),
  };
  return section;
}

const Section<models::MigrationCosts>& migration_cost_keys() {
  using T = models::MigrationCosts;
  static const Section<T> section{
      quantity("send_page", Unit::cycles, &T::send_page,
               "finding and checking a page, beside its socket"),
      quantity("zero_page", Unit::cycles, &T::zero_page, "finding that a page is all zeros"),
      quantity("zero_fault", Unit::cycles, &T::zero_fault,
               "looking at a page that nobody has touched"),
      quantity("load_page", Unit::cycles, &T::load_page,
               "taking a page out of the stream, beside its socket"),
      quantity("sync_page", Unit::cycles, &T::sync_page, "reading the log, each dirty page"),
      quantity("switch_over", Unit::time, &T::switch_over,
               "device state, stopping here and starting there"),
  };
  return section;
}

const Section<models::memory::ScanTimeAdvisor>& advisor_keys() {
  using T = models::memory::ScanTimeAdvisor;
  static const Section<T> section{
      truth("run", &T::run, "advisor_mode = scan-time: it sets pages_to_scan after each full scan"),
      quantity("target", Unit::time, &T::target, "advisor_target_scan_time", Zero::refused),
      real("max_cpu", &T::max_cpu, 0.01, 1, "advisor_max_cpu, of one CPU"),
      whole("min_pages", &T::min_pages, 1, 1000000, "advisor_min_pages_to_scan: where it begins"),
      whole("max_pages", &T::max_pages, 1, 1000000, "advisor_max_pages_to_scan"),
  };
  return section;
}

const Section<models::memory::NumaTunables>& numa_keys() {
  using T = models::memory::NumaTunables;
  static const Section<T> section{
      quantity("scan_delay", Unit::time, &T::scan_delay, "numa_balancing_scan_delay_ms"),
      quantity("scan_period_min", Unit::time, &T::scan_period_min,
               "numa_balancing_scan_period_min_ms", Zero::refused),
      quantity("scan_period_max", Unit::time, &T::scan_period_max,
               "numa_balancing_scan_period_max_ms", Zero::refused),
      quantity("scan_size", Unit::size, &T::scan_size, "numa_balancing_scan_size_mb",
               Zero::refused),
      quantity("migrate_limit", Unit::rate, &T::migrate_limit,
               "of memory into one node; 0 B/s: none, since Linux 4.20"),
      quantity("scan_entry", Unit::cycles, &T::scan_entry, "of a page-table entry in a scan"),
      quantity("hint_fault", Unit::cycles, &T::hint_fault, "the host's part of a hinting fault"),
      quantity("migrate_page", Unit::cycles, &T::migrate_page,
               "of a page, huge or not, beside copying"),
      quantity("copy_rate", Unit::rate, &T::copy_rate, "of one core, from node to node",
               Zero::refused),
  };
  return section;
}

const Section<models::memory::NumadTunables>& numad_keys() {
  using T = models::memory::NumadTunables;
  static const Section<T> section{
      quantity("min_interval", Unit::time, &T::min_interval, "after a move (-i)", Zero::refused),
      quantity("max_interval", Unit::time, &T::max_interval, "after none (-i)", Zero::refused),
      whole("utilization", &T::utilization, 1, 130, "percent of a node to fill (-u)"),
  };
  return section;
}

const Section<models::memory::KhugepagedTunables>& khugepaged_keys() {
  using T = models::memory::KhugepagedTunables;
  static const Section<T> section{
      truth("run", &T::run, "small pages of guests become huge as they age"),
      whole("pages_to_scan", &T::pages_to_scan, 1, 100000000, "in a turn"),
      quantity("sleep", Unit::time, &T::sleep, "scan_sleep_millisecs, between turns",
               Zero::refused),
  };
  return section;
}

const Section<models::memory::KsmTunables>& ksm_keys() {
  using T = models::memory::KsmTunables;
  static const Section<T> section{
      truth("run", &T::run, "equal pages are merged"),
      whole("pages_to_scan", &T::pages_to_scan, 1, 1000000, "in a batch"),
      quantity("sleep", Unit::time, &T::sleep, "sleep_millisecs, between batches"),
      whole("max_page_sharing", &T::max_page_sharing, 2, 1000000, "mappings of one merged page"),
      truth("smart_scan", &T::smart_scan, "pages that do not merge are visited less often"),
      truth("checksum_first", &T::checksum_first,
            "as since Linux 6.11: pages that change are not looked up among the merged ones"),
      truth("merge_across_nodes", &T::merge_across_nodes,
            "pages of different NUMA nodes are merged, and are remote for some"),
      truth("use_zero_pages", &T::use_zero_pages, "pages of zeros become the kernel's one"),
      truth("tuned", &T::tuned, "ksmtuned switches it and sets pages_to_scan"),
      table("advisor", &T::advisor, &advisor_keys, "the kernel's own choice of pages_to_scan"),
  };
  return section;
}

}  // namespace

const Section<VmmDescription>& vmm_keys() {
  using T = VmmDescription;
  static const std::vector<Word<models::SchedulerKind>> schedulers{
      {"cfs", models::SchedulerKind::cfs},
      {"eevdf", models::SchedulerKind::eevdf},
      {"credit", models::SchedulerKind::credit},
      {"credit2", models::SchedulerKind::credit2}};
  static const std::vector<Word<models::Architecture>> architectures{
      {"kvm", models::Architecture::kvm},
      {"xen", models::Architecture::xen},
      {"container", models::Architecture::container}};
  static const std::vector<Word<models::PagingKind>> pagings{
      {"automatic", models::PagingKind::automatic},
      {"native", models::PagingKind::native},
      {"shadow", models::PagingKind::shadow},
      {"nested", models::PagingKind::nested}};
  static const std::vector<Word<models::Backend>> backends{
      {"process", models::Backend::process},
      {"dom0", models::Backend::dom0},
      {"stub-domain", models::Backend::stub_domain}};
  using Thp = models::TransparentHugepages;
  static const std::vector<Word<Thp>> hugepages{
      {"always", Thp::always}, {"madvise", Thp::madvise}, {"never", Thp::never}};
  static const Section<T> section{
      text("name", &T::name, "what the VMM is called in reports"),
      text("source", &T::source, "where the figures come from"),
      choice("architecture", &T::architecture, architectures,
             "container: processes of the host, no exits, no second kernel"),
      choice("scheduler", &T::scheduler, schedulers, "scheduling policy"),
      table("cfs", &T::cfs, &cfs_keys, "Linux CFS tunables"),
      table("eevdf", &T::eevdf, &eevdf_keys, "Linux EEVDF tunables"),
      table("credit", &T::credit, &credit_keys, "Xen credit tunables"),
      table("credit2", &T::credit2, &credit2_keys, "Xen credit2 tunables"),
      choice("paging", &T::paging, pagings,
             "how guests' addresses are translated; native: processes and containers; automatic: "
             "nested where the CPU can, else shadow"),
      table("shadow", &T::shadow, &shadow_keys, "shadow paging, where it is in force"),
      table("exits", &T::exits, &exit_cost_keys, "what VM exits cost"),
      choice("backend", &T::backend, backends,
             "where device models run: a process of each VM, one domain for all, one for each"),
      whole("dom0_vcpus", &T::dom0_vcpus, 1, 1024, "of the domain that all share"),
      table("block", &T::block, &block_keys, "what the VMM's side of a disk costs"),
      table("network", &T::network, &network_cost_keys, "what the kernels' network paths cost"),
      table("halt_poll", &T::halt_poll, &halt_poll_keys,
            "KVM's polling before a halted vCPU sleeps"),
      table("timer", &T::timer, &timer_keys, "guests' one-shot timers"),
      table("pause_loop", &T::pause_loop, &pause_loop_keys, "exits of vCPUs that spin"),
      quantity("co_skew", Unit::time, &T::co_skew,
               "relaxed co-scheduling: a vCPU so far ahead of its guest's slowest is stopped until "
               "that one has caught up; a few ms in VMware ESX; 0 s: none"),
      table("ksm", &T::ksm, &ksm_keys, "kernel samepage merging"),
      choice("transparent_hugepages", &T::transparent_hugepages, hugepages,
             "transparent_hugepage/enabled; madvise: for guests of KVM and Xen, not containers"),
      table("khugepaged", &T::khugepaged, &khugepaged_keys, "the daemon that gathers small pages"),
      truth("numa_balancing", &T::numa_balancing,
            "kernel.numa_balancing: memory and threads follow each other"),
      table("numa", &T::numa, &numa_keys, "how the kernel balances NUMA nodes"),
      truth("numad", &T::numad, "a daemon binds guests to nodes and moves their memory there"),
      table("numad_options", &T::numad_tunables, &numad_keys, "the daemon's options"),
      table("dirty_log", &T::dirty_log, &dirty_log_keys, "what logging of dirty pages costs"),
      table("migration", &T::migration, &migration_cost_keys,
            "what live migration costs beside the network"),
      quantity("host_memory", Unit::size, &T::host_memory,
               "that the host uses itself, whatever runs on it"),
      table("own_memory", &T::own_memory, &own_memory_keys,
            "what each VM costs beside its own pages"),
      table("boot", &T::boot, &boot_cost_keys, "what starting a VM takes"),
      table("fault", &T::fault, &fault_keys,
            "what a page costs that a booting guest touches first"),
      quantity("copy_on_write", Unit::time, &T::copy_on_write,
               "fault and copy of a merged page that is written"),
      whole("host_tick_hz", &T::host_tick_hz, 0, 10000,
            "ticks of the host's clock on CPUs that run something"),
      quantity("host_tick", Unit::cycles, &T::host_tick, "of one of them"),
      quantity("context_switch", Unit::time, &T::context_switch, "direct cost of a thread switch"),
      quantity("world_switch", Unit::cycles, &T::world_switch, "VM exit and entry around a switch"),
      quantity(
          "wake_latency", Unit::time, &T::wake_latency,
          "wake-up of an idle CPU to its thread, beside leaving its sleep state (host.idle_state)"),
  };
  return section;
}

}  // namespace scenarios
