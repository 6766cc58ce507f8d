// Which pages a workload writes, for the log of dirty pages.
#pragma once

#include "sim/units.hpp"

namespace models::memory {

enum class WriteOrder { scattered, sequential };

// Without figures here pages are written as the content profile says, class by class.
struct WriteProfile {
  double pages_per_kilo_instruction = 0.0;  // visits of another page than the last
  double share = 1.0;                       // of them that write
  sim::Bytes span{};                        // of the VM's memory that they fall in; 0: all of it
  WriteOrder order = WriteOrder::scattered;

  bool any() const { return pages_per_kilo_instruction > 0 && share > 0; }
};

}  // namespace models::memory
