#include "models/results.hpp"

#include <algorithm>

#include "models/metric_kind.hpp"

namespace models {
namespace {

struct CauseKind {
  std::string_view name;
  std::string_view sentence;
};

constexpr std::array<CauseKind, kCauses> kCauseKinds{{
    {"running", "executing instructions and hitting caches"},
    {"llc_misses", "waiting for local memory at its idle latency"},
    {"remote_memory", "extra idle latency of memory on other NUMA nodes"},
    {"controller_queueing", "waiting in line at memory controllers"},
    {"link_queueing", "waiting in line on QPI, UPI, HyperTransport or front-side bus"},
    {"cold_caches", "refilling caches after being switched out or moved"},
    {"translation", "walking page tables after TLB misses"},
    {"exits", "VM exits and what their handlers do"},
    {"ticks", "clock ticks of the guest and the host"},
    {"page_faults",
     "nested page faults: first touches, and copies of merged pages that were written to"},
    {"numa_balancing", "NUMA balancing: scanning memory, hinting faults, moving pages"},
    {"swap_in", "waiting for a page to be read back from swap, or by the guest"},
    {"spinning",
     "waiting for a lock or a line that others write, or for others to flush their TLBs"},
    {"smt", "sharing the core with a busy sibling thread"},
    {"steal", "runnable, but the CPU ran somebody else"},
    {"co_stop", "stopped by co-scheduling until a slower vCPU of the guest has caught up"},
    {"scheduler", "switching threads, VM exit and entry around it, wake-up path"},
    {"halt_polling", "halted, but looking for an interrupt before giving up the CPU"},
    {"io_threads", "halted while jobs wait for the VMM's threads, and these for CPUs"},
    {"io_limits", "halted while jobs wait for their I/O limits"},
    {"image_metadata", "halted while jobs wait for images' metadata and copies into new clusters"},
    {"redundancy",
     "halted while jobs wait for what arrays do before they write: pre-reads, parity"},
    {"storage", "halted while jobs wait for arrays and disks"},
    {"network", "halted while conversations wait for the network and who is at its other end"},
    {"idle", "halted or blocked: nothing to do"},
}};
static_assert(!kCauseKinds.back().name.empty());

}  // namespace

std::string_view name(Cause cause) {
  return kCauseKinds[static_cast<std::size_t>(cause)].name;
}
std::string_view sentence(Cause cause) {
  return kCauseKinds[static_cast<std::size_t>(cause)].sentence;
}

const std::vector<MetricKind>& metric_catalogue() {
  static const std::vector<MetricKind> kinds{
      {"vm.<vm>.throughput", "1/s", "units of work per second of one VM, mean over the class"},
      {"vm.<vm>.throughput.relative", "1", "throughput over that of the baseline"},
      {"vm.<vm>.throughput.total", "1/s", "units of work per second of the whole class"},
      {"vm.<vm>.throughput.spread", "1", "slowest over fastest VM of the class"},
      {"vm.<vm>.instructions", "1/s", "instructions per second of one VM"},
      {"vm.<vm>.cpu.utilisation", "1", "share of vCPU time not halted"},
      {"vm.<vm>.cpu.share", "1", "CPU time of the class over that of all VMs"},
      {"vm.<vm>.cpu.steal", "1", "share of vCPU time runnable but not running"},
      {"vm.<vm>.memory.remote", "1", "share of misses served by another NUMA node"},
      {"vm.<vm>.memory.latency", "s", "mean loaded latency of a miss"},
      {"vm.<vm>.memory.bandwidth", "B/s", "lines read from memory by one VM"},
      {"vm.<vm>.latency.p50", "s", "median time from wake-up to the end of a burst"},
      {"vm.<vm>.latency.p95", "s", "95th percentile of that time"},
      {"vm.<vm>.latency.p99", "s", "99th percentile of that time"},
      {"vm.<vm>.wakeup.mean", "s", "mean time from being woken to having a CPU"},
      {"vm.<vm>.wakeup.p50", "s", "median of that time"},
      {"vm.<vm>.wakeup.p90", "s", "90th percentile of that time"},
      {"vm.<vm>.wakeup.p99", "s", "99th percentile of that time"},
      {"vm.<vm>.pause_exits", "1/s", "pause-loop exits of one VM"},
      {"vm.<vm>.lock_sleeps", "1/s", "waits for a paravirtual lock of one VM that went to sleep"},
      {"vm.<vm>.exits", "1/s", "VM exits of one VM: of its instructions, waits, I/O and ticks"},
      {"vm.<vm>.clock.lost", "1/s", "guest clock ticks dropped or merged, of one VM"},
      {"vm.<vm>.clock.error", "1", "what a guest's clock falls behind, in seconds a second"},
      {"vm.<vm>.memory.present", "B",
       "host memory that one VM holds, merged pages counted in full"},
      {"vm.<vm>.memory.swapped", "B", "of one VM, on the host's swap"},
      {"vm.<vm>.memory.ballooned", "B", "of one VM, taken by its balloon"},
      {"vm.<vm>.memory.reported", "B", "of one VM, free, reported and taken by the host"},
      {"vm.<vm>.memory.room", "count", "further VMs like it that the host's free memory holds"},
      {"vm.<vm>.memory.merged", "B", "of one VM, mapped to merged pages"},
      {"vm.<vm>.memory.huge", "1", "share of one VM's memory in huge pages, at the end"},
      {"vm.<vm>.numa.hint_faults", "1/s", "hinting faults of NUMA balancing, of one VM"},
      {"vm.<vm>.numa.migrated", "B/s", "memory of one VM that moved between nodes"},
      {"vm.<vm>.numa.moves", "1/s", "threads of one VM that moved towards their memory"},
      {"vm.<vm>.numa.local.start", "1", "share of accesses to local memory, at the start"},
      {"vm.<vm>.numa.local.end", "1", "share of accesses to local memory, at the end"},
      {"vm.<vm>.numad.migrated", "B/s", "memory of one VM that numad moved between nodes"},
      {"vm.<vm>.numad.bound", "1", "share of VMs that numad has bound to nodes"},
      {"vm.<vm>.faults", "1/s", "pages read back, of one VM"},
      {"vm.<vm>.io.rate", "1/s", "I/Os that jobs of one VM completed"},
      {"vm.<vm>.io.reads", "1/s", "reads among them"},
      {"vm.<vm>.io.writes", "1/s", "writes among them"},
      {"vm.<vm>.io.syncs", "1/s", "fdatasync calls of one VM's jobs"},
      {"vm.<vm>.io.bandwidth", "B/s", "that jobs of one VM read and wrote"},
      {"vm.<vm>.io.latency.mean", "s", "mean time of an I/O, from the job's call to its return"},
      {"vm.<vm>.io.latency.p50", "s", "median of that time"},
      {"vm.<vm>.io.latency.p95", "s", "95th percentile of that time"},
      {"vm.<vm>.io.latency.p99", "s", "99th percentile of that time"},
      {"vm.<vm>.transactions", "1/s", "transactions that jobs of one VM completed"},
      {"vm.<vm>.transactions.latency.p50", "s", "median time of a transaction"},
      {"vm.<vm>.transactions.latency.p95", "s", "95th percentile of that time"},
      {"vm.<vm>.transactions.latency.p99", "s", "99th percentile of that time"},
      {"vm.<vm>.io.time.guest", "1", "share of I/Os' time in the guest's kernel"},
      {"vm.<vm>.io.time.vmm", "1", "share of it with the VMM's threads"},
      {"vm.<vm>.io.time.limits", "1", "share of it waiting for I/O limits"},
      {"vm.<vm>.io.time.image", "1", "share of it with images' metadata and copies"},
      {"vm.<vm>.io.time.redundancy", "1", "share of it before arrays write: pre-reads, parity"},
      {"vm.<vm>.io.time.storage", "1", "share of it in arrays and disks"},
      {"vm.<vm>.io.kicks", "1", "notifications of the VMM for each I/O"},
      {"vm.<vm>.io.interrupts", "1", "interrupts of the guest for each I/O"},
      {"vm.<vm>.test.<test>.bandwidth", "B/s",
       "that a test of workload.test read and wrote, over its own time"},
      {"vm.<vm>.test.<test>.rate", "1/s", "I/Os of it"},
      {"vm.<vm>.test.<test>.time", "s", "that it took"},
      {"vm.<vm>.test.<test>.ended", "1", "share of VMs in which it ended before the run did"},
      {"vm.<vm>.test.<test>.latency.mean", "s", "mean time of its I/Os"},
      {"vm.<vm>.test.<test>.latency.p50", "s", "median of that time"},
      {"vm.<vm>.test.<test>.latency.p95", "s", "95th percentile of that time"},
      {"vm.<vm>.test.<test>.latency.p99", "s", "99th percentile of that time"},
      {"vm.<vm>.image.reads", "count", "reads of a VM's image files since the run began"},
      {"vm.<vm>.image.read_bytes", "B", "that they read"},
      {"vm.<vm>.image.writes", "count", "writes to a VM's image files since the run began"},
      {"vm.<vm>.image.written_bytes", "B", "that they wrote"},
      {"vm.<vm>.image.zeroes", "count", "ranges zeroed (fallocate) since the run began"},
      {"vm.<vm>.image.syncs", "count", "flushes (fdatasync) since the run began"},
      {"vm.<vm>.image.unwritten", "B",
       "read since the run began of what no image holds: zeros, without the disk"},
      {"vm.<vm>.vmm.memory", "B",
       "host memory that one VM costs beside its own pages: VMM's process, tables, slots"},
      {"vm.<vm>.vmm.tables", "B", "of that, page tables: second stage and the process's"},
      {"vm.<vm>.vmm.resident", "B",
       "of the VMM's process of one VM as ps shows it: what the guest has touched, heap, code"},
      {"vm.<vm>.boot.completed", "count", "boots of the class since measuring began"},
      {"vm.<vm>.boot.time.mean", "s",
       "mean time from a VM's start until it is ready, or until its VMM has ended"},
      {"vm.<vm>.boot.time.p50", "s", "median of that time"},
      {"vm.<vm>.boot.time.p99", "s", "99th percentile of that time"},
      {"vm.<vm>.boot.process", "s", "mean part of it before the guest runs: the VMM's process"},
      {"vm.<vm>.boot.firmware", "s", "mean part in the firmware"},
      {"vm.<vm>.boot.kernel", "s", "mean part in the guest's kernel, up to its first process"},
      {"vm.<vm>.boot.init", "s", "mean part in processes and reads from disk until it is ready"},
      {"vm.<vm>.boot.end", "s", "mean time from then until the VMM has ended, where it does"},
      {"vm.<vm>.killed", "count", "VMs of the class killed for want of memory"},
      {"vm.<vm>.iteration", "s",
       "mean time from one meeting of a VM's vCPUs at a barrier to the next"},
      {"vm.<vm>.dirty_log.rate", "B/s", "memory of one VM that readings of its log find written"},
      {"vm.<vm>.dirty_log.faults", "1/s", "write-protection faults of one VM"},
      {"vm.<vm>.dirty_log.splits", "1/s", "large pages of one VM split at a write"},
      {"migration.<vm>.completed", "count", "VMs of the class that run on the other host"},
      {"migration.<vm>.time", "s", "from the start of a VM's migration to its going on there"},
      {"migration.<vm>.downtime", "s", "that a VM stood still at the end of its migration"},
      {"migration.<vm>.rounds", "count", "passes over what was left to copy, before the last"},
      {"migration.<vm>.transferred", "B", "sent for one VM, all rounds"},
      {"migration.<vm>.storage.transferred", "B", "of its disks, what was written again included"},
      {"migration.<vm>.storage.time", "s", "until all of its disks stood at the other host first"},
      {"migration.<vm>.throughput", "1/s", "units of work per second of a VM while it is copied"},
      {"vm.<vm>.net.throughput", "B/s", "payload that one VM's connections carried"},
      {"vm.<vm>.net.packets", "1/s", "datagrams read, of one VM"},
      {"vm.<vm>.net.lost", "1", "share of datagrams sent that nobody read"},
      {"vm.<vm>.net.transactions", "1/s", "requests answered, of one VM"},
      {"vm.<vm>.net.latency.mean", "s", "mean time from request to response"},
      {"vm.<vm>.net.latency.p50", "s", "median of that time"},
      {"vm.<vm>.net.latency.p95", "s", "95th percentile of that time"},
      {"vm.<vm>.net.latency.p99", "s", "99th percentile of that time"},
      {"vm.<vm>.net.backend", "1", "CPUs that the threads serving one VM's NIC take"},
      {"vm.<vm>.net.kicks", "1/s", "notifications of the host by one VM, since the start"},
      {"vm.<vm>.net.interrupts", "1/s", "interrupts of one VM's NIC, since the start"},
      {"vm.<vm>.backing.reads", "count", "of an image's backing file, since the start"},
      {"vm.<vm>.backing.read_bytes", "B", "that these read"},
      {"host.disk.<disk>.reads", "1/s", "commands of one such disk that read"},
      {"host.disk.<disk>.writes", "1/s", "commands of one such disk that write or deallocate"},
      {"host.disk.<disk>.read_bandwidth", "B/s", "of one such disk"},
      {"host.disk.<disk>.write_bandwidth", "B/s", "of one such disk"},
      {"host.disk.<disk>.latency.mean", "s",
       "mean time of these commands, in the disk and its queue (iostat: await)"},
      {"host.disk.<disk>.queue", "1", "commands under way on the mean (iostat: aqu-sz)"},
      {"host.disk.<disk>.utilisation", "1",
       "share of time with a command under way (iostat: %util); of alike disks the mean"},
      {"host.disk.<disk>.utilisation.max", "1", "of the busiest of them"},
      {"host.array.<array>.reads", "1/s", "of the array"},
      {"host.array.<array>.writes", "1/s", "to the array"},
      {"host.array.<array>.member_reads", "1/s", "of its disks for these, parity's included"},
      {"host.array.<array>.member_writes", "1/s", "to its disks for these, parity's included"},
      {"host.array.<array>.member_flushes", "1/s", "of its disks"},
      {"host.array.<array>.amplification", "count", "I/Os of the disks for one I/O of the array"},
      {"host.array.<array>.usable", "1", "share of its disks that holds data"},
      {"host.array.<array>.tolerates", "count", "failed disks that it survives, whichever"},
      {"host.array.<array>.next_failure_loses", "1",
       "chance that one more failed disk loses the data, beside those failed from the start"},
      {"host.array.<array>.state", "1",
       "at the end: 0 clean, 1 resyncing, 2 degraded, 3 rebuilding, 4 lost"},
      {"host.array.<array>.rebuild.progress", "1", "share rebuilt at the end; none runs: 1"},
      {"host.array.<array>.rebuild.rate", "B/s", "of a member, at the end"},
      {"host.pcie.<card>.in", "1",
       "time that the lanes of a card or drive, or the chipset's (dmi), send towards memory"},
      {"host.pcie.<card>.out", "1", "time that they send from memory"},
      {"client.<client>.port.in", "1", "load of a client's ports, towards it"},
      {"client.<client>.port.out", "1", "load of a client's ports, from it"},
      {"storage.<server>.requests", "1/s", "commands that a storage server's disks served"},
      {"storage.<server>.bandwidth", "B/s", "data that they moved"},
      {"storage.<server>.latency.mean", "s", "mean time of a command, as its host sees it"},
      {"storage.<server>.latency.p50", "s", "median of that time"},
      {"storage.<server>.latency.p99", "s", "99th percentile of that time"},
      {"storage.<server>.time.session", "1", "share of it waiting for a place in the session"},
      {"storage.<server>.time.client", "1", "share of it with the hosts' threads"},
      {"storage.<server>.time.network", "1", "share of it between the ports"},
      {"storage.<server>.time.cpu", "1", "share of it with the server's cores"},
      {"storage.<server>.time.disks", "1", "share of it with the server's disks"},
      {"storage.<server>.cpu.utilisation", "1", "of the server's cores"},
      {"storage.<server>.port.in", "1", "load of the server's port, towards it"},
      {"storage.<server>.port.out", "1", "load of the server's port, from it"},
      {"host.elapsed", "s", "measured part of the run"},
      {"host.softirq", "1", "CPUs that the NICs' softirqs take"},
      {"host.softirq.max", "1", "CPU share of the busiest NIC queue's softirq"},
      {"host.nic.interrupts", "1/s", "of the host's NICs, since the start"},
      {"host.nic.dropped", "1/s", "packets that found no descriptor, since the start"},
      {"host.memory.vmm", "B",
       "that VMs cost beside their own pages, all together, at the end; the VMM's code once"},
      {"host.memory.free", "B", "host memory free at the end"},
      {"host.swap.used", "B", "swap space in use at the end"},
      {"ksm.pages_shared", "count", "merged pages kept, as in sysfs"},
      {"ksm.pages_sharing", "count", "further mappings of them: pages saved"},
      {"ksm.pages_unshared", "count", "unchanged pages without a twin"},
      {"ksm.pages_volatile", "count", "pages that change too fast, were seen once, or skipped"},
      {"ksm.zero_pages", "count", "pages that became the kernel's page of zeros"},
      {"ksm.full_scans", "count", "times that all mergeable pages were visited"},
      {"ksm.pages_scanned", "count", "pages visited, ageing included"},
      {"ksm.pages_skipped", "count", "pages that smart scan left out"},
      {"ksm.scanned_a_round", "count", "pages visited in a full scan, mean of the last nine"},
      {"ksm.pages_to_scan", "count", "pages of a batch, as set at the end"},
      {"ksm.general_profit", "B", "saved, less what the scanner remembers of each page"},
      {"ksm.cpu", "1", "share of one CPU that the scanner takes"},
      {"host.cpu.utilisation", "1", "share of CPU time that runs a thread"},
      {"host.switches", "1/s", "changes of the running thread, all CPUs"},
      {"host.migrations", "1/s", "moves of a thread to another CPU"},
      {"host.migrations.node", "1/s", "of these, to another NUMA node"},
      {"host.controller.utilisation.max", "1", "load of the busiest memory controller"},
      {"host.link.utilisation.max", "1", "load of the busiest link or bus, one direction"},
  };
  return kinds;
}

// Names may have dots: "vm.<vm>.throughput" is not "vm.web.net.throughput", so that the pattern
// that fixes most is the metric's.
std::size_t matched(std::string_view pattern, std::string_view metric) {
  const std::size_t name = pattern.find('<');
  if (name == std::string_view::npos) return pattern == metric ? metric.size() : 0;
  const std::string_view tail = pattern.substr(pattern.rfind('>') + 1);  // with its dot
  const bool ends = metric.starts_with(pattern.substr(0, name)) &&
                    metric.size() > name + tail.size() && metric.ends_with(tail);
  const std::size_t second = pattern.find('<', name + 1);
  if (!ends || second == std::string_view::npos) return ends ? name + tail.size() : 0;
  const std::size_t behind = pattern.find('>') + 1;
  const std::string_view between = pattern.substr(behind, second - behind);
  const std::string_view names = metric.substr(name, metric.size() - name - tail.size());
  return names.find(between) != std::string_view::npos ? name + between.size() + tail.size() : 0;
}

std::string_view unit_of(std::string_view metric) {
  const MetricKind* kind = kind_of(metric);
  return kind != nullptr ? kind->unit : "1";
}

}  // namespace models
