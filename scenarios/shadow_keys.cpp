#include "scenarios/shadow_keys.hpp"

#include "scenarios/fields.hpp"

namespace scenarios {

const Section<models::vmm::ShadowTunables>& shadow_keys() {
  using T = models::vmm::ShadowTunables;
  static const std::vector<Word<models::vmm::ShadowTables>> kept{
      {"cached", models::vmm::ShadowTables::cached},
      {"flushed", models::vmm::ShadowTables::flushed}};
  static const Section<T> section{
      choice("tables", &T::tables, kept,
             "what becomes of a process's shadow tables when another one's turn comes"),
      whole("cr3_targets", &T::cr3_targets, 0, 4,
            "address spaces that the CPU changes to without an exit"),
      quantity("load", Unit::cycles, &T::load, "looking up cached tables"),
      quantity("flush", Unit::cycles, &T::flush, "emptying the tables of processes"),
      quantity("tlb_entry", Unit::cycles, &T::tlb_entry, "TLB miss on a page of the kernel"),
  };
  return section;
}

const Section<models::vmm::AddressSpaces>& address_space_keys() {
  using T = models::vmm::AddressSpaces;
  static const Section<T> section{
      real("switches_per_kilo_instruction", &T::switches_per_kilo_instruction, 0, 1000,
           "changes from one process to another"),
      real("spaces", &T::spaces, 1, 1e6, "processes that take turns"),
      real("returns", &T::returns, 0, 1,
           "share of changes that go back to the process before the last"),
      real("user_pages", &T::user_pages, 0, 1e6, "of a process, touched in one turn"),
      real("kernel_pages", &T::kernel_pages, 0, 1e6, "of the kernel, touched in one turn"),
  };
  return section;
}

}  // namespace scenarios
