// A qcow2 image as QEMU's driver serves it: exactly the reads, writes, range zeroings and flushes
// on the file below that the guest's requests cause.
//
// Models  look-ups through the L2 cache, allocation of clusters on first writes, copy on write of
//         head and tail (from the backing image, or of a cluster that a snapshot shares), merged
//         into one write with the data; with extended entries both only to the ends of the
//         subclusters that the data touches, and other subclusters filled in place later; zeroing
//         of a new cluster's rest by one fallocate since 4.1; metadata written back on eviction and
//         on flushes in QEMU's order (metadata.hpp); requests that wait for a cluster another one
//         is allocating; the driver's lock, which serialises metadata work while data is under way
//         beside it; up to eight pieces of a request at once.
// Omits   compression, encryption, discards, external data files, the bytes themselves.
// Source  semantics.md 6.2 (block/qcow2.c, qcow2-cluster.c calculate_l2_meta).
// Checked tests/models/storage/image/qcow2_test.cpp, subclusters_test.cpp, qcow2_counts_test.cpp
//         against counts of qemu-io (validation/data/qemu-qcow2-io.toml, qemu-qcow2-io-own.toml).
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "models/storage/image/file_node.hpp"
#include "models/storage/image/image.hpp"
#include "models/storage/image/metadata.hpp"
#include "sim/server.hpp"

namespace models::storage::image {

class Qcow2 : public Image {
 public:
  // `backing`: what unallocated clusters are read from.
  Qcow2(BlockDevice& file, const Description& description, Image* backing = nullptr);
  Qcow2(const Qcow2&) = delete;
  Qcow2& operator=(const Qcow2&) = delete;

  sim::Engine& engine() override { return file_.engine(); }
  sim::Bytes capacity() const override { return description_.size; }
  sim::Task<> serve(Request request) override;
  sim::Task<> open() override;
  sim::Task<> close() override;
  sim::Task<bool> reads_as_zeroes(sim::Bytes offset, sim::Bytes size) override;
  const Stats& stats() const override { return file_.stats(); }
  // An internal snapshot, now.
  sim::Task<> snapshot();

  // What the file must hold at most: all clusters and tables of the disk, every one copied once for
  // each of `snapshots`.
  static sim::Bytes largest_file(const Description& description, int snapshots = 0);

 private:
  // The driver's lock, held. Look-ups that need no I/O pass by when nobody holds or awaits it.
  struct Turn {
    explicit Turn(Qcow2& owner, sim::Server::Held lock) : image{&owner}, held{std::move(lock)} {}
    Turn(Turn&& other) noexcept
        : image{std::exchange(other.image, nullptr)}, held{std::move(other.held)} {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (image != nullptr) --image->turns_;
    }
    Qcow2* image;
    sim::Server::Held held;
  };
  sim::Server::Holding turn() {
    ++turns_;
    return lock_.hold();
  }

  // A range that is alike: in one place of the file, zero, or not allocated.
  struct Extent {
    std::int64_t host = -1;  // byte of the file
    std::int64_t bytes = 0;
    bool zero = false;
  };
  // New clusters for a write; entries are linked when the data is there.
  struct Allocation {
    std::int64_t guest;  // first cluster
    std::int64_t host;   // cluster of the file
    std::int64_t count;
    std::int64_t skip;  // bytes at the beginning that are left alone
    std::int64_t head;  // bytes in front of the data, copied
    std::int64_t data;
    std::int64_t tail;
    bool copied_before = false;  // no copying left to do: zeroed or merged with the data
    std::int64_t filled() const { return head + data + tail; }
  };
  struct Piece {
    std::int64_t host = -1;  // byte of the file
    std::int64_t bytes = 0;
    std::vector<Allocation> allocations;
  };
  struct Workers;

  Extent subcluster(std::int64_t number) const;
  Extent extent(std::int64_t offset, std::int64_t bytes) const;
  bool known_now(std::int64_t offset) {
    return turns_ == 0 && metadata_.in_memory(offset / geometry_.cluster);
  }
  sim::Task<Extent> find(std::int64_t offset, std::int64_t bytes);

  sim::Task<> read(std::int64_t offset, std::int64_t bytes, Origin from);
  sim::Task<> read_pieces(std::int64_t offset, std::int64_t bytes, Origin from);
  sim::Task<> read_extent(Extent extent, std::int64_t offset, Origin from);

  sim::Task<> write(Request request);
  sim::Task<> write_pieces(Request request);
  sim::Task<> write_piece(std::int64_t offset, Piece piece, Origin from);
  sim::Task<Piece> place(std::int64_t offset, std::int64_t bytes);
  sim::Task<bool> place_in_new(std::int64_t start, std::int64_t bytes, std::int64_t expected,
                               Piece& piece);
  std::int64_t place_in_own(std::int64_t start, std::int64_t bytes, Piece& piece);
  std::int64_t copied_from(std::int64_t guest, std::int64_t inside) const;
  std::int64_t copied_to(std::int64_t guest, std::int64_t end) const;
  sim::Task<> zero_new_clusters(std::vector<Allocation>& allocations);
  sim::Task<> copy_around(Allocation allocation, bool with_data, Origin from);
  sim::Task<> finish(std::vector<Allocation> allocations, Origin from);

  sim::Task<> write_zeroes(Request request);
  sim::Task<> flush(Origin from);

  std::int64_t undisturbed(std::int64_t start, std::int64_t bytes) const;
  sim::Task<> read_worker(Workers& workers, Extent extent, std::int64_t offset, Origin from);
  sim::Task<> write_worker(Workers& workers, std::int64_t offset, Piece piece, Origin from);

  Description description_;
  Geometry geometry_;
  FileNode file_;
  Image* backing_;
  Metadata metadata_;
  sim::Server lock_;
  int turns_ = 0;    // hold or await the lock
  struct InFlight {  // bytes that an allocation fills
    std::int64_t begin;
    std::int64_t end;
    bool in_place;  // in a cluster that is there: other subclusters are nobody's
  };
  std::vector<InFlight> in_flight_;
  sim::Signal allocated_;
  bool flushing_ = false;
  sim::Signal flushed_;
  bool counted_ = false;  // block status has looked whether the image is sparse
};

}  // namespace models::storage::image
