#include "scenarios/exit_keys.hpp"

#include "scenarios/fields.hpp"

namespace scenarios {

const Section<models::vmm::ExitCosts>& exit_cost_keys() {
  using T = models::vmm::ExitCosts;
  static const Section<T> section{
      quantity("dispatch", Unit::cycles, &T::dispatch, "of every exit, beyond the hardware's part"),
      quantity("mitigations", Unit::cycles, &T::mitigations,
               "of every exit, against leaks: buffers cleared, return stack filled, retpolines"),
      truth("fast_path", &T::fast_path, "timers and interrupts to others stay in the inner loop"),
      quantity("fast_path_saves", Unit::cycles, &T::fast_path_saves, "what that saves an exit"),
      quantity("user", Unit::cycles, &T::user, "to the VMM's process and back"),
      quantity("emulate", Unit::cycles, &T::emulate, "fetching and decoding an instruction"),
      quantity("timer", Unit::cycles, &T::timer, "arming a host timer"),
      quantity("icr", Unit::cycles, &T::icr, "decoding an interrupt command"),
      quantity("notify", Unit::cycles, &T::notify, "reaching another CPU"),
      quantity("inject", Unit::cycles, &T::inject, "vector, guest handler's entry and return"),
      quantity("fault", Unit::cycles, &T::fault, "shadow paging: following one page-table change"),
      quantity("system_call", Unit::cycles, &T::system_call,
               "of a paravirtual guest: by the VMM to the guest's kernel and back"),
      quantity("table_update", Unit::cycles, &T::table_update,
               "of a paravirtual guest: a change of a page table, which the VMM checks"),
      quantity("address_space", Unit::cycles, &T::address_space,
               "of a paravirtual guest: going over to another process's page tables"),
      quantity("clock_read", Unit::cycles, &T::clock_read,
               "of a process: system call and the VMM's clock; 0: it reads that itself"),
      truth("nested", &T::nested, "the VMM itself runs in a VM"),
      quantity("level_switch", Unit::cycles, &T::level_switch,
               "nested: control structures copied between levels"),
      whole("trapped_light", &T::trapped_light, 0, 1000,
            "nested: steps of a handler that exit to the lower VMM"),
      whole("trapped_fields", &T::trapped_fields, 0, 1000,
            "nested, without VMCS shadowing: fields that a handler reads and writes, an exit each"),
      whole("trapped_user", &T::trapped_user, 0, 1000,
            "nested: more of them on the way to the VMM's process"),
  };
  return section;
}

const Section<models::vmm::ExitProfile>& exit_profile_keys() {
  using T = models::vmm::ExitProfile;
  static const Section<T> section = [] {
    Section<T> all;
    for (int i = 0; i < models::vmm::kExitKinds; ++i) {
      const auto kind = static_cast<models::vmm::ExitKind>(i);
      all.push_back({models::vmm::name(kind),
                     "number 0 to 1000",
                     "exits of this kind in 1000 instructions",
                     [=](T& exits, const Node& node, const std::string& path, Problems& problems) {
                       read_real(exits[kind], node, path, problems, 0, 1000);
                     },
                     [=](const T& exits) { return Json(exits[kind]); },
                     {}});
    }
    return all;
  }();
  return section;
}

}  // namespace scenarios
