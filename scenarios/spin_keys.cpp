#include "scenarios/spin_keys.hpp"

#include "scenarios/fields.hpp"

namespace scenarios {

const Section<models::PauseLoop>& pause_loop_keys() {
  using T = models::PauseLoop;
  static const Section<T> section{
      quantity("window", Unit::cycles, &T::window, "ple_window; 0 cycles: off"),
      whole("grow", &T::grow, 1, 1000, "ple_window_grow; 1 before Linux 3.18: the window stays"),
      truth("in_kernel", &T::in_kernel,
            "of vCPUs that lost their CPU only those in their kernel are yielded to; since Linux "
            "4.14"),
      truth("woken", &T::woken, "vCPUs that have been woken are yielded to; since Linux 5.3"),
      truth("interrupted", &T::interrupted,
            "vCPUs in user mode are yielded to if an interrupt waits for them; since Linux 5.13"),
      truth("own_interrupts", &T::own_interrupts,
            "so are those that the one that spins sent an interrupt, but none woken by others (VEE "
            "2021)"),
      truth("kicked", &T::kicked,
            "who kicks a paravirtual lock's next owner yields to it; since Linux 5.4"),
  };
  return section;
}

}  // namespace scenarios
