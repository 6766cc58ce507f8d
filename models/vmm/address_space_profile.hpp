// How often a guest's kernel goes from one process to another, and what each touches in its turn.
#pragma once

namespace models::vmm {

struct AddressSpaces {
  double switches_per_kilo_instruction = 0.0;  // writes of CR3
  double spaces = 2.0;                         // that take turns
  // Share of switches that go back to the space before the last; the others go to any.
  double returns = 1.0;
  double user_pages = 0.0;    // a space's own, touched in one turn
  double kernel_pages = 0.0;  // those of all spaces, touched in one turn
};

}  // namespace models::vmm
