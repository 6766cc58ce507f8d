// RAID 0, 1 and 10 and linear: data that lies on members as it is, once or several times.
//
// A request is cut where its data goes to other members, and what lies together on a member is one
// request to it. Writes go to all copies; a read chooses one:
//   RAID 1   while the copies are being brought into step the first; the one that read up to here
//            (rotational); where disks are not rotational or one is idle, the fewest requests under
//            way; else the nearest head
//   RAID 10  near: an idle one, else the nearest head; far, offset: the lowest address, so that
//            sequential reads stay on the outer tracks. Not rotational: fewest requests under way
//
// Source  semantics.md 7 (raid1.c read_balance, raid10.c read_balance); fewest requests in
//         RAID 10: since 5.5 (recall).
// Checked tests/models/storage/raid/copies_test.cpp.
#pragma once

#include <vector>

#include "models/storage/raid/md.hpp"

namespace models::storage::raid {

class Copies : public Md {
 public:
  using Md::Md;

 private:
  sim::Task<> read(Request request) override;
  sim::Task<> write(Request request) override;
  sim::Task<> restore(int target, sim::Bytes offset, sim::Bytes size) override;

  // Of a rebuild: read once, written to all that lack it.
  struct Transfer {
    Piece from;
    std::vector<Piece> to;
    bool extend(const Transfer& next);  // when it goes on where this ends
  };
  Transfer transfer(int target, int self, sim::Bytes offset, const Span& span,
                    sim::Bytes size) const;
  sim::Task<> copy(Transfer transfer);

  int choose(const Span& span, sim::Bytes size) const;
  int choose_raid1(const Span& span, sim::Bytes size) const;
  int choose_raid10(const Span& span, sim::Bytes size) const;
  static void add(std::vector<Piece>& pieces, Place place, sim::Bytes size);
};

}  // namespace models::storage::raid
