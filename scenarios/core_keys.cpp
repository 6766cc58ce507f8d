#include "scenarios/core_keys.hpp"

#include "scenarios/fields.hpp"

namespace scenarios {

namespace topology = models::topology;

const Section<topology::Cache>& cache_keys() {
  using T = topology::Cache;
  static const Section<T> section{
      quantity("size", Unit::size, &T::size, "capacity of one instance; 0 B: there is none"),
      whole("shared_by", &T::shared_by, 1, 1024,
            "hardware threads that share one instance; of an L2 that does not say: a core's"),
      quantity("latency", Unit::time, &T::latency, "load-to-use time of a hit"),
  };
  return section;
}

const Section<topology::L1>& l1_keys() {
  using T = topology::L1;
  static const Section<T> section{
      quantity("size", Unit::size, &T::size, "capacity", Zero::refused),
      quantity("latency", Unit::cycles, &T::latency, "load-to-use time of a hit"),
  };
  return section;
}

const Section<topology::Ring>& ring_keys() {
  using T = topology::Ring;
  static const Section<T> section{
      quantity("hop", Unit::time, &T::hop,
               "added to llc.latency by each stop between a core and a slice, there and back"),
      whole("other_stops", &T::other_stops, 0, 1024, "stops without a slice"),
  };
  return section;
}

const Section<topology::LineBuffers>& line_buffer_keys() {
  using T = topology::LineBuffers;
  static const Section<T> section{
      whole("fill", &T::fill, 1, 1024, "line fill buffers of L1, shared by a core's threads"),
      whole("streamed", &T::streamed, 1, 1024, "lines that L2's streamer runs ahead of loads"),
      whole("super_queue", &T::super_queue, 1, 1024,
            "misses that L2 has under way, shared by a core's threads"),
  };
  return section;
}

const Section<topology::Tlb>& tlb_keys() {
  using T = topology::Tlb;
  static const Section<T> section{
      whole("l1_4k", &T::l1_4k, 1, 65536, "first-level data TLB entries for 4 KiB pages"),
      whole("l1_2m", &T::l1_2m, 0, 65536, "first-level data TLB entries for 2 MiB pages"),
      whole("l1_1g", &T::l1_1g, 0, 65536, "first-level data TLB entries for 1 GiB pages"),
      whole("l2_4k", &T::l2_4k, 0, 65536, "second-level TLB entries"),
      truth("l2_shared_2m", &T::l2_shared_2m, "the second level holds 2 MiB pages as well"),
      whole("l2_1g", &T::l2_1g, 0, 65536, "second-level TLB entries for 1 GiB pages"),
      quantity("l2_latency", Unit::cycles, &T::l2_latency, "added by a second-level hit"),
      whole("pde_cache", &T::pde_cache, 0, 65536, "paging-structure cache: page-directory entries"),
      whole("pdpte_cache", &T::pdpte_cache, 0, 65536, "paging-structure cache, one level up"),
      whole("pml4e_cache", &T::pml4e_cache, 0, 65536, "paging-structure cache, top levels"),
      truth("nested_in_l2", &T::nested_in_l2,
            "host pages of guest page tables are kept translated in the second level (Intel)"),
      whole("nested_tlb", &T::nested_tlb, 0, 65536, "or in entries of their own (AMD): so many"),
      whole("walkers", &T::walkers, 1, 16, "page walks under way at once"),
      whole("levels", &T::levels, 4, 5, "of page tables"),
      truth("nested_paging", &T::nested_paging, "the CPU has EPT or NPT"),
  };
  return section;
}

const Section<topology::IdleState>& idle_state_keys() {
  using T = topology::IdleState;
  static const Section<T> section{
      text("name", &T::name, "C1, C3, C6"),
      quantity("exit_latency", Unit::time, &T::exit_latency, "of waking from it, at worst"),
      quantity("wake", Unit::time, &T::wake, "of waking from it, as measured; 0 s: exit_latency"),
      quantity("residency", Unit::time, &T::residency, "least expected idle time to enter it"),
  };
  return section;
}

}  // namespace scenarios
